package keychain

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"

	latchkey "latchkey/backend"
)

// systemProof tells whether an error proves that no keychain is there: nobody listens on the bus, or
// nobody on it answers to the name of the Secret Service.
func systemProof(err error) bool {
	var answer dbus.Error
	if errors.As(err, &answer) {
		switch answer.Name {
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
			"org.freedesktop.DBus.Error.Spawn.ServiceNotFound":
			return true
		}
		return false
	}
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" && (errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED))
}

// systemCode gives an error of the Secret Service or the bus its code
// (https://specifications.freedesktop.org/secret-service-spec/latest/errors.html).
func systemCode(err error) latchkey.Code {
	var answer dbus.Error
	if errors.As(err, &answer) {
		switch answer.Name {
		case "org.freedesktop.Secret.Error.IsLocked":
			return latchkey.KeychainLocked
		case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.AuthFailed",
			"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired":
			return latchkey.KeychainDenied
		case "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Timeout", "org.freedesktop.DBus.Error.TimedOut":
			return latchkey.KeychainUnanswered
		}
		return latchkey.KeychainUnavailable
	}
	// A bus lets only its own user in. It says so, or just hangs up (observed with dbus-daemon).
	if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) || strings.Contains(err.Error(), "dbus: authentication failed") || foreignBus() {
		return latchkey.KeychainDenied
	}
	return latchkey.KeychainUnavailable
}

// foreignBus tells whether the socket of the session bus belongs to another user.
func foreignBus() bool {
	_, rest, ok := strings.Cut(os.Getenv("DBUS_SESSION_BUS_ADDRESS"), "unix:path=")
	if end := strings.IndexAny(rest, ",;"); end >= 0 {
		rest = rest[:end]
	}
	path, err := url.PathUnescape(rest)
	if !ok || err != nil {
		return false
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) != int64(os.Geteuid())
}

// collection answers errNone when the Secret Service has no default collection.
func collection() error {
	bus, err := dbus.SessionBus()
	if err != nil {
		return nil //nolint:nilerr // not a proof
	}
	var path dbus.ObjectPath
	err = bus.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&path)
	if err == nil && path == "/" {
		return fmt.Errorf("%w: the Secret Service has no default collection", errNone)
	}
	return nil
}
