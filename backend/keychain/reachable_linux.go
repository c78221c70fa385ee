package keychain

import (
	"errors"
	"os"
	"path/filepath"
)

// reachable refuses where there is no session bus to ask: the D-Bus library would start one that
// nobody ends, with no keychain on it (observed).
func reachable() error {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "bus")); err == nil {
			return nil
		}
	}
	return errors.New("no D-Bus session bus")
}
