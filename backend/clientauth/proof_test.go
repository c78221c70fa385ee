package clientauth

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// honestProof is one that is taken, in its three parts.
func honestProof(tb testing.TB) []string {
	tb.Helper()
	keys, _ := newSession(tb)
	session, err := sessionKey(keys)
	must(tb, err)
	proof, err := newProof(session, "POST", origin+Path, "nonce", time.Now())
	must(tb, err)
	return strings.Split(proof, ".")
}

func TestReadProof(t *testing.T) {
	t.Parallel()
	parts, others := honestProof(t), honestProof(t)
	join := func(parts ...string) string { return strings.Join(parts, ".") }
	// resigned is a proof with another header or other claims, signed anew.
	resigned := func(header map[string]any, claims string) string {
		keys, _ := newSession(t)
		session, err := sessionKey(keys)
		must(t, err)
		public, err := publicJWK(session)
		must(t, err)
		head := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
		for name, value := range header {
			head[name] = value
		}
		var parsed jwt.MapClaims
		must(t, json.Unmarshal([]byte(claims), &parsed))
		proof, err := signed(session, head, parsed)
		must(t, err)
		return proof
	}
	const claims = `{"jti":"x","htm":"POST","htu":"https://app.example.com/assertion","iat":1}`
	private := map[string]any{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}
	for name, c := range map[string]struct{ proof, want string }{
		"honest":            {join(parts...), ""},
		"signed anew":       {resigned(nil, claims), ""},
		"nothing":           {"", "not a JWT"},
		"two parts":         {join(parts[:2]...), "not a JWT"},
		"four parts":        {join(parts...) + ".x", "not a JWT"},
		"long":              {strings.Repeat("x", maxProof+1), "too long"},
		"not base64":        {join("!", parts[1], parts[2]), "can't be read"},
		"a list":            {join(base64url.EncodeToString([]byte("[]")), parts[1], parts[2]), "can't be read"},
		"another signature": {join(parts[0], parts[1], others[2]), "signature is wrong"},
		"other claims":      {join(parts[0], others[1], parts[2]), "signature is wrong"},
		"a short signature": {join(parts[0], parts[1], parts[2][:84]), "signature is wrong"},
		"no signature":      {join(parts[0], parts[1], ""), "signature is wrong"},
		"another type":      {resigned(map[string]any{"typ": "JWT"}, claims), "another kind"},
		"unsigned":          {resigned(map[string]any{"alg": "none"}, claims), "another kind"},
		"critical":          {resigned(map[string]any{"crit": []string{"x"}}, claims), "another kind"},
		"private":           {resigned(map[string]any{"jwk": private}, claims), "another kind"},
		"no key":            {resigned(map[string]any{"jwk": nil}, claims), "another kind"},
		"a key off curve":   {resigned(map[string]any{"jwk": map[string]any{"kty": "EC", "crv": "P-256", "x": strings.Repeat("A", 43), "y": strings.Repeat("A", 43)}}, claims), "key is none"},
		"a short key":       {resigned(map[string]any{"jwk": map[string]any{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, claims), "key or signature"},
		"no id":             {resigned(nil, `{"iat":1}`), "lacks its id"},
		"a long id":         {resigned(nil, `{"iat":1,"jti":"`+strings.Repeat("x", 257)+`"}`), "lacks its id"},
		"no time":           {resigned(nil, `{"jti":"x"}`), "or its time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ReadProof(c.proof)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v, want %q", p, err, c.want)
			}
		})
	}
}
