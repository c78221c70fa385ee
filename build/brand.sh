#!/bin/sh
# Checks the brand in a folder and writes the file with which go builds it in place of our own; prints ok and the file, or what
# is wrong. The file is another one for each folder, since more than one make may run. The Makefile asks this before anything else:
#
#   build/brand.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
out=build/bin/brand-$(printf %s "$1" | cksum | cut -d' ' -f1)
if said=$({ build/setup.sh go && mkdir -p "$out" && go run ./build/package overlay -brand "$1" "$out"; } 2>&1); then
	echo "ok $out/overlay.json"
else
	printf '%s\n' "${said%exit status 1}"
fi
