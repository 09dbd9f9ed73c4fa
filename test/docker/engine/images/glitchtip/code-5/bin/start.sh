#!/bin/sh
case ${SERVER_ROLE:-web} in
  web) exec /code/bin/run-web.sh "$@" ;;
  worker) exec /code/bin/run-celery.sh "$@" ;;
  beat) exec /code/bin/run-beat.sh ;;
  worker_with_beat) exec /code/bin/run-celery-with-beat.sh "$@" ;;
  *)
    echo "Unknown SERVER_ROLE: $SERVER_ROLE" >&2
    exit 1
    ;;
esac
