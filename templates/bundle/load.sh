#!/bin/sh
# Brings this bundle onto a machine without internet: sh load.sh [FOLDER]
# A relative FOLDER starts where you are; the default is ./glitchtip. Nothing is written into the bundle itself.
# Checks every file first, loads the images, and puts the project's files into FOLDER. The first up makes the secrets.
# What is in FOLDER already stays as it is.
set -eu
umask 022
case ${1:-} in
  '') to=$(pwd)/glitchtip; echo "no folder is given: the files go into $to" ;;
  /*) to=$1 ;;
  *) to=$(pwd)/$1 ;;
esac
cd -- "$(dirname -- "$0")"
sha256sum --check --quiet SHA256SUMS || { echo "load.sh: the bundle is damaged; nothing was done" >&2; exit 1; }
mkdir -p -- "$to" && [ -w "$to" ] || { echo "load.sh: $to cannot be written; nothing was done" >&2; exit 1; }
docker load --input images.tar
# Only files with a checksum.
sed -n 's#^[0-9a-f]\{64\}  project/##p' SHA256SUMS | while IFS= read -r path; do
  case /$path/ in */../*) echo "load.sh: $path leaves the folder" >&2; exit 1 ;; esac
  mkdir -p "$to/$(dirname "$path")"
  if [ -e "$to/$path" ]; then echo "kept    $path"; else cp "project/$path" "$to/$path" && chmod 0644 "$to/$path" && echo "wrote   $path"; fi
done
if [ -e "$to/.env" ]; then echo "kept    .env"; else cp "$to/env.example" "$to/.env" && echo "wrote   .env"; fi
echo "next: cd $to && docker compose up -d --wait"
