package keychain

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	latchkey "latchkey/backend"
)

// What the bus and the Secret Service answer, by name.
// hostile: 49
func TestAnswersOfTheBus(t *testing.T) { // not parallel: it sets the environment
	t.Setenv(busVariable, "unix:abstract=nowhere")
	syscallError := func(op string, number syscall.Errno) error {
		return &net.OpError{Op: op, Net: "unix", Err: os.NewSyscallError("connect", number)}
	}
	const names, secret = "org.freedesktop.DBus.Error.", "org.freedesktop.Secret.Error."
	for _, tt := range []struct {
		err  error
		want latchkey.Code
		none bool
	}{
		{syscallError("dial", syscall.ENOENT), latchkey.KeychainUnavailable, true},
		{syscallError("dial", syscall.ECONNREFUSED), latchkey.KeychainUnavailable, true},
		{dbus.Error{Name: names + "ServiceUnknown"}, latchkey.KeychainUnavailable, true},
		{dbus.Error{Name: names + "NameHasNoOwner"}, latchkey.KeychainUnavailable, true},
		{dbus.Error{Name: names + "Spawn.ServiceNotFound"}, latchkey.KeychainUnavailable, true},

		{dbus.Error{Name: names + "Spawn.ChildExited"}, latchkey.KeychainUnavailable, false},
		{dbus.Error{Name: names + "UnknownMethod"}, latchkey.KeychainUnavailable, false},
		{dbus.Error{Name: secret + "NoSuchObject"}, latchkey.KeychainUnavailable, false},
		{syscallError("write", syscall.EPIPE), latchkey.KeychainUnavailable, false},
		{dbus.ErrClosed, latchkey.KeychainUnavailable, false},
		{io.EOF, latchkey.KeychainUnavailable, false},

		{dbus.Error{Name: secret + "IsLocked"}, latchkey.KeychainLocked, false},
		{dbus.Error{Name: names + "NoReply"}, latchkey.KeychainUnanswered, false},
		{dbus.Error{Name: names + "TimedOut"}, latchkey.KeychainUnanswered, false},
		{dbus.Error{Name: names + "AccessDenied"}, latchkey.KeychainDenied, false},
		{dbus.Error{Name: names + "AuthFailed"}, latchkey.KeychainDenied, false},
		{syscallError("dial", syscall.EACCES), latchkey.KeychainDenied, false},
		{errors.New("dbus: authentication failed"), latchkey.KeychainDenied, false},
	} {
		k, f := newKeychain()
		f.failing(tt.err)
		_, err := k.Get(t.Context(), "one")
		for _, err := range []error{err, k.Set(t.Context(), "one", keys), k.Delete(t.Context(), "one")} {
			mustCode(t, err, tt.want)
			if errors.Is(err, errNone) != tt.none {
				t.Errorf("%v: proof that there is none: %v, want %v", err, !tt.none, tt.none)
			}
		}
	}
}
