#!/bin/sh
# 5.2 only: migrates by itself, listens on 8000 whatever PORT says, and stays in front of the server, so that a stop
# takes the whole grace period (PID 1 without a handler ignores TERM).
set -eu
/code/bin/run-migrate.sh
PORT=8000 node /code/stand-in.mjs all-in-one "$@"
