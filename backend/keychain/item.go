package keychain

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/user"
	"strconv"

	latchkey "latchkey/backend"
)

// item is what is stored, as JSON: some 170 bytes.
type item struct {
	DPoP    string `json:"dpop"`
	Sealing string `json:"sealing"` // base64
	// User is who stored the item, as the operating system counts people: the uid, on Windows the
	// SID. A keychain that came with a copied home folder, or was reached with sudo, is noticed so.
	User string `json:"user,omitempty"`
}

func format(keys latchkey.Keys, user string) (string, error) {
	text, err := json.Marshal(item{
		DPoP:    string(keys.DPoP),
		Sealing: base64.RawStdEncoding.EncodeToString(keys.Sealing[:]),
		User:    user,
	})
	return string(text), err
}

// parse reads an item that this user stored. Its errors have the code KeychainItemForeign and say
// nothing of what the item holds.
func parse(text, user string) (latchkey.Keys, error) {
	foreign := func(why string) (latchkey.Keys, error) {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemForeign, errors.New(why))
	}
	var i item
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		return foreign("the item is not one of ours")
	}
	keys := latchkey.Keys{DPoP: latchkey.Secret(i.DPoP)}
	sealing, err := base64.RawStdEncoding.DecodeString(i.Sealing)
	if err != nil || len(sealing) != len(keys.Sealing) || i.DPoP == "" {
		return foreign("the item is not whole")
	}
	if i.User != "" && user != "" && i.User != user {
		return foreign("another user stored the item")
	}
	copy(keys.Sealing[:], sealing)
	return keys, nil
}

// currentUser is who runs this process. Where the uid is at hand nobody is asked for it: os/user
// wants variables or cgo for users who are in no passwd file.
func currentUser() string {
	if uid := os.Getuid(); uid >= 0 {
		return strconv.Itoa(uid)
	}
	if u, err := user.Current(); err == nil {
		return u.Uid
	}
	return ""
}
