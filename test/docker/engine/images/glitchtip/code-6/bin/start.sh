#!/bin/sh
case ${SERVER_ROLE:-web} in
  web) exec /code/bin/run-web.sh "$@" ;;
  worker | worker_with_beat) exec /code/bin/run-worker.sh "$@" ;;
  all_in_one) exec /code/bin/run-all-in-one.sh "$@" ;;
  *)
    echo "Unknown SERVER_ROLE: $SERVER_ROLE" >&2
    exit 1
    ;;
esac
