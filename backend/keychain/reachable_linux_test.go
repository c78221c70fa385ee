package keychain

import (
	"os"
	"path/filepath"
	"testing"

	latchkey "latchkey/backend"
)

// Without a session bus nothing is started and nothing is waited for.
// hostile: 49
func TestReachable(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	for _, runtime := range []string{"", dir} {
		t.Setenv("XDG_RUNTIME_DIR", runtime)
		if reachable() == nil {
			t.Errorf("reachable with XDG_RUNTIME_DIR=%q", runtime)
		}
		_, err := New("app").Get(t.Context(), "one")
		mustCode(t, err, latchkey.KeychainUnavailable)
	}
	if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reachable(); err != nil {
		t.Errorf("with a bus in the runtime directory: %v", err)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	if err := reachable(); err != nil {
		t.Errorf("with an address: %v", err)
	}
}
