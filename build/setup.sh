#!/bin/sh
# Installs what the make targets need and is missing; takes a fraction of a second when nothing is.
#
#   build/setup.sh                    everything
#   build/setup.sh PART...            only these parts:
#     go-window   Debian packages to compile the window (GTK, WebKitGTK)
#     headless    Debian packages to run and drive the window without a screen, and to check its desktop entry
#     network     the private network of backend/devnet, and the browser that signs in there
#     frontend    the npm packages of the front end
#     screenshots the browser that pictures the front end, and the same npm packages
#     package     Debian packages to sign and to verify what we ship
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

packages=
npm_dirs=
[ $# -gt 0 ] || set -- go-window headless network frontend
for part in "$@"; do
	case $part in
	go-window) packages="$packages gcc libc6-dev pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev" ;;
	headless) packages="$packages xvfb dbus at-spi2-core gir1.2-atspi-2.0 gir1.2-gtk-3.0 python3-gi xdotool x11-utils gnome-keyring
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
	*) die "unknown part '$part'. The parts are: go-window headless network frontend screenshots package" ;;
	esac
done

# quietly NAME COMMAND... keeps the command's output to itself unless the command fails.
quietly() {
	log=$work/$1.log
	shift
	"$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; return 1; }
}

debian_packages() {
	[ $# -gt 0 ] || return 0
	if ! command -v dpkg-query >/dev/null; then
		say "this is not a Debian system; make sure that you have the counterparts of: $*"
		return 0
	fi
	# A package that dpkg has never heard of makes dpkg-query fail, but it still lists the others.
	# shellcheck disable=SC2016 # the dollar belongs to dpkg-query
	{ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } >"$work/known"
	missing=
	for package in "$@"; do
		grep -qx "$package installed" "$work/known" || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0

	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "ask an administrator to run: apt-get install --no-install-recommends$missing"
		as_root=sudo
	fi
	say "installing Debian packages:$missing"
	# shellcheck disable=SC2086 # no word when already root
	quietly apt-update $as_root apt-get -q -o DPkg::Lock::Timeout=600 update ||
		say "apt-get update failed; trying with the package lists at hand"
	# shellcheck disable=SC2086 # a list of words
	quietly apt-install $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
		install --no-install-recommends $missing ||
		die "apt-get could not install:$missing"
}

npm_packages() {
	dir=$root/$1
	[ -f "$dir/package-lock.json" ] || die "$1/package-lock.json is missing; is this checkout complete?"
	stamp=$dir/node_modules/.setup-stamp
	wanted=$(cat "$dir/package.json" "$dir/package-lock.json" | cksum)
	! up_to_date || return 0
	command -v npm >/dev/null || die "npm is missing; install Node.js 20.19 or newer"
	# Two make targets may come here at once, and npm ci starts by deleting node_modules. A Mac has no flock.
	exec 9<"$dir"
	! command -v flock >/dev/null || flock 9
	! up_to_date || return 0
	say "installing the npm packages of $1"
	# Install scripts stay off: none of these packages needs one, and they run code from the registry.
	(cd "$dir" && quietly "npm-$(echo "$1" | tr / -)" npm ci --ignore-scripts --no-audit --no-fund) ||
		die "npm ci failed in $1"
	printf '%s\n' "$wanted" >"$stamp"
}

up_to_date() { [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; }

# apt and npm wait for different things, so they run side by side; each job is a subshell of its own.
jobs=
# shellcheck disable=SC2086 # a list of words
(debian_packages $packages) &
jobs="$jobs $!"
for npm_dir in $npm_dirs; do
	(npm_packages "$npm_dir") &
	jobs="$jobs $!"
done
status=0
for job in $jobs; do
	wait "$job" || status=1
done
exit "$status"
