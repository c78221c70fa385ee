package config

import (
	"encoding/json"
	"maps"
	"runtime"
	"strings"
	"testing"
)

const publicKeys = `{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y","kid":"one"}]}`

// keyedBrand is a brand file of a product with a key, with some keys of the file set, or taken out.
func keyedBrand(t *testing.T, change map[string]any) []byte {
	t.Helper()
	f := map[string]any{
		"name": "Latchkey", "id": "com.example.app", "accent": map[string]string{"light": "#8a5f10", "dark": "#e0b050"}, "client_id": "https://app.example.com/client.json", "scopes": []string{"atproto"},
		"client_key": "machine", "jwks": json.RawMessage(publicKeys),
	}
	maps.Copy(f, change)
	maps.DeleteFunc(f, func(_ string, value any) bool { return value == nil })
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeyedBrands(t *testing.T) {
	t.Parallel()
	const host, backend = "https://app.example.com", "https://keys.example.com"
	for name, c := range map[string]struct {
		change       map[string]any
		handOn, keys string
	}{
		"machine":                 {nil, host + "/callback", ""},
		"machine, keys elsewhere": {map[string]any{"jwks": nil, "jwks_uri": host + "/keys"}, host + "/callback", host + "/keys"},
		"page elsewhere":          {map[string]any{"hand_on": "https://www.example.com/back"}, "https://www.example.com/back", ""},
		"backend":                 {map[string]any{"client_key": "backend", "assertion_backend": backend, "jwks": nil}, host + "/callback", backend + "/jwks.json"},
		"backend, keys here":      {map[string]any{"client_key": "backend", "assertion_backend": backend}, host + "/callback", ""},
		"backend, keys elsewhere": {map[string]any{"client_key": "backend", "assertion_backend": backend, "jwks": nil, "jwks_uri": host + "/keys"}, host + "/callback", host + "/keys"},
		"none":                    {map[string]any{"client_key": nil, "jwks": nil}, "", ""},
	} {
		b, err := ParseBrand("brand.json", keyedBrand(t, c.change))
		if err != nil || b.HandOnURI() != c.handOn || b.KeysURI() != c.keys {
			t.Errorf("%s: %q, %q, %v", name, b.HandOnURI(), b.KeysURI(), err)
		}
	}
}

func TestBadKeyedBrands(t *testing.T) {
	t.Parallel()
	backend := map[string]any{"client_key": "backend", "assertion_backend": "https://keys.example.com", "jwks": nil}
	for name, c := range map[string]struct {
		key    string // that is complained of
		change map[string]any
	}{
		"somebody else's key":         {"client_key", map[string]any{"client_key": "keychain"}},
		"key as a flag":               {"client_key", map[string]any{"client_key": true}},
		"no identity":                 {"client_key", map[string]any{"client_id": "loopback"}},
		"scheme":                      {"scheme_redirect", map[string]any{"scheme_redirect": true}},
		"backend without one":         {"assertion_backend", map[string]any{"client_key": "backend"}},
		"backend over http":           {"assertion_backend", map[string]any{"client_key": "backend", "assertion_backend": "http://keys.example.com"}},
		"backend with a path":         {"assertion_backend", map[string]any{"client_key": "backend", "assertion_backend": "https://keys.example.com/"}},
		"backend of nobody":           {"assertion_backend", map[string]any{"assertion_backend": "https://keys.example.com"}},
		"page without a key":          {"hand_on", map[string]any{"client_key": nil, "jwks": nil, "hand_on": "https://app.example.com/callback"}},
		"page over http":              {"hand_on", map[string]any{"hand_on": "http://app.example.com/callback"}},
		"page with a query":           {"hand_on", map[string]any{"hand_on": "https://app.example.com/callback?x"}},
		"page with an empty query":    {"hand_on", map[string]any{"hand_on": "https://app.example.com/callback?"}},
		"page in capitals":            {"hand_on", map[string]any{"hand_on": "https://App.example.com/callback"}},
		"page without a path":         {"hand_on", map[string]any{"hand_on": "https://app.example.com"}},
		"page on this computer":       {"hand_on", map[string]any{"hand_on": "http://127.0.0.1/callback"}},
		"no keys":                     {"jwks", map[string]any{"jwks": nil}},
		"keys in two places":          {"jwks", map[string]any{"jwks_uri": "https://app.example.com/keys"}},
		"no key among the keys":       {"jwks", map[string]any{"jwks": json.RawMessage(`{"keys":[]}`)}},
		"a key in place of a set":     {"jwks", map[string]any{"jwks": json.RawMessage(`{"kty":"EC"}`)}},
		"keys as text":                {"jwks", map[string]any{"jwks": publicKeys}},
		"keys without a use":          {"jwks", map[string]any{"client_key": nil}},
		"place of keys without a use": {"jwks_uri", map[string]any{"client_key": nil, "jwks": nil, "jwks_uri": "https://app.example.com/keys"}},
		"keys over http":              {"jwks_uri", map[string]any{"jwks": nil, "jwks_uri": "http://app.example.com/keys"}},
		"backend's keys over http":    {"jwks_uri", merged(backend, map[string]any{"jwks_uri": "http://app.example.com/keys"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseBrand("brand.json", keyedBrand(t, c.change))
			checkError(t, err, "brand.json", c.key)
		})
	}
}

func merged(changes ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, m := range changes {
		maps.Copy(all, m)
	}
	return all
}

// A private key in the brand file would be part of every program; the error shouts, and does not repeat it.
func TestPrivateKeyInBrand(t *testing.T) {
	t.Parallel()
	for _, member := range []string{"d", "k"} {
		set := strings.Replace(publicKeys, `"kid"`, `"`+member+`":"canary","kid"`, 1)
		_, err := ParseBrand("brand.json", keyedBrand(t, map[string]any{"jwks": json.RawMessage(set)}))
		checkError(t, err, "brand.json", "jwks")
		if text := err.Error(); !strings.Contains(text, "PRIVATE") || strings.Contains(text, "canary") {
			t.Errorf("the error reads %q", text)
		}
	}
}

// The administrator's file is where only an administrator puts one, and variables move nothing.
func TestClientKeyPath(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("XDG_CONFIG_DIRS", t.TempDir())
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && c.Paths.ClientKey != "/etc/xdg/"+c.Brand.ID+"/client-key.json" {
		t.Errorf("the path is %s", c.Paths.ClientKey)
	}
}
