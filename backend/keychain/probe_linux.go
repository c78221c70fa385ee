package keychain

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

const (
	secretsName = "org.freedesktop.secrets"
	secretsPath = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath   = secretsPath + "/collection/login"
)

// unlocked answers an error unless the collection that go-keyring would take is there and open: to ask
// a locked one for anything opens a prompt (observed).
func unlocked() error {
	bus, err := dbus.SessionBus()
	if err != nil {
		return err
	}
	service := bus.Object(secretsName, secretsPath)
	var all []dbus.ObjectPath
	if err := property(service, "org.freedesktop.Secret.Service", "Collections", &all); err != nil {
		return err
	}
	path := loginPath
	if !slices.Contains(all, path) {
		if err := service.Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&path); err != nil {
			return err
		}
	}
	if path == "/" {
		return fmt.Errorf("%w: the Secret Service has no default collection", errNone)
	}
	var locked bool
	if err := property(bus.Object(secretsName, path), "org.freedesktop.Secret.Collection", "Locked", &locked); err != nil {
		return err
	}
	if locked {
		return dbus.Error{Name: "org.freedesktop.Secret.Error.IsLocked"}
	}
	return nil
}

func property(of dbus.BusObject, name, key string, value any) error {
	var answer dbus.Variant
	if err := of.Call("org.freedesktop.DBus.Properties.Get", 0, name, key).Store(&answer); err != nil {
		return err
	}
	return answer.Store(value)
}

// programs are those that offer the Secret Service, by the name of their process: Linux keeps 15
// characters of it.
var programs = map[string]string{
	"gnome-keyring-d": "GNOME Keyring",
	"kwalletd5":       "KWallet",
	"kwalletd6":       "KWallet",
	"ksecretd":        "KWallet",
	"keepassxc":       "KeePassXC",
}

// systemName names the program behind the Secret Service, if it runs and is one that is known.
func systemName() string {
	const general = "Secret Service"
	bus, err := dbus.SessionBus()
	if err != nil {
		return ""
	}
	var has bool
	if err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretsName).Store(&has); err != nil || !has {
		return ""
	}
	var pid uint32
	if err := bus.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, secretsName).Store(&pid); err != nil {
		return general
	}
	comm, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(pid), 10) + "/comm")
	if name, known := programs[strings.TrimSpace(string(comm))]; err == nil && known {
		return name + " (" + general + ")"
	}
	return general
}
