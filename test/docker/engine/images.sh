# shellcheck shell=bash disable=SC2154 # engine.sh sets the variables
# Builds stand-ins for upstream images, under their names, for an engine that reaches no registry. Part of engine.sh.

stand_in_label=glitchtip-compose.stand-in
base_image=glitchtip-compose/base:latest
stand_in_source=${GLITCHTIP_COMPOSE_STAND_IN:-$repo/test/support/stand-in/main.ts}
system_authorities=/etc/ssl/certs/ca-certificates.crt

# Copies the whole build context to one folder, which bake may read without further permissions and one hash covers.
stage_context() {
  local context=$1 npm
  npm=$(npm root -g 2>/dev/null)/npm
  mkdir -p "$context/machine"
  find "$context" -mindepth 1 -maxdepth 1 ! -name machine -exec rm -rf '{}' +
  cp -R "$here/images/." "$context/"
  # Its 2,000 files are copied once per version: this took half of the time of a call with nothing to do.
  if ! cmp -s "$npm/package.json" "$context/machine/npm/package.json"; then
    rm -rf "$context/machine/npm" "$context/machine/npm.new"
    cp -RL "$npm" "$context/machine/npm.new"
    mv "$context/machine/npm.new" "$context/machine/npm"
  fi
  # Behind an intercepting proxy, npm in a container needs the certificate authorities that the machine trusts.
  cat "$system_authorities" >"$context/machine/ca-certificates.crt"
  if [ -f "${NODE_EXTRA_CA_CERTS:-}" ] && [ "$NODE_EXTRA_CA_CERTS" != "$system_authorities" ]; then
    cat "$NODE_EXTRA_CA_CERTS" >>"$context/machine/ca-certificates.crt"
  fi
  "$repo/node_modules/.bin/esbuild" "$stand_in_source" --bundle --platform=node --target=node20 --format=esm --external:pg-native \
    --banner:js='import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' \
    --log-level=warning --outfile="$context/machine/stand-in.mjs"
}

context_hash() { tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | sha256sum | cut -c 1-16; }

images_are_current() {
  local found tags
  mapfile -t tags < <(
    docker buildx bake --file "$here/images/docker-bake.hcl" --print 2>/dev/null |
      node -p 'Object.values(JSON.parse(fs.readFileSync(0)).target).flatMap((target) => target.tags).join("\n")'
  )
  found=$(docker image inspect --format "{{index .Config.Labels \"$stand_in_label\"}}" "${tags[@]}" 2>/dev/null) || return 1
  [ "$(sort -u <<<"$found")" = "$1" ]
}

import_base() { docker import --change 'ENV LANG=C.UTF-8' "$work/base.tar" "$base_image"; }

bake() {
  (cd "$1" && STAND_IN_HASH=$2 docker buildx bake --file docker-bake.hcl --provenance=false)
  # Removes the images that were replaced: they are untagged and have our label.
  docker image prune --force --filter "label=$stand_in_label"
}

build_images() {
  local context hash
  select_engine || fail 'no engine answers: run "engine.sh up" first'
  if [ "$owner" = foreign ] && [ "$1" != --force ]; then
    say 'this engine is not ours and pulls the upstream images; use --force to build the stand-ins over their names'
    return
  fi
  [ -f "$stand_in_source" ] || fail "the stand-in's source $stand_in_source does not exist"
  [ -x "$repo/node_modules/.bin/esbuild" ] || fail 'esbuild is missing: run "npm ci" first'
  mkdir -p "$work"
  exec 8>"${engine_work:-$work}/images.lock"
  flock 8
  context=$work/context
  stage_context "$context"
  hash=$(context_hash "$context")
  if images_are_current "$hash"; then
    say "the stand-in images are current ($hash)"
    return
  fi
  if ! docker image inspect "$base_image" >/dev/null 2>&1; then
    [ -s "$work/base.tar" ] || prepare_base
    step 'importing the base file system' import_base
  fi
  step 'building the stand-in images' bake "$context" "$hash"
}
