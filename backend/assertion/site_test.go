package assertion

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
)

// installationOf signs proofs with the key of a file.
func installationOf(tb testing.TB, file []byte) installation {
	tb.Helper()
	var k struct {
		D string `json:"d"`
	}
	must(tb, json.Unmarshal(file, &k))
	secret, err := base64.RawURLEncoding.DecodeString(k.D)
	must(tb, err)
	private, err := atcrypto.ParsePrivateBytesP256(secret)
	must(tb, err)
	return installation{private, latchkey.Keys{DPoP: latchkey.Secret(private.Multibase())}}
}

func TestSite(t *testing.T) {
	t.Parallel()
	one, two := newKey(t), newKey(t)
	set := func(keys ...*clientauth.Key) json.RawMessage {
		data, err := clientauth.PublicSet(keys...)
		must(t, err)
		return data
	}
	for name, c := range map[string]struct {
		change map[string]any
		config func(*Config)
		want   string // a piece of the error; empty for a server
	}{
		"honest":                    {nil, nil, ""},
		"keys in the document":      {map[string]any{"jwks_uri": nil, "jwks": set(one, two)}, nil, ""},
		"a key is missing there":    {map[string]any{"jwks_uri": nil, "jwks": set(one)}, nil, "neither"},
		"no keys":                   {map[string]any{"jwks_uri": nil}, nil, "neither"},
		"keys elsewhere":            {map[string]any{"jwks_uri": "https://cdn.example.net/jwks.json"}, nil, ""},
		"a callback elsewhere":      {map[string]any{"redirect_uris": []string{"https://www.example.com/callback", "com.example.app:/callback"}}, nil, ""},
		"no key of the product":     {map[string]any{"token_endpoint_auth_method": "none"}, nil, "has no key"},
		"no client id":              {map[string]any{"client_id": nil}, nil, "origin must be"},
		"a client id without TLS":   {map[string]any{"client_id": "http://app.example.com/x.json"}, nil, "origin must be"},
		"a client id of nonsense":   {map[string]any{"client_id": "https://%zz/x"}, nil, "not an address"},
		"another type":              {map[string]any{"redirect_uris": 7}, nil, "right kind"},
		"two things at a place":     {map[string]any{"jwks_uri": clientID}, nil, "two things"},
		"a callback at /assertion":  {map[string]any{"redirect_uris": []string{origin + "/assertion"}}, nil, "two things"},
		"an origin of its own":      {nil, func(c *Config) { c.Origin = "https://assert.example.com" }, ""},
		"an origin with a path":     {nil, func(c *Config) { c.Origin = origin + "/x" }, "origin must be"},
		"an origin with a slash":    {nil, func(c *Config) { c.Origin = origin + "/" }, "origin must be"},
		"nothing to sign with":      {nil, func(c *Config) { c.Keys = nil }, "no key to sign"},
		"a key twice":               {nil, func(c *Config) { c.Keys = []*clientauth.Key{one, one} }, "two keys have the id"},
		"no requests for anybody":   {nil, func(c *Config) { c.PerAddress = 0 }, "above zero"},
		"no requests for a session": {nil, func(c *Config) { c.PerKey = 0 }, "above zero"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{Document: document(t, c.change), Keys: []*clientauth.Key{one, two}, PerAddress: 1, PerKey: 1, Log: discard}
			if c.config != nil {
				c.config(&config)
			}
			_, err := New(config)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	// What is hosted elsewhere is not served here, and its address is not this server's.
	h := newHouse(t, func(c *Config) {
		c.Document = document(t, map[string]any{"jwks_uri": "https://cdn.example.net/jwks.json"})
	})
	if got := h.get("/jwks.json"); got.status != 404 {
		t.Errorf("%+v", got)
	}
}
