package oauth

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// A proof says what RFC 9449 section 4.2 wants, and nothing else. The network checks signatures and
// what the claims say in every other test.
func TestProof(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	key, err := proofKey(v.keys)
	must(t, err)
	u := get(t, xrpc+"?q=a").URL
	seen := map[string]bool{}
	for access, want := range map[latchkey.Secret][]string{
		"":        {"htm", "htu", "iat", "jti", "nonce"},
		"a-token": {"ath", "htm", "htu", "iat", "jti", "nonce"},
	} {
		for range 2 {
			proof, _, err := v.newProof(key, http.MethodGet, u, access)
			must(t, err)
			header, claims := part(t, proof, 0), part(t, proof, 1)
			if got := slices.Sorted(maps.Keys(header)); !slices.Equal(got, []string{"alg", "jwk", "typ"}) {
				t.Errorf("header: %q", got)
			}
			if got := slices.Sorted(maps.Keys(claims)); !slices.Equal(got, want) {
				t.Errorf("claims: %q, want %q", got, want)
			}
			if claims["htu"] != xrpc {
				t.Errorf("htu: %v", claims["htu"])
			}
			seen[claims["jti"].(string)] = true
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d ids in four proofs", len(seen))
	}
}

// part decodes a part of a JWT.
func part(t *testing.T, token string, i int) (v map[string]any) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[i])
	must(t, err)
	must(t, json.Unmarshal(raw, &v))
	return v
}

// ES256 is P-256; the other curve of the protocol would make a signature that no server reads.
func TestProofKeyIsP256(t *testing.T) {
	t.Parallel()
	k256, err := atcrypto.GeneratePrivateKeyK256()
	must(t, err)
	for _, key := range []latchkey.Secret{"", "zNotAKey", latchkey.Secret(k256.Multibase())} {
		_, err := proofKey(latchkey.Keys{DPoP: key})
		mustCode(t, err, latchkey.SealBroken)
	}
}
