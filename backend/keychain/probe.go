package keychain

import (
	"context"
	"errors"

	latchkey "latchkey/backend"
)

// probe is the id of an item that nobody ever stores.
const probe = "probe"

// Probe tells whether the keychain works, without a question to the person: a locked one is left
// locked, and asked for an item that is not there otherwise. It answers nil when all is well, and the
// codes of Get when not. A program that keeps keys in memory may do so afterwards as before.
func (k *Keychain) Probe(ctx context.Context) error {
	_, err := k.call(ctx, func() (string, error) {
		if err := k.unlocked(); err != nil {
			return "", err
		}
		return k.provider.Get(k.service, probe)
	}, nil)
	if latchkey.CodeOf(err) == latchkey.KeychainItemMissing {
		return nil
	}
	return err
}

// Remembers tells whether Set would keep an item in memory, given what Probe answered.
func (k *Keychain) Remembers(err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return errors.Is(err, errNone) && k.KeepInMemory && !k.seen
}

// Name is what a person calls the keychain of this computer, or "" where there is none to be found.
func (k *Keychain) Name() string {
	if k.reachable() != nil {
		return ""
	}
	name, _ := protect(func() (string, error) { return systemName(), nil })
	return name
}
