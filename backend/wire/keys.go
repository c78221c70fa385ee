package wire

import (
	"context"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/keychain"
	"latchkey/backend/vault"
)

// keys are where keys are kept: in the vault where there is one, because then the person made it,
// and otherwise in the keychain. It is asked each time, so that a program that is open notices a
// vault that was made meanwhile.
type keys struct {
	vault    *vault.Vault
	keychain *keychain.Keychain
}

var _ latchkey.Keychain = keys{}

func newKeys(cfg config.Config, options Options) keys {
	k := keys{newVault(cfg, options), keychain.New(cfg.Brand.ID)}
	k.keychain.KeepInMemory = options.KeepKeysInMemory
	return k
}

// place is where an item is.
func (k keys) place(id string) latchkey.Keychain {
	if k.vault.Exists() && !k.keychain.InMemory(id) {
		return k.vault
	}
	return k.keychain
}

func (k keys) Get(ctx context.Context, id string) (latchkey.Keys, error) {
	return k.place(id).Get(ctx, id)
}

func (k keys) Set(ctx context.Context, id string, item latchkey.Keys) error {
	return k.place(id).Set(ctx, id, item)
}

func (k keys) Delete(ctx context.Context, id string) error { return k.place(id).Delete(ctx, id) }

func (k keys) InMemory(id string) bool { return k.place(id).InMemory(id) }
