package clientid

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

var publicKey = map[string]any{
	"kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "use": "sig",
	"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}

// withMember is the public key with a member set, or taken out.
func withMember(name string, value any) map[string]any {
	changed := maps.Clone(publicKey)
	if changed[name] = value; value == nil {
		delete(changed, name)
	}
	return changed
}

func set(keys ...map[string]any) map[string]any {
	all := []any{}
	for _, k := range keys {
		all = append(all, k)
	}
	return map[string]any{"keys": all}
}

// keyed makes of the honest document that of a product with a key, with some fields set, or taken out.
func keyed(change map[string]any) map[string]any {
	all := map[string]any{
		"application_type": "web", "redirect_uris": []string{"https://app.acme.com/callback"},
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks": set(publicKey),
	}
	maps.Copy(all, change)
	return all
}

func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeyedDocument(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]any{
		"keys in it":           nil,
		"two keys":             {"jwks": set(publicKey, withMember("kid", "two"))},
		"keys elsewhere":       {"jwks": nil, "jwks_uri": "https://keys.acme.com/jwks.json"},
		"page elsewhere":       {"redirect_uris": []string{"https://www.acme.com/back"}},
		"no algorithm, no use": {"jwks": set(withMember("alg", nil))},
	} {
		if found := Check(address, with(t, keyed(change))); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	// Nothing of a private key is said again.
	found := Check(address, with(t, keyed(map[string]any{"jwks": set(withMember("d", "canary"))})))
	if len(found) != 1 || !strings.Contains(found[0].Message, "PRIVATE KEY") || strings.Contains(found[0].Message, "canary") {
		t.Errorf("got %+v", found)
	}
}

// A desktop program that redirects to its own computer can't have a key, whatever it calls itself.
func TestKeyAndRedirect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]any
		rule   string
	}{
		"native with a key":       {map[string]any{"application_type": "native"}, "auth_method"},
		"web to this computer":    {map[string]any{"redirect_uris": []string{"http://127.0.0.1/callback"}}, "redirect_loopback"},
		"web with its own scheme": {map[string]any{"redirect_uris": []string{"com.acme.app:/callback"}}, "redirect_scheme"},
		"web over http":           {map[string]any{"redirect_uris": []string{"http://app.acme.com/callback"}}, "redirect_http"},
		"keys in two places":      {map[string]any{"jwks_uri": "https://app.acme.com/jwks.json"}, "keys"},
		"no keys":                 {map[string]any{"jwks": nil}, "keys"},
		"no algorithm":            {map[string]any{"token_endpoint_auth_signing_alg": nil}, "auth_alg"},
	} {
		if found := Check(address, with(t, keyed(c.change))); !slices.Equal(ruleNames(found), []string{c.rule}) || !Broken(found) {
			t.Errorf("%s: %+v, want %s", name, found, c.rule)
		}
	}
}

func TestCheckKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  any
		rule string
	}{
		"one":                {set(publicKey), ""},
		"two":                {set(publicKey, withMember("kid", "two")), ""},
		"none":               {set(), "keys_some"},
		"a private one":      {set(withMember("d", "canary")), "keys_private"},
		"one for RSA":        {set(withMember("kty", "RSA")), "keys_es256"},
		"one without a name": {set(withMember("kid", nil)), "keys_named"},
		"one twice":          {set(publicKey, publicKey), "keys_twice"},
		"a key":              {publicKey, "kind"},
		"a list":             {[]any{publicKey}, "kind"},
		"null":               {nil, "kind"},
		"null in it":         {map[string]any{"keys": []any{nil}}, "kind"},
	} {
		found := CheckKeys(asJSON(t, c.set))
		if c.rule == "" && len(found) == 0 {
			continue
		}
		if len(found) != 1 || found[0].Rule != c.rule || found[0].Field != "jwks_uri" || strings.Contains(found[0].Message, "canary") || strings.Contains(found[0].Message, "{}") {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// Keys are the same by their name and their numbers, in whichever order, and whatever else is said of them.
func TestHasKeys(t *testing.T) {
	t.Parallel()
	wanted := asJSON(t, set(publicKey))
	for name, c := range map[string]struct {
		set  any
		good bool
	}{
		"the same":             {set(publicKey), true},
		"with less around":     {set(withMember("use", nil)), true},
		"beside another":       {set(withMember("kid", "two"), publicKey), true},
		"another":              {set(withMember("kid", "two")), false},
		"another of that name": {set(withMember("x", publicKey["y"])), false},
		"none":                 {set(), false},
	} {
		found := HasKeys(asJSON(t, c.set), wanted)
		if (len(found) == 0) != c.good || !c.good && (found[0].Rule != "key_at_hand" || !Broken(found)) {
			t.Errorf("%s: %+v", name, found)
		}
		compared := Compare(with(t, keyed(nil)), with(t, keyed(map[string]any{"jwks": c.set})))
		if Broken(compared) == c.good {
			t.Errorf("%s, compared: %+v", name, compared)
		}
	}
}
