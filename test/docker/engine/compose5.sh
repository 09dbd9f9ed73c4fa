# shellcheck shell=bash disable=SC2154 # engine.sh sets the variables
# Builds Compose 5 from its Go module and prints the exports that put it in place of the machine's. Part of engine.sh.

compose5() {
  local module=$here/compose5 version folder plugin
  select_engine || fail 'no engine answers: run "engine.sh up" first'
  command -v go >/dev/null || fail 'no "go" on PATH: Compose 5 is built from its Go module'
  version=$(awk '$1 == "require" { print $3 } $1 == "github.com/docker/compose/v5" { print $2 }' "$module/go.mod" | head -n 1)
  folder=$work/compose5
  mkdir -p "$folder/cli-plugins"
  step "building Compose $version" go build -C "$module" -o "$folder/cli-plugins/docker-compose" \
    -ldflags "-s -w -X github.com/docker/compose/v5/internal.Version=$version" github.com/docker/compose/v5/cmd
  plugin=$(docker info --format '{{range .ClientInfo.Plugins}}{{if eq .Name "buildx"}}{{.Path}}{{end}}{{end}}')
  if [ -n "$plugin" ]; then ln -sfn "$(readlink -f "$plugin")" "$folder/cli-plugins/docker-buildx"; fi
  print_env | sed "s|DOCKER_CONFIG=[^ ]*||"
  printf 'export DOCKER_CONFIG=%q\n' "$folder"
}
