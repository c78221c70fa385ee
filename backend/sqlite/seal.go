package sqlite

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"strings"

	latchkey "latchkey/backend"
)

// sealVersion is part of what a seal is bound to. It changes when the sealed content does.
const sealVersion = "latchkey-seal-1"

// seal encrypts v with AES-256-GCM under a random nonce, bound to the row: what kind it is, its id,
// its account, its client id, and so on. The key belongs to this one row and seals it a few hundred times
// in its life, far from the limit of random nonces.
func seal(v any, keys latchkey.Keys, bound ...string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	gcm, err := aead(keys)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nil, plain, associated(bound)), nil
}

// unseal is the other way. Its error has the code SealBroken, whatever was wrong.
func unseal(sealed []byte, v any, keys latchkey.Keys, bound ...string) error {
	gcm, err := aead(keys)
	if err != nil {
		return err
	}
	plain, err := gcm.Open(nil, nil, sealed, associated(bound))
	if err != nil {
		return latchkey.NewError(latchkey.SealBroken, err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		// The text of a JSON error could repeat what was sealed.
		return latchkey.NewError(latchkey.SealBroken, errors.New("not what was expected inside"))
	}
	return nil
}

func aead(keys latchkey.Keys) (cipher.AEAD, error) {
	block, err := aes.NewCipher(keys.Sealing[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// associated joins with a separator that no part contains: ids, DIDs and URLs have no zero byte.
func associated(bound []string) []byte {
	return []byte(sealVersion + "\x00" + strings.Join(bound, "\x00"))
}
