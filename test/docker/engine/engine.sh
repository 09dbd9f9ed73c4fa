#!/usr/bin/env bash
# The Docker engine of the tests: the machine's engine if one answers, else one that is unpacked and started here. See README.md.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../../.." && pwd)
work=${GLITCHTIP_COMPOSE_ENGINE_DIR:-$repo/.engine}
# Two daemons in one network namespace break each other's bridge, so all checkouts of a machine share one engine and one lock.
machine_link=/run/glitchtip-compose-engine
machine_lock=/run/glitchtip-compose-engine.lock

say() { printf 'engine: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# step LABEL COMMAND…: prints the label and the duration; prints the output only if the command fails.
step() {
  local label=$1 started=$EPOCHREALTIME output status=0
  shift
  output=$(mktemp)
  say "$label …"
  # Runs in the background, because errexit is ignored inside a command whose status is tested.
  "$@" >"$output" 2>&1 &
  wait "$!" || status=$?
  if [ "$status" != 0 ]; then
    tail -n 40 "$output" >&2
    rm -f "$output"
    fail "$label: failed with exit code $status"
  fi
  rm -f "$output"
  say "$label: $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $started }") s"
}

# Prints the docker program of an engine folder if it was unpacked, else the machine's.
docker_of() {
  if [ -x "$1/bin/docker" ]; then echo "$1/bin/docker"; else command -v docker; fi
}

# running_work: prints the folder of the engine that this script started on this machine, if it answers.
running_work() {
  local folder cli
  for folder in "$work" "$(readlink "$machine_link" || true)"; do
    if [ ! -S "$folder/docker.sock" ] || ! cli=$(docker_of "$folder"); then continue; fi
    if timeout 10 "$cli" -H "unix://$folder/docker.sock" version >/dev/null 2>&1; then
      echo "$folder"
      return
    fi
  done
  return 1
}

foreign_engine_answers() { command -v docker >/dev/null && timeout 20 docker version >/dev/null 2>&1; }

foreign_host() {
  if [ -n "${DOCKER_HOST:-}" ]; then echo "$DOCKER_HOST"; else docker context inspect --format '{{.Endpoints.docker.Host}}'; fi
}

# select_engine: sets `owner` (ours, foreign), and for ours the variables that reach it.
select_engine() {
  local folder
  if folder=$(running_work); then
    owner=ours engine_work=$folder
    export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_CONFIG="$folder/docker-config" PATH="$folder/bin:$PATH"
    unset DOCKER_CONTEXT
  elif foreign_engine_answers; then
    owner=foreign engine_work=''
  else
    return 1
  fi
}

lock_machine() {
  exec 9>>"$machine_lock"
  flock 9
}

print_env() {
  select_engine || fail 'no engine answers: run "engine.sh up" first'
  if [ "$owner" = ours ]; then
    # shellcheck disable=SC2016 # PATH is the caller's
    printf 'export DOCKER_HOST=%q DOCKER_CONFIG=%q PATH=%q:"$PATH"\n' "$DOCKER_HOST" "$DOCKER_CONFIG" "$engine_work/bin"
  else
    printf 'export DOCKER_HOST=%q\n' "$(foreign_host)"
  fi
}

status() {
  select_engine || fail 'no engine answers'
  local version host
  version=$(docker version --format '{{.Server.Version}}')
  host=$(if [ "$owner" = ours ]; then echo "$DOCKER_HOST"; else foreign_host; fi)
  printf 'engine %s (%s) at %s, Compose %s\n' "$version" "$owner" "$host" "$(docker compose version --short 2>/dev/null || echo missing)"
  docker image ls --filter "label=$stand_in_label" --format '{{.Repository}}:{{.Tag}}  stand-in, {{.Size}}' | sort
}

usage() {
  cat >&2 <<'TEXT'
Usage: engine.sh up                 start an engine, or find the one that answers
       engine.sh images [--force]   build the stand-in images (--force: also on an engine that we did not start)
       engine.sh compose5           build Compose 5, and print the exports that use it in place of the machine's
       engine.sh env                print the exports for: eval "$(engine.sh env)"
       engine.sh status             which engine, which stand-ins
       engine.sh down [--purge]     stop our engine; --purge also removes its images and the packages kept
TEXT
  exit 2
}

# shellcheck source=debian.sh
. "$here/debian.sh"
# shellcheck source=images.sh
. "$here/images.sh"
# shellcheck source=compose5.sh
. "$here/compose5.sh"

case "$# ${1:-} ${2:-}" in
  '1 up ') up ;;
  '1 images ' | '2 images --force') build_images "${2:-}" ;;
  '1 compose5 ') compose5 ;;
  '1 env ') print_env ;;
  '1 status ') status ;;
  '1 down ' | '2 down --purge') down "${2:-}" ;;
  *) usage ;;
esac
