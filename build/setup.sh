#!/bin/sh
# Installs what the make targets need and is missing; takes a fraction of a second when nothing is.
#
#   build/setup.sh                    everything
#   build/setup.sh PART...            only these parts:
#     go          nothing: Go itself has to be there beforehand, which is looked at in each case
#     go-window   Debian packages to compile the window (GTK, WebKitGTK)
#     headless    Debian packages to run and drive the window without a screen
#     network     the private network of backend/devnet, and the browser that signs in there
#     frontend    the npm packages of the front end
#     screenshots the browser that pictures the front end, and the same npm packages
#     package     Debian packages to sign and to verify what we ship
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

work=$(mktemp -d) || die "no temporary folder can be made in ${TMPDIR:-/tmp}; make room there, or name another folder in TMPDIR"
trap 'rm -rf "$work"' EXIT
printf '%4096s' '' 2>/dev/null >"$work/room" || die "the disk of ${TMPDIR:-/tmp} is full; make room there, or name another folder in TMPDIR"
trap 'exit 130' HUP INT TERM

packages=
npm_dirs=
[ $# -gt 0 ] || set -- go-window headless network frontend
for part in "$@"; do
	case $part in
	go) ;;
	go-window) packages="$packages gcc libc6-dev pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev" ;;
	headless) packages="$packages xvfb dbus at-spi2-core gir1.2-atspi-2.0 gir1.2-gtk-3.0 python3 python3-gi xdotool x11-utils gnome-keyring
		libglib2.0-bin imagemagick fonts-dejavu-core xdg-utils desktop-file-utils chromium" ;;
	network)
		packages="$packages chromium fonts-dejavu-core"
		npm_dirs="$npm_dirs backend/devnet/node"
		;;
	frontend) npm_dirs="$npm_dirs frontend" ;;
	screenshots)
		packages="$packages chromium fonts-dejavu-core"
		npm_dirs="$npm_dirs frontend"
		;;
	package) packages="$packages gnupg gpgv apt-utils rpm minisign lintian desktop-file-utils appstream dpkg-dev libarchive-tools diffutils
		nsis osslsigncode openssl binutils wine64 p7zip-full softhsm2 libengine-pkcs11-openssl" ;;
	*) die "unknown part '$part'. The parts are: go go-window headless network frontend screenshots package" ;;
	esac
done

# at_least FLOOR VERSION compares numbers with dots between them.
at_least() {
	printf '%s %s\n' "$1" "$2" | awk '{
		split($1, floor, "."); split($2, version, ".")
		for (i = 1; i <= 3; i++) if (version[i] + 0 != floor[i] + 0) exit version[i] + 0 < floor[i] + 0
	}'
}

# What has to be there beforehand is looked at before anything is installed.
check_go() {
	floor=$(sed -n 's/^go //p' "$root/go.mod")
	install="install Go ${floor%.0} or newer from https://go.dev/dl/"
	command -v go >/dev/null || die "Go is missing; $install"
	# In this folder a Go that is older fetches the one that go.mod asks for, where it can and may.
	version=$( (cd "$root" && go env GOVERSION) 2>"$work/go.log") ||
		version=$(cd / && GOTOOLCHAIN=local go env GOVERSION 2>>"$work/go.log") || die "Go does not start ($(tail -n 1 "$work/go.log")); $install"
	number=$(printf '%s\n' "$version" | sed -n 's/^.*go\([0-9][0-9.]*\).*$/\1/p')
	at_least "$floor" "$number" || die "Go $number is too old; $install"
}

check_node() {
	floor=$(sed -n 's/^ *"node": ">=\(.*\)"$/\1/p' "$root/frontend/package.json")
	install="install Node.js $floor or newer, with npm, from https://nodejs.org/"
	for program in node npm; do
		command -v "$program" >/dev/null || die "$program is missing; $install"
	done
	version=$(node --version 2>"$work/node.log") || die "Node.js does not start ($(tail -n 1 "$work/node.log")); $install"
	at_least "$floor" "${version#v}" || die "Node.js ${version#v} is too old; $install"
}

# quietly NAME COMMAND... keeps the command's output in a file, in the language in which failed looks for reasons.
quietly() {
	log=$work/$1.log
	shift
	(export LC_ALL=C && "$@") >"$log" 2>&1 </dev/null
}

