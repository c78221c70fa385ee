//go:build devnet

package wire_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
	"latchkey/backend/clientid"
	"latchkey/backend/config"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// What our check says of the documents of products with a key, a real PDS says as well; where ours is stricter, the table
// says so. Its first part is what a desktop program can be.
func TestKeyedCheckAgreesWithPDS(t *testing.T) {
	t.Parallel()
	const host, loopback, scheme = "https://app.latchkey.internal", "http://127.0.0.1/callback", "internal.latchkey.app:/callback"
	key, another := newProductKey(t), newProductKey(t)
	first := func(k productKey) map[string]any { return k.public["keys"].([]any)[0].(map[string]any) }
	with := func(name string, value any) map[string]any {
		changed := maps.Clone(first(key))
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		return changed
	}
	set := func(keys ...any) map[string]any { return map[string]any{"keys": append([]any{}, keys...)} }
	var private map[string]any
	if err := json.Unmarshal(key.file, &private); err != nil {
		t.Fatal(err)
	}
	public := change{"token_endpoint_auth_method": "none", "token_endpoint_auth_signing_alg": nil, "jwks": nil}
	and := func(changes ...change) change {
		all := change{}
		for _, c := range changes {
			maps.Copy(all, c)
		}
		return all
	}
	const both, ours, refusedLater = "both", "ours alone", "ours, and the PDS when the key is used"
	tests := []struct {
		name     string
		change   change
		redirect string // that is asked for; the product's page when empty
		rule     string // that ours names; empty when it has nothing to say
		refused  string // by whom
	}{
		{"web, a key, https", nil, "", "", ""},
		{"native, a key, https", change{"application_type": "native"}, "", "auth_method", both},
		{"native, a key, loopback", change{"application_type": "native", "redirect_uris": []string{loopback}}, loopback, "auth_method", both},
		{"native, a key, own scheme", change{"application_type": "native", "redirect_uris": []string{scheme}}, scheme, "auth_method", both},
		{"web, a key, loopback", change{"redirect_uris": []string{loopback}}, loopback, "redirect_loopback", both},
		{"web, a key, https and loopback", change{"redirect_uris": []string{host + "/callback", loopback}}, loopback, "redirect_loopback", both},
		{"web, a key, own scheme", change{"redirect_uris": []string{scheme}}, scheme, "redirect_scheme", both},
		{"web, no key, loopback", and(public, change{"redirect_uris": []string{loopback}}), loopback, "redirect_loopback", both},
		{"web, no key, https", public, "", "", ""},
		{"native, no key, https", and(public, change{"application_type": "native"}), "", "", ""},
		{"native, no key, loopback", and(public, change{"application_type": "native", "redirect_uris": []string{loopback}}), loopback, "", ""},
		{"native, no key, own scheme", and(public, change{"application_type": "native", "redirect_uris": []string{scheme}}), scheme, "", ""},

		{"page on another host", change{"redirect_uris": []string{"https://www.latchkey.internal/callback"}}, "https://www.latchkey.internal/callback", "", ""},
		{"keys elsewhere", change{"jwks": nil, "jwks_uri": host + "/keyed/keys.json"}, "", "", ""},
		{"keys over http", change{"jwks": nil, "jwks_uri": "http://app.latchkey.internal/keyed/keys.json"}, "", "keys_hosted", both},
		{"keys nowhere", change{"jwks": nil, "jwks_uri": host + "/keyed/none.json"}, "", "", "the PDS alone"}, // ours when it is asked to look
		{"keys in two places", change{"jwks_uri": host + "/keyed/keys.json"}, "", "keys", both},
		{"no keys", change{"jwks": nil}, "", "keys", both},
		{"an empty set", change{"jwks": set()}, "", "keys_some", both},
		{"a private key", change{"jwks": set(private)}, "", "keys_private", both},
		{"a private key beside the public one", change{"jwks": set(first(key), with("d", private["d"]))}, "", "keys_private", ours},
		{"a key without a name", change{"jwks": set(with("kid", nil))}, "", "keys_named", both},
		{"a name twice", change{"jwks": set(first(key), with("x", first(another)["x"]))}, "", "keys_twice", refusedLater},
		{"two keys", change{"jwks": set(first(another), first(key))}, "", "", ""},
		{"a key for another algorithm", change{"jwks": set(with("alg", "ES384"))}, "", "keys_es256", refusedLater},
		{"a key for another use", change{"jwks": set(with("use", "enc"))}, "", "keys_es256", refusedLater},
		{"a key of another curve", change{"jwks": set(with("crv", "P-384"))}, "", "keys_es256", refusedLater},
		{"no algorithm", change{"token_endpoint_auth_signing_alg": nil}, "", "auth_alg", both},
		{"another algorithm", change{"token_endpoint_auth_signing_alg": "RS256"}, "", "auth_es256", ours},
	}
	keys, err := json.Marshal(key.public)
	if err != nil {
		t.Fatal(err)
	}
	network.HostClient("/keyed/keys.json", keys)
	cfg := newHouse(t).config
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := fmt.Sprintf("/keyed/check/%d.json", i)
			brand := cfg.Brand
			brand.ClientID, brand.ClientKey, brand.JWKS = host+path, config.MachineKey, key.public
			document, err := wire.ClientMetadata(brand)
			if err != nil {
				t.Fatal(err)
			}
			document = changed(t, document, tt.change)
			network.HostClient(path, document)
			local, err := clientauth.NewLocal(brand.ClientID, key.file)
			if err != nil {
				t.Fatal(err)
			}
			client := oauth.New(safehttp.New(cfg.Network.Exceptions, "test"))
			client.ClientID, client.ClientAuth = brand.ClientID, local
			server, err := client.Discover(t.Context(), network.PDS)
			if err != nil {
				t.Fatal(err)
			}
			session, err := client.NewKeys()
			if err != nil {
				t.Fatal(err)
			}
			redirect := tt.redirect
			if redirect == "" {
				redirect = brand.HandOnURI()
			}
			_, refusal := client.Push(t.Context(), latchkey.AuthorizationRequest{
				Server: server, ClientID: brand.ClientID, RedirectURI: strings.Replace(redirect, "127.0.0.1/", "127.0.0.1:1234/", 1), Scopes: []string{"atproto"},
				State: "state", Verifier: "a-verifier-that-is-long-enough-for-the-specification",
			}, session)
			want := map[string]latchkey.Code{both: latchkey.ServerRefused, "the PDS alone": latchkey.ServerRefused, refusedLater: latchkey.ClientRefused}[tt.refused]
			if latchkey.CodeOf(refusal) != want || refusal != nil && strings.Contains(refusal.Error(), path) {
				t.Errorf("the PDS: %v, want %q", refusal, want)
			}
			findings := clientid.Check(brand.ClientID, document)
			if clientid.Broken(findings) != (tt.rule != "") || tt.rule != "" && !slices.ContainsFunc(findings, func(f clientid.Finding) bool { return f.Rule == tt.rule && !f.Warning }) {
				t.Errorf("ours: %+v, want %q", findings, tt.rule)
			}
			t.Logf("| %s | %s | %v", tt.name, tt.rule, refusal)
		})
	}
}
