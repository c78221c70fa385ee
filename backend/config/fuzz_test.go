package config

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/backend/safehttp"
	"latchkey/build"
)

// FuzzBrand: a brand file that is taken has all that a sign-in builds on it.
func FuzzBrand(f *testing.F) {
	f.Add(build.Brand)
	for key, value := range map[string]any{
		"client_id": "https://app.example.com/client-metadata.json", "email_provider": "https://pds.example.com:8443", "id": "x..y",
		"scopes": []string{"atproto", "repo:app.bsky.feed.post", "atproto"}, "name": "\u202e\x00", "email_providers": []string{"https://a@b", "file:///x"},
	} {
		f.Add(goodBrand(f, key, value))
	}
	for _, odd := range []string{"?", "#", ":", "/", "%25eth0"} {
		f.Add(goodBrand(f, "email_provider", "https://pds.example.com"+odd))
	}
	f.Add([]byte(`null`))
	client := safehttp.New(safehttp.Exceptions{}, "test")
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBrand("brand.json", data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Where != "brand.json" {
				t.Errorf("got %v", err)
			}
			return
		}
		if b.Name == "" || !idPattern.MatchString(b.ID) || strings.Contains(b.ID, "..") || !slices.Contains(b.Scopes, "atproto") {
			t.Errorf("got %+v", b)
		}
		for _, provider := range append([]string{b.EmailProvider}, b.EmailProviders...) {
			if provider == "" {
				continue
			}
			if _, err := client.Origin(provider); err != nil {
				t.Errorf("email provider %q: %v", provider, err)
			}
		}
		id, err := url.Parse(b.OAuthClientID(b.Scopes))
		if err != nil || b.ClientID != Loopback && (id.Scheme != "https" || id.Fragment != "") {
			t.Errorf("client id %q", b.ClientID)
		}
		if b.ClientID == Loopback && id.Query().Get("scope") != strings.Join(b.Scopes, " ") {
			t.Errorf("client id for the scopes %q: %s", b.Scopes, id)
		}
		again, err := json.Marshal(brandFile(b))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseBrand("brand.json", again); err != nil {
			t.Errorf("written again, it is %v", err)
		}
	})
}
