//go:build devnet

package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/clientid"
	"latchkey/backend/config"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// A product with a hosted document signs in under its own name, at a real PDS and in a real browser.
func TestSignInWithHostedClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client, path string
		shown        string // to the person who is asked for consent
	}{
		"trusted":   {network.TrustedClient, "/oauth-client-metadata.json", "Harbour Notes\n\nwants to access"},
		"untrusted": {"https://app.latchkey.internal/notes/metadata.json", "/notes/metadata.json", "https://app.latchkey.internal/notes/metadata.json\n\nwants to access"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c2 *config.Config) {
				c2.Brand.Name, c2.Brand.ClientID, c2.Brand.Scopes = "Harbour Notes", c.client, []string{"atproto", "transition:generic"}
				c2.Brand.SchemeRedirect = true // which this program, without a window, never asks for
				c2.Brand.LogoURI, c2.Brand.PolicyURI = "https://app.latchkey.internal/logo.png", "https://app.latchkey.internal/privacy"
			})
			document, err := wire.ClientMetadata(h.config.Brand)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(document), `"internal.latchkey.app:/callback"`) {
				t.Errorf("the document does not declare the scheme:\n%s", document)
			}
			if at := network.HostClient(c.path, document); at != c.client {
				t.Fatalf("hosted at %s, want %s", at, c.client)
			}
			findings, err := wire.CheckClient(t.Context(), h.config, "", false)
			for _, f := range findings {
				if f.Rule != "client_id_short" || c.client == network.TrustedClient {
					t.Errorf("the check says %+v", f)
				}
			}
			if err != nil {
				t.Error(err)
			}
			account, pages, err := h.signIn("alice.test", as(alice()))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(pages.Consent.Text, c.shown) {
				t.Errorf("the consent page says %q", pages.Consent.Text)
			}
			session, keys := h.session(account.DID.String())
			if session.ClientID != c.client || strings.Join(account.Scopes, " ") != "atproto transition:generic" {
				t.Errorf("the session belongs to %s, with %v", session.ClientID, account.Scopes)
			}
			// It is renewed under the same name, without a browser and whatever the port was.
			ended := session
			ended.Tokens.Access = "an-ended-token"
			if err := h.store().UpdateSession(t.Context(), ended, keys); err != nil {
				t.Fatal(err)
			}
			if did, err := h.getSession(account); err != nil || did != alice().DID {
				t.Errorf("after the access token had ended: %q, %v", did, err)
			}
			h.nothingHalfMade(1)
		})
	}
}

// A hosted client may ask for more later, when its document says so.
func TestHostedClientAsksForMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) {
		c.Brand.ClientID, c.Brand.LaterScopes = "https://app.latchkey.internal/later.json", []string{"transition:generic"}
	})
	document, err := wire.ClientMetadata(h.config.Brand)
	if err != nil {
		t.Fatal(err)
	}
	network.HostClient("/later.json", document)
	_, err = h.Login(t.Context(), "alice.test", "transition:chat.bsky")
	wantCode(t, err, latchkey.ScopeUndeclared)
	if text := latchkey.AsError(err).Message(); !strings.Contains(text, "transition:chat.bsky") {
		t.Error(text)
	}
	h.nothingHalfMade(0)
	account, _, err := h.visit(as(alice()), func(ctx context.Context) (latchkey.Account, error) {
		return h.Login(ctx, "alice.test", "transition:generic")
	})
	if err != nil || strings.Join(account.Scopes, " ") != "atproto transition:generic" {
		t.Errorf("signed in as %+v, %v", account, err)
	}
}

// change is what a test does to an honest document.
type change map[string]any

