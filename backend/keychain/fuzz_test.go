package keychain

import (
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

// FuzzItem: whatever lies in the keychain is refused as foreign, or holds keys that are stored the same
// again, for whoever stored them.
func FuzzItem(f *testing.F) {
	good, err := format(latchkey.Keys{DPoP: "z42", Sealing: [32]byte{1, 31: 2}}, "1000")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "1000")
	f.Add(good, "1001")
	f.Add(good, "")
	for _, seed := range []string{`{}`, `null`, `[]`, `{"dpop":1}`, `{"dpop":"z42","sealing":""}`, `{"dpop":"z42","sealing":"AQ=="}`, `{"DPoP":"a","dpop":""}`} {
		f.Add(seed, "1000")
	}
	f.Fuzz(func(t *testing.T, text, user string) {
		user = strings.ToValidUTF8(user, "") // as every uid and SID is
		keys, err := parse(text, user)
		if err != nil {
			if latchkey.CodeOf(err) != latchkey.KeychainItemForeign || keys != (latchkey.Keys{}) {
				t.Errorf("got %v, %v", keys, err)
			}
			return
		}
		if keys.DPoP == "" {
			t.Error("keys without a DPoP key")
		}
		back, err := format(keys, user)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parse(back, user); err != nil || again != keys {
			t.Errorf("stored again, it is %v", err)
		}
		if user != "" && user != "somebody else" {
			if _, err := parse(back, "somebody else"); latchkey.CodeOf(err) != latchkey.KeychainItemForeign {
				t.Errorf("another user opens it: %v", err)
			}
		}
	})
}
