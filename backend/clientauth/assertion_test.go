package clientauth

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	file, key := generated(t)
	local, err := NewLocal(clientID, file)
	must(t, err)
	local.ServerTime = func(of string) time.Time {
		if of != issuer {
			t.Errorf("asked for the time of %s", of)
		}
		return time.Unix(1_800_000_000, 999)
	}
	keys, thumbprint := newSession(t)
	ids := map[string]bool{}
	for _, id := range []string{"", key.ID(), "an older key"} {
		assertion, err := local.Assertion(t.Context(), issuer, keys, id)
		must(t, err)
		if assertion.KeyID != key.ID() {
			t.Errorf("it says that it is made with %s", assertion.KeyID)
		}
		parts := strings.Split(string(assertion.Text), ".")
		if len(parts) != 3 {
			t.Fatalf("%d parts", len(parts))
		}
		signature, err := base64url.DecodeString(parts[2])
		must(t, err)
		public, err := key.private.PublicKey()
		must(t, err)
		if err := public.HashAndVerify([]byte(parts[0]+"."+parts[1]), signature); err != nil {
			t.Error(err)
		}
		var header, claims map[string]any
		if !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
			t.Fatal("it can't be read")
		}
		if want := map[string]any{"typ": "JWT", "alg": "ES256", "kid": key.ID()}; !maps.Equal(header, want) {
			t.Errorf("the header is %v, want %v", header, want)
		}
		id, _ := claims["jti"].(string)
		if len(id) < 20 || ids[id] {
			t.Errorf("the id is %q, after %v", id, ids)
		}
		ids[id] = true
		delete(claims, "jti")
		// A minute in all, of which a quarter lies in the past.
		want, err := json.Marshal(map[string]any{"iss": clientID, "sub": clientID, "aud": issuer, "iat": 1_799_999_985, "exp": 1_800_000_045, "cnf": map[string]string{"jkt": thumbprint}})
		must(t, err)
		if got, err := json.Marshal(claims); err != nil || string(got) != string(want) {
			t.Errorf("the claims are %s, want %s; %v", got, want, err)
		}
	}
}

// Without a server's time it is that of this computer.
func TestLocalTime(t *testing.T) {
	t.Parallel()
	file, _ := generated(t)
	local, err := NewLocal(clientID, file)
	must(t, err)
	keys, _ := newSession(t)
	before := time.Now()
	assertion, err := local.Assertion(t.Context(), issuer, keys, "")
	must(t, err)
	var claims assertionClaims
	if !decodePart(strings.Split(string(assertion.Text), ".")[1], &claims) || claims.Expires < before.Unix() || claims.IssuedAt > time.Now().Unix() {
		t.Errorf("issued at %d until %d, asked for at %v", claims.IssuedAt, claims.Expires, before)
	}
}

func TestLocalRefuses(t *testing.T) {
	t.Parallel()
	file, key := generated(t)
	local, err := NewLocal(clientID, file)
	must(t, err)
	_, err = local.Assertion(t.Context(), issuer, latchkey.Keys{DPoP: "not a key"}, "")
	wantCode(t, err, latchkey.SealBroken)
	other, err := atcrypto.GeneratePrivateKeyK256()
	must(t, err)
	_, err = local.Assertion(t.Context(), issuer, latchkey.Keys{DPoP: latchkey.Secret(other.Multibase())}, "")
	wantCode(t, err, latchkey.SealBroken)
	_, err = local.Assertion(t.Context(), issuer, latchkey.Keys{DPoP: latchkey.Secret(key.private.Multibase())}, "")
	wantCode(t, err, latchkey.Internal)
	if _, err := NewLocal(clientID, slices.Concat(file, file)); err == nil {
		t.Error("two keys in a file are taken")
	}
}
