#!/bin/sh
set -eu
if [ "${SKIP_INIT:-}" != true ]; then /code/bin/run-migrate.sh; fi
exec node /code/stand-in.mjs all-in-one "$@"
