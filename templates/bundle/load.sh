#!/bin/sh
# Brings this bundle onto a machine without internet: ./load.sh [FOLDER]
# Checks every file first, loads the images, puts the project's files into FOLDER and makes the secrets that are missing.
# What is in FOLDER already stays as it is.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
to=${1:-./glitchtip}
cd "$here"
sha256sum --check --quiet SHA256SUMS || { echo "load.sh: the bundle is damaged; nothing was done" >&2; exit 1; }
docker load --input images.tar
mkdir -p "$to"
(cd project && find . -type f | sed 's#^\./##') | while IFS= read -r path; do
  mkdir -p "$to/$(dirname "$path")"
  if [ -e "$to/$path" ]; then echo "kept    $path"; else cp "project/$path" "$to/$path" && chmod 0644 "$to/$path" && echo "wrote   $path"; fi
done
if [ -e "$to/.env" ]; then echo "kept    .env"; else cp "$to/env.example" "$to/.env" && echo "wrote   .env"; fi
secrets=$to/.glitchtip/secrets
(umask 077 && mkdir -p "$secrets")
for one in admin_password:18 db_password:24 secret_key:48; do
  file=$secrets/${one%:*}
  if [ -e "$file" ]; then continue; fi
  head -c "${one#*:}" /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_' >"$file.new"
  chmod 0444 "$file.new"
  mv "$file.new" "$file"
  echo "made    .glitchtip/secrets/${one%:*}"
done
echo "next: cd $to && docker compose up -d --wait"
