#!/bin/sh
# Runs the tests of some packages as "make test" runs them:
#
#   build/test.sh 'PACKAGE...' [TEST]
#
# A package is named by its folder, by its import path, or by a file of it; those of the front end by frontend or by a file
# in it. TEST is a regular expression, as go test and vitest take it for the names of tests.
set -eu
cd "$(dirname "$0")/.."

die() { printf 'test: %s\n' "$*" >&2; exit 2; }

module=$(go list -m)
packages=
files=
page=
set -f
for name in ${1-}; do
	name=${name#"$PWD"/}
	name=${name#"$module"/}
	name=${name#./}
	name=${name%/}
	[ "$name" != "$module" ] || name=.
	[ -e "${name%/...}" ] || [ "$name" = ... ] || die "there is no package '$name'. Name its folder, such as ./backend/oauth"
	case $name in
	frontend) page=yes ;;
	frontend/*)
		page=yes
		files="$files ${name#frontend/}"
		;;
	*.go) packages="$packages ./$(dirname "$name")" ;;
	*) packages="$packages ./$name" ;;
	esac
done
[ -n "$packages$page" ] || die "no package is named. Name its folder, such as ./backend/oauth"

status=0
if [ -n "$packages" ]; then
	go build -o build/bin/testreport ./backend/internal/testreport
	# Dash has no pipefail: what go test ends with is passed on in a file.
	ended=$(mktemp)
	trap 'rm -f "$ended"' EXIT
	# shellcheck disable=SC2086 # a list of words
	{ go test -race -gcflags=golang.org/x/crypto/scrypt=-race=false -tags devnet -count=1 -timeout 20m -json ${2:+-run "$2"} $packages || echo "$?" >"$ended"; } | build/bin/testreport || status=1
	[ ! -s "$ended" ] || status=1
fi
if [ -n "$page" ]; then
	# shellcheck disable=SC2086 # a list of words
	npm --prefix frontend test -- ${2:+-t "$2"} $files || status=1
fi
exit "$status"
