package wire

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
	"latchkey/backend/config"
	"latchkey/backend/keychain"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
)

// clientKeyItem is the keychain item with the product's own key.
const clientKeyItem = "client-key"

// newProtocol makes the protocol, which proves whose requests they are where the brand has a key.
func newProtocol(cfg config.Config, client *safehttp.Client, k *keychain.Keychain) *oauth.Client {
	p := oauth.New(client)
	p.ClientID = cfg.Brand.ClientID
	switch cfg.Brand.ClientKey {
	case config.MachineKey:
		p.ClientAuth = &machineKey{cfg: cfg, keychain: k, now: p.ServerTime}
	case config.BackendKey:
		p.ClientAuth = clientauth.NewRemote(client, cfg.Brand.AssertionBackend, cfg.Brand.ClientID)
	}
	return p
}

// machineKey implements [latchkey.ClientAuth] with the key that this computer was given. It is read when it is needed
// first, because a keychain may ask the person, and again until it was there.
type machineKey struct {
	cfg      config.Config
	keychain *keychain.Keychain
	now      func(issuer string) time.Time

	mu    sync.Mutex
	local *clientauth.Local
}

var _ latchkey.ClientAuth = (*machineKey)(nil)

// Assertion implements [latchkey.ClientAuth]. Its errors have the codes ClientKeyMissing, ClientKeyUnusable, and those of
// a keychain that can't be asked just now.
func (m *machineKey) Assertion(ctx context.Context, issuer string, keys latchkey.Keys, keyID string) (latchkey.Assertion, error) {
	local, err := m.read(ctx)
	if err != nil {
		return latchkey.Assertion{}, err
	}
	return local.Assertion(ctx, issuer, keys, keyID)
}

func (m *machineKey) read(ctx context.Context) (*clientauth.Local, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.local == nil {
		local, _, err := readClientKey(ctx, m.cfg, m.keychain.Text)
		if err != nil {
			return nil, err
		}
		local.ServerTime, m.local = m.now, local
	}
	return m.local, nil
}

// readClientKey reads the product's key from the administrator's file, or else from the keychain, through text. where is
// the file, or empty.
func readClientKey(ctx context.Context, cfg config.Config, text func(context.Context, string) (latchkey.Secret, error)) (local *clientauth.Local, where string, err error) {
	where = cfg.Paths.ClientKey
	data, err := readClientKeyFile(where)
	if errors.Is(err, fs.ErrNotExist) {
		where = ""
		var kept latchkey.Secret
		kept, err = text(ctx, clientKeyItem)
		switch latchkey.CodeOf(err) {
		case latchkey.KeychainItemMissing, latchkey.KeychainUnavailable:
			return nil, where, latchkey.NewError(latchkey.ClientKeyMissing, err)
		}
		data = []byte(kept)
	}
	if err != nil {
		return nil, where, err
	}
	local, err = clientauth.NewLocal(cfg.Brand.ClientID, data)
	if err != nil {
		name := where
		if name == "" {
			name = "the item in the keychain"
		}
		return nil, where, unusable(name, err.Error())
	}
	return local, where, nil
}

// keyError is why a key can't be used, for whoever looks after the computer.
type keyError struct{ where, why string }

func (e keyError) Error() string { return e.where + " " + e.why }

func unusable(where, why string) error {
	return latchkey.NewError(latchkey.ClientKeyUnusable, keyError{where, why})
}

// readClientKeyFile reads a file that only those may read whom the administrator lets: its owner and its group.
func readClientKeyFile(path string) ([]byte, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	// Asked by name first: to open a pipe would wait for somebody to write.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fs.ErrNotExist
	case err == nil && !info.Mode().IsRegular():
		return nil, unusable(path, "is not a file.")
	}
	f, err := os.Open(path) // #nosec G304 -- a place of the administrator's
	if err != nil {
		return nil, unusable(path, "can't be read by whoever runs this program.")
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return nil, unusable(path, "can't be read.")
	}
	// Windows has no modes.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return nil, unusable(path, "is open to everybody on this computer; give it to a group with chgrp and chmod 640.")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, unusable(path, "can't be read.")
	}
	return data, nil
}

// ImportClientKey puts the key of a file into the keychain of whoever runs this program, in place of an older one, and
// answers the id that servers know it by. The error is a [*config.Error] when the product has no key of its own on
// computers, or the file has none in it; or it has the code of what the keychain does.
func ImportClientKey(ctx context.Context, cfg config.Config, path string) (id string, err error) {
	if cfg.Brand.ClientKey != config.MachineKey {
		return "", &config.Error{Where: "build/brand/brand.json", Key: "client_key", Why: `is not "machine": this product uses no key of this computer.`}
	}
	data, err := readKeyFile(path)
	if err != nil {
		return "", keyFileError(path, "can't be read", err)
	}
	key, err := clientauth.ParseKey(data)
	if err != nil {
		return "", &config.Error{Where: path, Why: err.Error()}
	}
	return key.ID(), keychain.New(cfg.Brand.ID).SetText(ctx, clientKeyItem, latchkey.Secret(data))
}
