#!/bin/sh
# Checks the brand in a folder and writes build/bin/overlay.json, with which go builds it in place of our own; prints ok, or
# what is wrong. The Makefile asks it before anything else:
#
#   build/brand.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
if said=$(build/setup.sh go && go run ./build/package overlay -brand "$1" build/bin 2>&1); then
	echo ok
else
	printf '%s\n' "${said%exit status 1}"
fi
