#!/bin/sh
# Runs one capture in a network namespace of its own, as a pod has one, and asks
# from a second namespace. Usage: capture-in-namespaces.sh NODE PROGRAM FOLDER redirect|takeover PROBE PATH
# PROBE: what the sidecar is to ask the app, at PATH of its admin port.
set -eu
node=$1 program=$2 folder=$3 capture=$4 probe=$5 path=$6
. "$(dirname "$0")/pod-and-peer.sh"

printf 'mcp-sluice.dev/inject: "true"\n' > "$folder/annotations.yaml"
app='require("node:http").createServer((request, response) => response.end(`app ${request.headers.host}`)).on("error", (error) => { console.log("APP", error.code); process.exit(1); }).listen(3001, process.argv[1])'
if [ "$capture" = redirect ]; then
  "$node" "$program" capture --port=3001 --to=15001
  "$node" "$program" capture --port=3001 --to=15001
  echo "RULES $(nft list ruleset | grep -c redirect)"
fi
background "$node" "$program" sidecar --in-pod --capture="$capture" --port=3001 --pod-ips=10.9.9.1,fd99::1 \
  --annotations="$folder/annotations.yaml" --owner=a/Deployment/b --state-dir="$folder" --app-probe="$probe" > "$folder/log" 2>&1
until ask http://10.9.9.1:15179/startupz | grep -q '^200'; do sleep 0.1; done
echo "PROBE $(ask "http://10.9.9.1:15179$path" | cut -d' ' -f1)"
if [ "$capture" = takeover ]; then
  "$node" -e "$app" 0.0.0.0 || true
  "$node" -e "$app" :: || true
  background "$node" -e "$app" 127.0.0.1
else
  background "$node" -e "$app" 0.0.0.0
fi
until ask http://10.9.9.1:15179/readyz | grep -q '^200'; do sleep 0.1; done
echo "PROBE $(ask "http://10.9.9.1:15179$path" | cut -d' ' -f1)"
for host in 10.9.9.1 '[fd99::1]'; do
  echo "GET $(ask "http://$host:3001/mcp")"
  echo "BATCH $(ask "http://$host:3001/mcp" '[]')"
done
