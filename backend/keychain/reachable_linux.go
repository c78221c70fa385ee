package keychain

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// runUser is where systemd keeps the runtime folders: cron and su set no variable for them.
var runUser = "/run/user"

// reachable refuses where there is no session bus to ask: the D-Bus library would start one that
// nobody ends, with no keychain on it (observed).
func reachable() error {
	address := os.Getenv(busVariable)
	if strings.HasPrefix(address, "disabled:") {
		return errors.New("the D-Bus session bus is switched off")
	}
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), filepath.Join(runUser, strconv.Itoa(os.Getuid()))} {
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil && dir != "" {
			// The library looks for itself, but not where XDG_RUNTIME_DIR says.
			return os.Setenv(busVariable, "unix:path="+dbus.EscapeBusAddressValue(socket))
		}
	}
	return errors.New("no D-Bus session bus")
}
