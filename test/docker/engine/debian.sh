# shellcheck shell=bash disable=SC2154 # engine.sh sets the variables
# Installs the engine from Debian's packages into the work folder, once, and starts and stops it there. Part of engine.sh.

suite=forky # Its Compose knows subpath and start_interval; bookworm's silently does not.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
unpacked_packages=(docker.io docker-cli containerd docker-compose docker-buildx tini-static)
installed_packages=(iptables runc mmdebstrap) # runc of the machine's release: a newer one needs a newer libc.

# Prints the first archive that the machine's apt uses, so that its proxy or mirror is used here, too.
debian_mirror() {
  local uri list
  uri=$(
    cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      awk '/^URIs:/ { print $2 } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /:\//) { print $i; break } }' |
      grep -E '/debian/?$|mirrors?/debian\.list$' | head -n 1
  ) || true
  case $uri in
    '') fail 'no Debian archive (…/debian) among the sources of apt' ;;
    mirror+file:*)
      list=${uri#mirror+file:}
      awk '/^[a-z]+:/ { print $1; exit }' "$list"
      ;;
    *) echo "$uri" ;;
  esac
}

require_debian_root() {
  local hint='install Docker with Compose and buildx yourself, and start it: the tests use any engine that "docker info" finds'
  if ! grep -qx 'ID=debian' /etc/os-release 2>/dev/null || [ ! -r "$keyring" ]; then
    fail "no engine answers, and this is not Debian, where one could be started from packages. Please $hint"
  fi
  [ "$(id -u)" = 0 ] || fail "no engine answers, and only root can start one. Please $hint"
  [ "${#work}" -le 80 ] || fail "the path $work is too long for a socket in it: set GLITCHTIP_COMPOSE_ENGINE_DIR"
  mkdir -p "$work"
  [ "$(stat -f -c %T "$work")" != overlayfs ] ||
    say "$work is on an overlay file system, the engine will be slow there: set GLITCHTIP_COMPOSE_ENGINE_DIR to a disk or a tmpfs"
}

install_packages() {
  # A failure is not fatal: another source of the machine may be broken, and the install fails if it matters.
  apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update || true
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
    install -y --no-install-recommends "${installed_packages[@]}"
}

# Keeps the machine's configuration of how to reach the archive, without its hooks: the hook of Debian's container images
# empties the cache while another install runs.
configure_private_apt() {
  mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/debs"
  echo "deb [signed-by=$keyring] $(debian_mirror) $suite main" >"$work/apt/sources.list"
  apt-config dump | grep '^Acquire::' >"$work/apt/apt.conf" || true
  cat >>"$work/apt/apt.conf" <<CONF
Dir::Etc { main "/dev/null"; parts "/dev/null"; sourcelist "$work/apt/sources.list"; sourceparts "/dev/null"; preferences "/dev/null"; preferencesparts "/dev/null"; };
Dir::State "$work/apt/state";
Dir::State::status "/dev/null";
Dir::Cache "$work/apt/cache";
Acquire { Check-Valid-Until "false"; Languages "none"; Retries "3"; };
APT::Sandbox::User "root";
CONF
}

private_apt() { APT_CONFIG="$work/apt/apt.conf" apt-get "$@"; }