// What our check refuses, a real PDS refuses as well; where ours is stricter, the table says so.
func TestCheckAgreesWithPDS(t *testing.T) {
	t.Parallel()
	const host = "https://app.latchkey.internal"
	both, oursAlone := "both", "ours alone"
	tests := []struct {
		name    string
		at      string // where the document is; a path of its own when empty
		change  change
		rule    string // that ours names; empty when it has nothing to say
		refused string // by whom
	}{
		{"honest", "", nil, "", ""},
		{"http", "http://app.latchkey.internal/x.json", nil, "client_id_https", both},
		{"user name", "https://me@app.latchkey.internal/x.json", nil, "client_id_plain", both},
		{"fragment", host + "/x.json#y", nil, "client_id_plain", both},
		{"no path", host, nil, "client_id_path", both},
		{"slash alone", host + "/", nil, "client_id_path", both},
		{"slash at the end", host + "/folder/", nil, "client_id_path", both},
		{"path with dots", host + "/a/../x.json", nil, "client_id_path", both},
		{"path with hidden dots", host + "/a/%2E%2e/x.json", nil, "client_id_path", both},
		{"address for a host", "https://127.0.0.1/x.json", nil, "client_id_host", both},
		{"IPv6 for a host", "https://[2606:4700::1111]/x.json", nil, "client_id_host", both},
		{"localhost", "https://localhost/x.json", nil, "client_id_host", both},
		{"host without a dot", "https://app/x.json", nil, "client_id_host", both},
		{".test", "https://app.test/x.json", nil, "client_id_host", both},
		{".local", "https://app.local/x.json", nil, "client_id_host", both},
		{".invalid", "https://app.invalid/x.json", nil, "client_id_host", both},
		{".example", "https://app.example/x.json", nil, "client_id_host", both},
		{"example.com", "https://app.example.com/x.json", nil, "client_id_example", both},

		{"another client id", "", change{"client_id": host + "/another.json"}, "client_id_same", both},
		{"no client id", "", change{"client_id": nil}, "client_id_same", both},
		{"web", "", change{"application_type": "web"}, "redirect_loopback", both},
		{"no application type", "", change{"application_type": nil}, "application_type", both},
		{"unknown application type", "", change{"application_type": "desktop"}, "application_type", both},
		{"no auth method", "", change{"token_endpoint_auth_method": nil}, "auth_method", both},
		{"secret", "", change{"token_endpoint_auth_method": "client_secret_post"}, "auth_method", both},
		{"key in a native program", "", change{"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks_uri": host + "/jwks.json"}, "auth_method", both},
		{"algorithm without a key", "", change{"token_endpoint_auth_signing_alg": "ES256"}, "auth_alg", both},
		{"keys without a use", "", change{"jwks_uri": host + "/jwks.json"}, "keys", oursAlone},
		{"no DPoP", "", change{"dpop_bound_access_tokens": nil}, "dpop", both},
		{"DPoP switched off", "", change{"dpop_bound_access_tokens": false}, "dpop", both},
		{"DPoP as text", "", change{"dpop_bound_access_tokens": "true"}, "kind", both},
		{"another response", "", change{"response_types": []string{"token"}}, "response_code", both},
		{"no response types", "", change{"response_types": nil}, "response_code", oursAlone},
		{"no code grant", "", change{"grant_types": []string{"refresh_token"}}, "grant_code", both},
		{"no refresh", "", change{"grant_types": []string{"authorization_code"}}, "grant_refresh", oursAlone},
		{"implicit grant", "", change{"grant_types": []string{"authorization_code", "refresh_token", "implicit"}}, "grant_known", both},
		{"a grant twice", "", change{"grant_types": []string{"authorization_code", "refresh_token", "refresh_token"}}, "grant_known", both},
		{"no scope", "", change{"scope": nil}, "scope_atproto", both},
		{"scope without atproto", "", change{"scope": "transition:generic"}, "scope_atproto", both},
		{"scope with two spaces", "", change{"scope": "atproto  transition:generic"}, "scope_form", both},
		{"scope with a quote", "", change{"scope": `atproto "x"`}, "scope_form", both},
		{"scope twice", "", change{"scope": "atproto atproto"}, "scope_twice", both},
		{"scope as a list", "", change{"scope": []string{"atproto"}}, "kind", both},

		{"no redirects", "", change{"redirect_uris": []string{}}, "redirect_some", both},
		{"redirect to localhost", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "http://localhost/callback"}}, "redirect_localhost", both},
		{"redirect to this computer by https", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "https://127.0.0.1/callback"}}, "redirect_loopback", both},
		{"redirect elsewhere by http", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "http://app.latchkey.internal/callback"}}, "redirect_http", both},
		{"redirect to .test", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "https://app.test/callback"}}, "redirect_host", both},
		{"redirect with a user name", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "https://me@app.latchkey.internal/callback"}}, "redirect_form", both},
		{"redirect with a fragment", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", host + "/callback#x"}}, "redirect_form", oursAlone},
		{"redirect with somebody's scheme", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "com.example.app:/callback"}}, "redirect_scheme", both},
		{"redirect with two slashes", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "internal.latchkey.app://callback"}}, "redirect_scheme", both},
		{"redirect with a scheme without a dot", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "latchkey:/callback"}}, "redirect_scheme", both},
		{"redirect with its own scheme", "", change{"redirect_uris": []string{"http://127.0.0.1/callback", "internal.latchkey.app:/callback"}}, "", ""},
		{"redirects as text", "", change{"redirect_uris": "http://127.0.0.1/callback"}, "kind", both},

		{"page over http", "", change{"client_uri": "http://app.latchkey.internal"}, "link_client", both},
		{"page elsewhere", "", change{"client_uri": "https://www.latchkey.internal"}, "client_uri_parent", both},
		{"page beside", "", change{"client_uri": host + "/about"}, "client_uri_parent", both},
		{"page above", "", change{"client_uri": host}, "", ""},
		{"logo over http", "", change{"logo_uri": "http://app.latchkey.internal/logo.png"}, "link_logo", both},
		{"logo on this computer", "", change{"logo_uri": "http://localhost/logo.png"}, "link_logo", oursAlone},
		{"logo in itself", "", change{"logo_uri": "data:image/png;base64,AA=="}, "link_logo", both},
		{"terms over http", "", change{"tos_uri": "http://app.latchkey.internal/terms"}, "link_tos", both},
		{"privacy over http", "", change{"policy_uri": "http://app.latchkey.internal/privacy"}, "link_policy", both},
		{"name of another kind", "", change{"client_name": 7}, "kind", both},
		{"OpenID's fields", "", change{"id_token_signed_response_alg": "ES256"}, "unsupported", both},
		{"certificates", "", change{"tls_client_certificate_bound_access_tokens": true}, "unsupported", both},
		{"email provider's fields", "", change{"epds_handle_mode": "random", "brand_color": "#112233", "branding": map[string]any{"css": "a{}"}}, "", ""},
	}
	network.HostClient("/jwks.json", []byte(`{"keys": []}`))
	cfg := newHouse(t).config
	client := oauth.New(safehttp.New(cfg.Network.Exceptions, "test"))
	server, err := client.Discover(t.Context(), network.PDS)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := client.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	push := func(clientID string) error {
		_, err := client.Push(t.Context(), latchkey.AuthorizationRequest{
			Server: server, ClientID: clientID, RedirectURI: "http://127.0.0.1:1234/callback", Scopes: []string{"atproto"}, State: "state", Verifier: "a-verifier-that-is-long-enough-for-the-specification",
		}, keys)
		return err
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, path := tt.at, fmt.Sprintf("/check/%d.json", i)
			if at == "" {
				at = host + path
			}
			brand := cfg.Brand
			brand.ClientID = at
			document, err := wire.ClientMetadata(brand)
			if err != nil {
				t.Fatal(err)
			}
			document = changed(t, document, tt.change)
			network.HostClient(path, document)
			refusal := push(at)
			// What is refused must not be so for want of a document.
			if refusal != nil && (latchkey.CodeOf(refusal) != latchkey.ServerRefused || strings.Contains(refusal.Error(), "404")) {
				t.Fatalf("the PDS: %v", refusal)
			}
			findings := clientid.Check(at, document)
			if (refusal != nil) != (tt.refused == both) || clientid.Broken(findings) != (tt.refused != "") {
				t.Errorf("the PDS: %v; ours: %+v; want refused by %q", refusal, findings, tt.refused)
			}
			if named := slices.ContainsFunc(findings, func(f clientid.Finding) bool { return f.Rule == tt.rule && !f.Warning }); named != (tt.rule != "") {
				t.Errorf("the rules are %+v, want %s among them", findings, tt.rule)
			}
			t.Logf("| %s | %s | %v", tt.name, tt.rule, refusal)
		})
	}
	for rule, answer := range map[string]http.HandlerFunc{
		"hosted_status":   http.NotFound,
		"hosted_redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/check/0.json", http.StatusFound) },
		"hosted_type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte("{}"))
		},
		"hosted_size": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"x": "` + strings.Repeat("x", 600<<10) + `"}`))
		},
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			at := network.HostClientAs("/check/"+rule, answer)
			refusal := push(at)
			if latchkey.CodeOf(refusal) != latchkey.ServerRefused {
				t.Errorf("the PDS: %v", refusal)
			}
			_, problem := clientid.Fetch(t.Context(), safehttp.New(cfg.Network.Exceptions, "test"), at)
			if problem == nil || problem.Rule != rule || problem.Warning {
				t.Errorf("ours: %+v", problem)
			}
			t.Logf("| %s | %s | %v", rule, rule, refusal)
		})
	}
}

// changed is a document with some fields set, or taken out.
func changed(t *testing.T, document []byte, by change) []byte {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(document, &fields); err != nil {
		t.Fatal(err)
	}
	for field, value := range by {
		if value == nil {
			delete(fields, field)
		} else {
			fields[field] = value
		}
	}
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
