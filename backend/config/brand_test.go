package config

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// goodBrand is a brand file that a test changes in one place; a nil value removes the key.
func goodBrand(t testing.TB, key string, value any) []byte {
	t.Helper()
	f := map[string]any{
		"name":           "Latchkey",
		"id":             "com.example.app",
		"accent":         map[string]string{"light": "#8a5f10", "dark": "#e0b050"},
		"client_id":      "loopback",
		"scopes":         []string{"atproto", "transition:generic"},
		"email_provider": "",
	}
	if value == nil {
		delete(f, key)
	} else {
		f[key] = value
	}
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestGoodBrands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		value     any
	}{
		{"as it is", "name", "Latchkey"},
		{"name of other letters", "name", "Ключница 🗝"},
		{"name of 40 characters", "name", strings.Repeat("ü", 40)},
		{"short id", "id", "latchkey"},
		{"hosted client", "client_id", "https://app.example.com/client-metadata.json"},
		{"atproto alone", "scopes", []string{"atproto"}},
		{"fine-grained scopes", "scopes", []string{"atproto", "repo:app.bsky.feed.post", "rpc:app.bsky.feed.getTimeline?aud=*", "blob:*/*", "account:email"}},
		{"permission set", "scopes", []string{"include:com.example.permissions", "atproto"}},
		{"email provider", "email_provider", "https://pds.example.com"},
		{"email provider with a port", "email_provider", "https://pds.example.com:8443"},
		{"email providers", "email_providers", []string{"https://pds.example.com", "https://mail.example.com"}},
		{"no email provider", "email_provider", nil},
		{"suggestions", "suggestions", "https://public.api.bsky.app"},
		{"no suggestions", "suggestions", ""},
		{"loopback in releases", "loopback_release", true},
		{"scopes for later", "later_scopes", []string{"transition:chat.bsky", "blob:*/*"}},
		{"page of the product", "client_uri", "https://app.example.com"},
		{"logo", "logo_uri", "https://app.example.com/logo.png"},
		{"terms", "tos_uri", "https://example.com/terms?lang=en"},
		{"privacy", "policy_uri", "https://example.com/privacy"},
		{"no privacy", "policy_uri", ""},
		{"colour", "brand_color", "#1a2B3c"},
		{"background", "background_color", "#ffffff"},
		{"template of mails", "email_template_uri", "https://app.example.com/mail.html"},
		{"subject of mails", "email_subject_template", "{{code}} is your code for {{app_name}}"},
		{"way of handles", "epds_handle_mode", "picker-with-random"},
		{"consent at sign-up", "epds_skip_consent_on_signup", true},
		{"branding", "branding", map[string]any{"css": "body { color: red }", "favicon_url": "https://app.example.com/icon.png", "favicon_url_dark": ""}},
		{"no branding", "branding", map[string]any{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := ParseBrand("brand.json", goodBrand(t, tt.key, tt.value))
			if err != nil || b.Name == "" || !slices.Contains(b.Scopes, "atproto") {
				t.Errorf("got %+v, %v", b, err)
			}
		})
	}
}

