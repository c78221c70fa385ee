package keychain

import (
	"context"

	latchkey "latchkey/backend"
)

// Text reads an item that is none of a session, such as the product's own key. Its errors have the codes of Get.
func (k *Keychain) Text(ctx context.Context, id string) (latchkey.Secret, error) {
	text, err := k.call(ctx, func() (string, error) { return k.provider.Get(k.service, id) }, nil)
	return latchkey.Secret(text), err
}

// ProbeText is Text without a question to the person, as Probe is.
func (k *Keychain) ProbeText(ctx context.Context, id string) (latchkey.Secret, error) {
	text, err := k.call(ctx, func() (string, error) {
		if err := k.unlocked(); err != nil {
			return "", err
		}
		return k.provider.Get(k.service, id)
	}, nil)
	return latchkey.Secret(text), err
}

// SetText stores such an item and reads it back. It is never kept in memory instead.
func (k *Keychain) SetText(ctx context.Context, id string, text latchkey.Secret) error {
	return k.put(ctx, id, string(text))
}
