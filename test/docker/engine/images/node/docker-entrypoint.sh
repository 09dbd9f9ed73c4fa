#!/bin/sh
# Stand-in for the official entrypoint: an option, an unknown command or a plain script goes to node.
set -e
if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null || { [ -f "$1" ] && [ ! -x "$1" ]; }; then
  set -- node "$@"
fi
exec "$@"
