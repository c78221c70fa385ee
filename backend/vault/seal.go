package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"filippo.io/age"

	latchkey "latchkey/backend"
)

// mostWork is the largest work factor that is computed: four times what is written, about 1 GB.
const mostWork = 20

// open opens a file with a passphrase. Its errors are VaultLocked and VaultDamaged; they repeat
// nothing of the file, which may be anything.
func open(data []byte, passphrase latchkey.Secret) (items, error) {
	identity, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, latchkey.NewError(latchkey.VaultLocked, errors.New("the passphrase is empty"))
	}
	identity.SetMaxWorkFactor(mostWork)
	r, err := age.Decrypt(bytes.NewReader(data), identity)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) && slices.Equal(other.StanzaTypes, []string{"scrypt"}) {
		return nil, latchkey.NewError(latchkey.VaultLocked, errors.New("another passphrase"))
	}
	if err != nil {
		return nil, latchkey.NewError(latchkey.VaultDamaged, errors.New("not an age file with a passphrase"))
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, latchkey.NewError(latchkey.VaultDamaged, errors.New("not the whole age file"))
	}
	return parseItems(plain)
}

// seal makes a file. Salt and key are new each time.
func seal(all items, passphrase latchkey.Secret, workFactor int) ([]byte, error) {
	internal := func(err error) ([]byte, error) { return nil, latchkey.NewError(latchkey.Internal, err) }
	plain, err := json.Marshal(all)
	if err != nil {
		return internal(err)
	}
	recipient, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return internal(err)
	}
	if workFactor != 0 {
		recipient.SetWorkFactor(workFactor)
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, recipient)
	if err != nil {
		return internal(err)
	}
	if _, err := w.Write(plain); err != nil {
		return internal(err)
	}
	if err := w.Close(); err != nil {
		return internal(err)
	}
	return file.Bytes(), nil
}

// parseItems reads what a file holds: one JSON object of objects.
func parseItems(plain []byte) (items, error) {
	damaged := latchkey.NewError(latchkey.VaultDamaged, errors.New("the file holds something else"))
	var all items
	if err := json.Unmarshal(plain, &all); err != nil || all == nil {
		return nil, damaged
	}
	for _, text := range all {
		if !bytes.HasPrefix(text, []byte("{")) {
			return nil, damaged
		}
	}
	return all, nil
}

// item is one item, as JSON.
type item struct {
	DPoP    string `json:"dpop"`
	Sealing string `json:"sealing"` // base64
}

func formatKeys(keys latchkey.Keys) (json.RawMessage, error) {
	text, err := json.Marshal(item{DPoP: string(keys.DPoP), Sealing: base64.RawStdEncoding.EncodeToString(keys.Sealing[:])})
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	return text, nil
}

func parseKeys(text json.RawMessage) (latchkey.Keys, error) {
	var i item
	err := json.Unmarshal(text, &i)
	keys := latchkey.Keys{DPoP: latchkey.Secret(i.DPoP)}
	sealing, base64Err := base64.RawStdEncoding.DecodeString(i.Sealing)
	if err != nil || base64Err != nil || len(sealing) != len(keys.Sealing) || i.DPoP == "" {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemForeign, errors.New("the item is not one of ours"))
	}
	copy(keys.Sealing[:], sealing)
	return keys, nil
}
