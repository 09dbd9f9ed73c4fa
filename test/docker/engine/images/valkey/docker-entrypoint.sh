#!/bin/sh
# Stand-in for the official entrypoint, whose server is built with protected mode off.
set -eu
case ${1:-} in
  -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "${1:-}" = valkey-server ]; then
  if [ "$(id -u)" = 0 ]; then
    find . \! -user valkey -exec chown valkey '{}' +
    exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
  fi
  case "$*" in
    *protected-mode*) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
  # shellcheck disable=SC2086 # words of a command line
  set -- "$@" ${VALKEY_EXTRA_FLAGS:-}
fi
exec "$@"
