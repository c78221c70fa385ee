package keychain

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/godbus/dbus/v5"

	latchkey "latchkey/backend"
)

// Without a session bus nothing is started and nothing is waited for.
// hostile: 49
func TestReachable(t *testing.T) { // not parallel: it sets the environment
	dir := t.TempDir()
	defer func(before string) { runUser = before }(runUser)
	runUser = filepath.Join(dir, "run")
	none := func(address, runtime string) {
		t.Helper()
		t.Setenv(busVariable, address)
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		if reachable() == nil {
			t.Errorf("reachable with %q and %q", address, runtime)
		}
		_, err := New("app").Get(t.Context(), "one")
		mustCode(t, err, latchkey.KeychainUnavailable)
	}
	found := func(address, runtime, want string) {
		t.Helper()
		t.Setenv(busVariable, address)
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		if err := reachable(); err != nil || os.Getenv(busVariable) != want {
			t.Errorf("with %q and %q: %q, %v", address, runtime, os.Getenv(busVariable), err)
		}
	}
	none("", "")
	none("", dir)
	none("autolaunch:", dir)
	none("disabled:", dir)
	found("unix:path=/nowhere", "", "unix:path=/nowhere")

	runtime := filepath.Join(dir, "runtime %,")
	socket := filepath.Join(runtime, "bus")
	must(t, os.MkdirAll(runtime, 0o700))
	must(t, os.WriteFile(socket, nil, 0o600))
	named := "unix:path=" + dbus.EscapeBusAddressValue(socket)
	found("", runtime, named)
	found("autolaunch:", runtime, named)
	none("disabled:", runtime)

	socket = filepath.Join(runUser, strconv.Itoa(os.Getuid()), "bus")
	must(t, os.MkdirAll(filepath.Dir(socket), 0o700))
	must(t, os.WriteFile(socket, nil, 0o600))
	named = "unix:path=" + dbus.EscapeBusAddressValue(socket)
	found("", "", named)
	found("", dir, named)
}
