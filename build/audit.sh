#!/bin/sh
# Asks what is known to be vulnerable of what we build with and ship: the Go vulnerability database and that of npm. Both
# are on the network, so this is a step of a release and no part of "make test".
#
# Exit status: 0 nothing is known; 1 something is; 2 a database could not be asked, which is no good news.
set -u

cd "$(dirname "$0")/.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
status=0

say() { printf 'audit: %s\n' "$*" >&2; }

unreachable() {
	say "the database of $1 could not be asked, so nothing is known of those parts; try again where it can be reached:"
	tail -n 3 "$work/log" >&2
	[ "$status" -eq 1 ] || status=2
}

found() {
	cat "$work/answer"
	say "something is known of the parts from $1; update them, or say in the release why it does not matter"
	status=1
}

# It ends with 3 when it found something.
go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./... >"$work/answer" 2>"$work/log"
if [ $? -eq 0 ]; then
	say "Go: nothing is known"
elif grep -q '^Vulnerability #' "$work/answer"; then
	found "Go"
else
	unreachable "Go"
fi

for folder in frontend backend/devnet/node; do
	(cd "$folder" && npm audit) >"$work/answer" 2>"$work/log"
	if [ $? -eq 0 ]; then
		say "npm, $folder: nothing is known"
	elif grep -q 'Severity: ' "$work/answer"; then
		found "npm, $folder"
	else
		unreachable "npm"
	fi
done
exit "$status"
