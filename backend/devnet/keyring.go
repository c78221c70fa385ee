package devnet

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// The keyring's collection, and its service (https://specifications.freedesktop.org/secret-service).
const (
	secretService    = "org.freedesktop.secrets"
	secretPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	secretCollection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
)

// keyringPassword protects nothing: it is for keyrings that nobody but a test uses.
const keyringPassword = "devnet"

// LockKeyring locks the keyring, as a screen lock does. Whoever asks it for something then waits for the
// person, or is refused.
func (d *Desktop) LockKeyring(ctx context.Context) error {
	return d.askKeyring(ctx, func(service dbus.BusObject) error {
		var locked []dbus.ObjectPath
		var prompt dbus.ObjectPath
		return service.CallWithContext(ctx, "org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{secretCollection}).Store(&locked, &prompt)
	})
}

// UnlockKeyring unlocks it with its password, as the person does in its prompt.
func (d *Desktop) UnlockKeyring(ctx context.Context) error {
	return d.askKeyring(ctx, func(service dbus.BusObject) error {
		var output dbus.Variant
		var session dbus.ObjectPath
		err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&output, &session)
		if err != nil {
			return err
		}
		password := struct {
			Session           dbus.ObjectPath
			Parameters, Value []byte
			ContentType       string
		}{session, []byte{}, []byte(keyringPassword), "text/plain"}
		// GNOME Keyring's own way for programs that know the password.
		return service.CallWithContext(ctx, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword", 0, secretCollection, password).Err
	})
}

func (d *Desktop) askKeyring(ctx context.Context, ask func(dbus.BusObject) error) error {
	bus, err := dbus.Connect(d.BusAddress(), dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	defer func() { _ = bus.Close() }()
	if err := ask(bus.Object(secretService, secretPath)); err != nil {
		return fmt.Errorf("devnet: the keyring: %w", err)
	}
	return nil
}