func TestBadBrands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string
		value     any
	}{
		{"no name", "name", nil},
		{"empty name", "name", ""},
		{"name with spaces around", "name", " Latchkey"},
		{"name with a line", "name", "Latch\nkey"},
		{"name of 41 characters", "name", strings.Repeat("ü", 41)},
		{"name of another kind", "name", 7},
		{"no id", "id", nil},
		{"id in upper case", "id", "Latchkey"},
		{"id that leads out", "id", "../latchkey"},
		{"id with a slash", "id", "a/b"},
		{"id of dots", "id", ".."},
		{"id that ends with a dot", "id", "latchkey."},
		{"long id", "id", strings.Repeat("a", 61)},
		{"no client", "client_id", nil},
		{"client over http", "client_id", "http://app.example.com/client-metadata.json"},
		{"client without a path", "client_id", "https://app.example.com"},
		{"client with a slash only", "client_id", "https://app.example.com/"},
		{"client with a port", "client_id", "https://app.example.com:8443/x"},
		{"client with user info", "client_id", "https://x@app.example.com/x"},
		{"client with a fragment", "client_id", "https://app.example.com/x#y"},
		{"client without a host", "client_id", "https:///x"},
		{"Loopback", "client_id", "Loopback"},
		{"the localhost client itself", "client_id", "http://localhost?scope=atproto"},
		{"no scopes", "scopes", nil},
		{"scopes without atproto", "scopes", []string{"transition:generic"}},
		{"a scope twice", "scopes", []string{"atproto", "atproto"}},
		{"a scope that is none", "scopes", []string{"atproto", "everything"}},
		{"an empty scope", "scopes", []string{"atproto", ""}},
		{"two scopes in one", "scopes", []string{"atproto transition:generic"}},
		{"transition of nothing", "scopes", []string{"atproto", "transition:"}},
		{"transition with a space", "scopes", []string{"atproto", "transition:a b"}},
		{"scopes as text", "scopes", "atproto"},
		{"email providers over http", "email_providers", []string{"http://pds.example.com"}},
		{"email providers that are one", "email_providers", "https://pds.example.com"},
		{"email provider with a slash", "email_provider", "https://pds.example.com/"},
		{"email provider over http", "email_provider", "http://pds.example.com"},
		{"email provider with a path", "email_provider", "https://pds.example.com/x"},
		{"email provider with a query", "email_provider", "https://pds.example.com?x"},
		{"email provider with an empty query", "email_provider", "https://pds.example.com?"},
		{"email provider with an empty port", "email_provider", "https://pds.example.com:"},
		{"email provider with a fragment", "email_provider", "https://pds.example.com#x"},
		{"email provider with user info", "email_provider", "https://x@pds.example.com"},
		{"email provider that is a name", "email_provider", "pds.example.com"},
		{"suggestions over http", "suggestions", "http://public.api.bsky.app"},
		{"suggestions with a path", "suggestions", "https://public.api.bsky.app/xrpc"},
		{"a key that does not exist", "colour", "red"},
		{"loopback in releases, as text", "loopback_release", "true"},
		{"a scheme without an identity", "scheme_redirect", true},
		{"a scope for later that is none", "later_scopes", []string{"everything"}},
		{"a scope for later twice", "later_scopes", []string{"blob:*/*", "blob:*/*"}},
		{"a scope for later and now", "later_scopes", []string{"transition:generic"}},
		{"page over http", "client_uri", "http://app.example.com"},
		{"page on this machine", "client_uri", "http://localhost:8080"},
		{"logo without a scheme", "logo_uri", "app.example.com/logo.png"},
		{"logo in itself", "logo_uri", "data:image/png;base64,AA=="},
		{"terms with user info", "tos_uri", "https://x@app.example.com/terms"},
		{"privacy with a fragment", "policy_uri", "https://app.example.com/#privacy"},
		{"colour by name", "brand_color", "red"},
		{"short colour", "brand_color", "#123"},
		{"colour of other letters", "background_color", "#12345g"},
		{"template over http", "email_template_uri", "http://app.example.com/mail.html"},
		{"subject of two lines", "email_subject_template", "a\nb"},
		{"long subject", "email_subject_template", strings.Repeat("a", 201)},
		{"unknown way of handles", "epds_handle_mode", "none"},
		{"consent at sign-up, as text", "epds_skip_consent_on_signup", "yes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseBrand("brand.json", goodBrand(t, tt.key, tt.value))
			checkError(t, err, "brand.json", tt.key)
		})
	}
	for key, value := range map[string]string{
		"favicon_url": "http://app.example.com/icon.png", "favicon_url_dark": "icon.png", "css": strings.Repeat("a", 32<<10+1),
	} {
		t.Run("branding with another "+key, func(t *testing.T) {
			t.Parallel()
			_, err := ParseBrand("brand.json", goodBrand(t, "branding", map[string]string{key: value}))
			checkError(t, err, "brand.json", "branding."+key)
		})
	}
	for name, text := range map[string]string{
		"nothing":     "",
		"null":        "null",
		"a list":      "[]",
		"half":        `{"name": "La`,
		"two objects": string(goodBrand(t, "", nil)) + "{}",
		"a byte more": string(goodBrand(t, "", nil)) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseBrand("brand.json", []byte(text))
			checkError(t, err, "brand.json", "")
		})
	}
}

// checkError wants an error that is fit to be printed: where, which key, and a sentence.
func checkError(t *testing.T, err error, where, key string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Where != where || e.Key != key {
		t.Fatalf("got %#v, want an error at the key %q of %s", err, key, where)
	}
	if text := e.Error(); !strings.HasPrefix(text, where+": ") || !strings.HasSuffix(text, ".") || !strings.Contains(text, key) {
		t.Errorf("the error reads %q", text)
	}
}

func TestOAuthClientID(t *testing.T) {
	t.Parallel()
	b := Brand{ClientID: Loopback, Scopes: []string{"atproto", "transition:generic", "rpc:app.bsky.feed.getTimeline?aud=*"}}
	rest, ok := strings.CutPrefix(b.OAuthClientID(b.Scopes), "http://localhost?")
	if !ok {
		t.Fatalf("the client id is %s", b.OAuthClientID(b.Scopes))
	}
	q, err := url.ParseQuery(rest)
	if err != nil || len(q) != 2 || len(q["redirect_uri"]) != 1 || len(q["scope"]) != 1 {
		t.Fatalf("the parameters are %v, %v", q, err)
	}
	// A port in the declared redirect would have to be the same for every sign-in and refresh.
	if q.Get("redirect_uri") != "http://127.0.0.1/callback" || q.Get("scope") != strings.Join(b.Scopes, " ") {
		t.Errorf("the parameters are %v", q)
	}
	const hosted = "https://app.example.com/client-metadata.json"
	if got := (Brand{ClientID: hosted, Scopes: b.Scopes}).OAuthClientID(b.Scopes); got != hosted {
		t.Errorf("a hosted client id became %s", got)
	}
}

func TestScheme(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"https://app.example.com/oauth-client-metadata.json": "com.example.app",
		"https://example.com/client.json":                    "com.example",
	} {
		b := Brand{ClientID: id}
		if got := b.Scheme(); got != "" {
			t.Errorf("%s: %q, though nobody asked for a scheme", id, got)
		}
		if got := b.SchemeRedirectURI(); got != "" {
			t.Errorf("%s: %q, though nobody asked for a scheme", id, got)
		}
		b.SchemeRedirect = true
		if got := b.Scheme(); got != want {
			t.Errorf("%s: %q, not %q", id, got, want)
		}
		if got := b.SchemeRedirectURI(); got != want+":/callback" {
			t.Errorf("%s: %q", id, got)
		}
	}
}
