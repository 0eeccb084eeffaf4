#!/bin/sh
# Two MCP servers of one pod behind one sidecar, in a network namespace of their own, asked from a second one.
# Usage: several-in-namespaces.sh NODE PROGRAM FOLDER redirect|takeover PROBE PATH
# PROBE: what the sidecar is to ask the app of port 3002, at PATH of its admin port.
set -eu
node=$1 program=$2 folder=$3 capture=$4 probe=$5 path=$6
. "$(dirname "$0")/pod-and-peer.sh"
admin=http://10.9.9.1:15179
serve() { background "$node" -e '
  const [name, host, port] = process.argv.slice(1);
  require("node:http").createServer((request, response) => response.end(`${name} ${request.headers.host}`)).listen(port, host);
' "$@"; }
all() { for host in 10.9.9.1 '[fd99::1]'; do for port in 3001 3002; do echo "GET $(ask "http://$host:$port/mcp")"; done; done; }

printf 'mcp-sluice.dev/inject: "true"\n' > "$folder/annotations.yaml"
host=127.0.0.1
if [ "$capture" = redirect ]; then
  host=0.0.0.0
  for time in once twice; do "$node" "$program" capture --port=3001 --to=15001 --port=3002 --to=15002; done
  echo "RULES $(nft list ruleset | grep -c redirect)"
else
  serve thief 10.9.9.1 3002
  thief=$!
  until ask http://10.9.9.1:3002/ | grep -q '^200'; do sleep 0.1; done
fi
background "$node" "$program" sidecar --in-pod --capture="$capture" --port=3001 --port=3002 --pod-ips=10.9.9.1,fd99::1 \
  --annotations="$folder/annotations.yaml" --owner=a/Deployment/b --state-dir="$folder" --app-probe="$probe" > "$folder/log" 2>&1
serve first "$host" 3001
if [ "$capture" = takeover ]; then
  serve second "$host" 3002
  second=$!
  until ask $admin/readyz | grep -q '"upstream:3001":"ok","upstream:3002":"ok"'; do sleep 0.1; done
  echo "READY $(ask $admin/readyz | grep -o '^503\|"ports":"[^"]*"' | tr '\n' ' ')"
  echo "BYPASS $(ask $admin/metrics | grep '^mcp_sluice_capture_bypass.* 1$')"
  all
  kill "$thief"
else
  until ask $admin/readyz | grep -q '"upstream:3001":"ok"'; do sleep 0.1; done
  echo "READY $(ask $admin/readyz | grep -o '^503\|"upstream:3002":"[^"]*"' | tr '\n' ' ')"
  echo "PROBE $(ask "$admin$path" | cut -d' ' -f1)"
  serve second "$host" 3002
  second=$!
fi
until ask $admin/readyz | grep -q '^200'; do sleep 0.1; done
echo "PROBE $(ask "$admin$path" | cut -d' ' -f1)"
all
kill "$second"
until ask $admin/readyz | grep -q '^503'; do sleep 0.1; done
echo "PROBE $(ask "$admin$path" | cut -d' ' -f1)"
echo "GET $(ask http://10.9.9.1:3001/mcp)"
echo "GET $(ask http://10.9.9.1:3002/mcp | cut -d' ' -f1)"
