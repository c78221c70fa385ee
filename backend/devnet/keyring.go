package devnet

import (
	"context"
	"errors"
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

// promptRules are what asks a person for something: clients let the prompt appear that the keyring hands them, and
// the keyring lets GNOME's prompter show it.
var promptRules = []string{
	"type='method_call',interface='org.freedesktop.Secret.Prompt'",
	"type='method_call',interface='org.gnome.keyring.internal.Prompter'",
}

// WatchPrompts counts from now on how often the person is asked for something on behalf of the keyring. The function
// that it answers ends that, and answers the number.
func (d *Desktop) WatchPrompts(ctx context.Context) (func(context.Context) (int, error), error) {
	bus, err := dbus.Connect(d.BusAddress())
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, promptRules, uint32(0)).Err; err != nil {
		return nil, errors.Join(fmt.Errorf("devnet: %w", err), bus.Close())
	}
	seen := make(chan *dbus.Message, 100)
	bus.Eavesdrop(seen)
	return func(ctx context.Context) (int, error) {
		defer func() { _ = bus.Close() }()
		// The bus keeps the order: whatever was asked before this is seen before it.
		const last = "Last"
		asking, err := dbus.Connect(d.BusAddress())
		if err != nil {
			return 0, fmt.Errorf("devnet: %w", err)
		}
		defer func() { _ = asking.Close() }()
		asking.BusObject().CallWithContext(ctx, "org.freedesktop.Secret.Prompt."+last, dbus.FlagNoReplyExpected)
		for n := 0; ; {
			select {
			case m := <-seen:
				if member, _ := m.Headers[dbus.FieldMember].Value().(string); member == last {
					return n, nil
				}
				if m.Type == dbus.TypeMethodCall { // the bus tells of itself, too
					n++
				}
			case <-ctx.Done():
				return 0, fmt.Errorf("devnet: the bus does not answer: %w", context.Cause(ctx))
			}
		}
	}, nil
}