# failed WHAT LOG... says why something failed and what to do: in a sentence, where the reason is a usual one.
failed() {
	what=$1
	shift
	reason=$(grep -h -m 1 -E 'No space left on device|ENOSPC|enough free space|Disk quota exceeded' "$@" /dev/null) &&
		die "$what, because the disk is full; make room and start again ($reason)"
	reason=$(grep -h -m 1 -E 'Could not (resolve|connect)|Unable to connect|Temporary failure resolving|Connection timed out|Network is unreachable|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH' "$@" /dev/null) &&
		die "$what, because the network does not answer; look at your connection and your proxy, and start again ($reason)"
	cat "$@" >&2
	die "$what; what it said is above"
}

# Sets missing: those of the packages that are not installed.
look_for_packages() {
	missing=
	[ $# -gt 0 ] || return 0
	if ! command -v dpkg-query >/dev/null; then
		say "this is not a Debian system; make sure that you have the counterparts of: $*"
		return 0
	fi
	# A package that dpkg has never heard of makes dpkg-query fail, but it still lists the others.
	# shellcheck disable=SC2016 # the dollar belongs to dpkg-query
	{ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } >"$work/known"
	for package in "$@"; do
		grep -qx "$package installed" "$work/known" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0

	[ "$(id -u)" -ne 0 ] || return 0
	ask="ask an administrator to run: apt-get install --no-install-recommends$missing"
	command -v sudo >/dev/null || die "Debian packages are missing, and there is no sudo to install them; $ask"
	# Here, where a person sees the question for their password.
	sudo true || die "Debian packages are missing, and sudo lets you install none; $ask"
}

# shellcheck disable=SC2317 # quietly runs it
as_root() {
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# shellcheck disable=SC2317 # quietly runs it
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"; }

install_packages() {
	say "installing Debian packages:$missing"
	# What an interrupted installation left behind, a full disk's for example, would stop the next one.
	quietly dpkg as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
	quietly apt-update apt update || say "apt-get update failed; trying with the package lists at hand"
	# shellcheck disable=SC2086 # a list of words
	quietly apt-install apt --fix-broken --no-install-recommends install $missing ||
		failed "apt-get could not install$missing" "$work/apt-install.log" "$work/apt-update.log"
}

npm_packages() {
	dir=$root/$1
	[ -f "$dir/package-lock.json" ] || die "$1/package-lock.json is missing; is this checkout complete?"
	stamp=$dir/node_modules/.setup-stamp
	wanted=$(cat "$dir/package.json" "$dir/package-lock.json" | cksum)
	! up_to_date || return 0
	# Two make targets may come here at once, and npm ci starts by deleting node_modules. A Mac has no flock.
	exec 9<"$dir"
	! command -v flock >/dev/null || flock 9
	! up_to_date || return 0
	say "installing the npm packages of $1"
	# The stamp goes first and comes last, so packages that are there in part are never taken for all of them.
	# Install scripts stay off: none of these packages needs one, and they run code from the registry.
	name=npm-$(echo "$1" | tr / -)
	rm -f "$stamp" || die "$stamp can't be replaced; make $dir yours, or remove it"
	(cd "$dir" && quietly "$name" npm ci --ignore-scripts --no-audit --no-fund) || failed "npm ci failed in $1" "$work/$name.log"
	# Of a file that it can't write npm only warns, and ends well.
	! grep -q TAR_ENTRY_ERROR "$work/$name.log" || failed "npm ci failed in $1" "$work/$name.log"
	{ printf '%s\n' "$wanted" >"$stamp.new" && mv "$stamp.new" "$stamp"; } 2>/dev/null || die "$stamp can't be written; if the disk is full, make room, and start again"
}

up_to_date() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; }

check_go
[ -z "$npm_dirs" ] || check_node
# shellcheck disable=SC2046,SC2086 # lists of words
look_for_packages $(printf '%s\n' $packages | sort -u)

# apt and npm wait for different things, so they run side by side; each job is a subshell of its own.
jobs=
if [ -n "$missing" ]; then
	install_packages &
	jobs="$jobs $!"
fi
# shellcheck disable=SC2086 # a list of words
for npm_dir in $(printf '%s\n' $npm_dirs | sort -u); do
	(npm_packages "$npm_dir") &
	jobs="$jobs $!"
done
# A stopped dpkg leaves its packages half configured, so Ctrl-C lets it end first.
trap 'say "stopping as soon as what is being installed has ended"; wait; exit 130' HUP INT TERM
status=0
for job in $jobs; do
	wait "$job" || status=1
done
exit "$status"