unpack_engine() {
  local file
  rm -rf "$work/apt" "$work/tools.new"
  configure_private_apt
  private_apt update
  (cd "$work/apt/debs" && private_apt download "${unpacked_packages[@]}")
  mkdir "$work/tools.new"
  for file in "$work"/apt/debs/*.deb; do dpkg -x "$file" "$work/tools.new"; done
  mkdir -p "$work/bin" "$work/docker-config/cli-plugins"
  ln -sfn ../tools/usr/bin/docker "$work/bin/docker"
  ln -sfn ../../tools/usr/libexec/docker/cli-plugins/docker-compose "$work/docker-config/cli-plugins/docker-compose"
  ln -sfn ../../tools/usr/libexec/docker/cli-plugins/docker-buildx "$work/docker-config/cli-plugins/docker-buildx"
  rm -rf "$work/tools" "$work/apt"
  mv "$work/tools.new" "$work/tools"
}

# Makes the root file system for the stand-in images. It keeps its package lists, so that images need no update.
make_base() {
  local mirror scratch=$work
  mirror=$(debian_mirror)
  if [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -gt 1500000 ]; then scratch=/dev/shm; fi
  TMPDIR=$scratch mmdebstrap --mode=root --variant=minbase --include=ca-certificates --skip=cleanup/apt/lists \
    --keyring="$keyring" --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
    "$suite" "$work/base.new.tar" "$mirror"
  mv "$work/base.new.tar" "$work/base.tar"
}

# Used by `images` on an engine that this folder did not prepare.
prepare_base() {
  require_debian_root
  lock_machine
  packages_present || step "installing ${installed_packages[*]}" install_packages
  step 'making the base file system of the stand-in images' make_base
}

packages_present() {
  local package
  for package in "${installed_packages[@]}"; do command -v "$package" >/dev/null || return 1; done
}

prepare() {
  local unpack_pid='' base_pid=''
  if [ ! -d "$work/tools" ]; then
    step "unpacking the engine from Debian $suite" unpack_engine &
    unpack_pid=$!
  fi
  packages_present || step "installing ${installed_packages[*]}" install_packages
  if [ ! -s "$work/base.tar" ]; then
    step "making the base file system of the stand-in images" make_base &
    base_pid=$!
  fi
  [ -z "$unpack_pid" ] || wait "$unpack_pid"
  start_engine
  [ -z "$base_pid" ] || wait "$base_pid"
}

# A killed process that has not been reaped keeps its name, but has no command line.
is_dockerd() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = dockerd ] && grep -q . "/proc/$1/cmdline" 2>/dev/null; }

# The daemon mounts its data folder on itself.
unmount_inside() {
  local mount
  awk -v inside="$1/" 'index($2, inside) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r mount; do umount "$mount"; done
}

# If a folder was removed while its engine ran, its daemon cannot be reached any more and would share our bridge.
stop_lost_engine() {
  local folder pid
  folder=$(readlink "$machine_link" || true)
  [ -n "$folder" ] || return 0
  for pid in $(cd /proc && echo [0-9]*); do
    if is_dockerd "$pid" && tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF -- "unix://$folder/docker.sock"; then
      step "stopping the engine of $folder (process $pid), which does not answer" stop_pid "$pid"
      unmount_inside "$folder"
    fi
  done
}

stop_pid() {
  local tries=0
  kill "$1" 2>/dev/null || return 0
  while is_dockerd "$1"; do
    tries=$((tries + 1))
    [ "$tries" -le 300 ] || fail "the engine (process $1) does not stop"
    sleep 0.1
  done
}

start_engine() {
  local pid tries=0
  if [ -s "$work/docker.pid" ] && ! is_dockerd "$(cat "$work/docker.pid")"; then rm -f "$work/docker.pid"; fi
  # The default pools hold 31 networks; the stacks of three test files that run side by side need more.
  PATH="$work/tools/usr/sbin:$work/tools/usr/bin:$work/tools/usr/libexec/docker:/usr/sbin:/usr/bin:/sbin:/bin" \
    setsid dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
    --default-address-pool base=172.16.0.0/12,size=24 \
    --host "unix://$work/docker.sock" --group root >"$work/dockerd.log" 2>&1 </dev/null 9>&- &
  pid=$!
  until [ -S "$work/docker.sock" ] && "$work/bin/docker" -H "unix://$work/docker.sock" version >/dev/null 2>&1; do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 300 ]; then
      tail -n 20 "$work/dockerd.log" >&2
      fail "the engine did not start; its log is $work/dockerd.log"
    fi
    sleep 0.1
  done
  ln -sfn "$work" "$machine_link"
}

up() {
  local started=$EPOCHREALTIME
  if ! select_engine; then
    require_debian_root
    lock_machine
    if ! select_engine; then
      stop_lost_engine
      prepare
      select_engine || fail 'the engine stopped right after its start'
    fi
  fi
  say "ready ($owner) after $(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $started }") s"
}

down() {
  local pid
  [ -d "$work" ] || { say "nothing to stop: $work does not exist" && return; }
  lock_machine
  pid=$(cat "$work/docker.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && is_dockerd "$pid"; then
    step "stopping the engine" stop_pid "$pid"
    rm -f "$work/docker.pid" "$work/docker.sock"
  elif running_work >/dev/null; then
    fail "the engine that answers belongs to $(running_work): stop it with GLITCHTIP_COMPOSE_ENGINE_DIR set to that"
  fi
  if [ "$(readlink "$machine_link" || true)" = "$work" ]; then rm -f "$machine_link"; fi
  unmount_inside "$work"
  if [ "${1:-}" = --purge ]; then step "removing $work" rm -rf "$work"; fi
}
