#!/bin/sh
# Names the actions of the workflows by commit: the owner of an action can move a tag, and nobody can move a commit.
#
#   build/pin.sh            all workflows of this repository
#   build/pin.sh FILE...    these
#
# "uses: owner/action@v1.2.3" becomes "uses: owner/action@COMMIT # v1.2.3", with the commit that the forge has for that tag.
# To update an action, write its new tag in place of the commit and run this again. What is pinned already is compared
# with the tag behind it: when they differ, the tag was moved or the pin is wrong, and the script ends with 1.
# FORGE=https://forge.example.com asks another forge than GitHub.
set -eu

forge=${FORGE:-https://github.com}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say() { printf 'pin: %s\n' "$*" >&2; }

# commit REPOSITORY TAG prints the commit of a tag; where the tag is an object of its own, the one that it points to.
commit() {
	git ls-remote "$forge/$1" "refs/tags/$2" "refs/tags/$2^{}" >"$work/refs" ||
		{ say "$forge/$1 can't be asked; check the connection and try again"; return 1; }
	awk '/\^\{\}$/ { to = $1 } { tag = $1 } END { print to ? to : tag }' "$work/refs"
}

[ $# -gt 0 ] || set -- "$(dirname "$0")"/../.github/workflows/*.yml
status=0
for file in "$@"; do
	# One line for each action that is not of this repository: its name, what stands behind the @, and the tag in the comment.
	sed -nE 's/^ *(- )? *uses: *([A-Za-z0-9_-]+\/[^ @]+)@([^ ]+)( +# *([^ ]+))?.*$/\2 \3 \5/p' "$file" | sort -u >"$work/used"
	while read -r action ref tag; do
		repository=$(printf '%s\n' "$action" | cut -d / -f 1,2)
		if printf '%s\n' "$ref" | grep -Eqx '[0-9a-f]{40}'; then
			[ -n "$tag" ] || { say "$file: $action@$ref has no tag behind it; add it as a comment, such as # v1.2.3"; status=1; continue; }
			found=$(commit "$repository" "$tag") || exit 1
			[ "$found" = "$ref" ] || { say "$file: $action is pinned to $ref, and $tag is ${found:-not there}"; status=1; }
			continue
		fi
		found=$(commit "$repository" "$ref") || exit 1
		[ -n "$found" ] || { say "$file: $action has no tag $ref"; status=1; continue; }
		sed -E "s|(uses: *$action)@$ref( +#.*)?\$|\\1@$found # $ref|" "$file" >"$work/pinned"
		cat "$work/pinned" >"$file"
		say "$file: $action $ref is $found"
	done <"$work/used"
done
exit "$status"
