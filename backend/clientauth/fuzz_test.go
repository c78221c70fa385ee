package clientauth

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// FuzzParseKey: a file that is taken for a key signs what its public part verifies, and the public part is public;
// the error of any other says nothing of what is in it.
// hostile: 20
func FuzzParseKey(f *testing.F) {
	file, _ := generated(f)
	f.Add(file)
	f.Add([]byte(example))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(strings.Replace(example, `"d":"870`, `"D":"871`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseKey(data)
		if err != nil {
			if len(err.Error()) > 120 || !strings.HasSuffix(err.Error(), ".") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		text, err := k.Sign(clientID, issuer, k.Thumbprint(), time.Now())
		must(t, err)
		parts := strings.Split(string(text), ".")
		signature, err := base64url.DecodeString(parts[2])
		must(t, err)
		public, err := k.private.PublicKey()
		must(t, err)
		must(t, public.HashAndVerify([]byte(parts[0]+"."+parts[1]), signature))
		if id, err := check(string(text), clientID, issuer, k.Thumbprint()); err != nil || id != k.ID() {
			t.Errorf("made with %q, %v", id, err)
		}
		set, err := PublicSet(k)
		must(t, err)
		var published struct{ Keys []map[string]any }
		must(t, json.Unmarshal(set, &published))
		if len(published.Keys) != 1 || published.Keys[0]["d"] != nil || published.Keys[0]["kid"] != k.ID() || len(published.Keys[0]["x"].(string)) != 43 {
			t.Errorf("published as %s", set)
		}
	})
}

// FuzzReadProof: a proof that is taken names a key, itself and its time.
// hostile: 20
func FuzzReadProof(f *testing.F) {
	f.Add(strings.Join(honestProof(f), "."))
	f.Add("eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.")
	f.Fuzz(func(t *testing.T, header string) {
		p, err := ReadProof(header)
		if err == nil && (len(p.Thumbprint) != 43 || p.ID == "" || p.Issued == 0) {
			t.Errorf("%+v", p)
		}
	})
}
