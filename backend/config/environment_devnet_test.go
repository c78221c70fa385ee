//go:build devnet

package config

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) { // not parallel: it sets the environment
	plain, err := Load()
	if err != nil || !Development || !reflect.DeepEqual(plain.Network, Network{}) {
		t.Fatalf("without variables: %+v, %v", plain, err)
	}
	t.Setenv(prefix+"NAME", "Another name")
	t.Setenv(prefix+"CLIENT_ID", "https://app.example.com/client-metadata.json")
	t.Setenv(prefix+"SCHEME_REDIRECT", "true")
	t.Setenv(prefix+"SCOPES", "  atproto   transition:generic ")
	t.Setenv(prefix+"EMAIL_PROVIDER", "https://pds.example.com")
	t.Setenv(prefix+"SUGGESTIONS", "https://suggestions.example.com")
	t.Setenv(prefix+"NETWORK", "")
	t.Setenv(Variable(PassphraseFile), "/read/when/it/is/needed")
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	hosted := plain.Brand.Hosted
	hosted.SchemeRedirect = true
	want := Brand{"Another name", plain.Brand.ID, plain.Brand.Accent, "https://app.example.com/client-metadata.json", []string{"atproto", "transition:generic"}, "https://pds.example.com", plain.Brand.EmailProviders, "https://suggestions.example.com", hosted}
	if !reflect.DeepEqual(c.Brand, want) || c.Paths != plain.Paths {
		t.Errorf("got %+v and %+v", c.Brand, c.Paths)
	}
}

func TestEmptyVariablesChangeNothing(t *testing.T) { // not parallel: it sets the environment
	plain, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"NAME", "CLIENT_ID", "SCHEME_REDIRECT", "SCOPES", "EMAIL_PROVIDER", "SUGGESTIONS", "NETWORK"} {
		t.Setenv(prefix+key, "")
	}
	c, err := Load()
	if err != nil || !reflect.DeepEqual(c, plain) {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestBadEnvironment(t *testing.T) { // not parallel: it sets the environment
	tests := []struct{ name, key, value string }{
		{"name", prefix + "NAME", " spaces around "},
		{"client id", prefix + "CLIENT_ID", "http://app.example.com/x"},
		{"scheme redirect", prefix + "SCHEME_REDIRECT", "true"}, // without a hosted identity
		{"scopes", prefix + "SCOPES", "transition:generic"},
		{"email provider", prefix + "EMAIL_PROVIDER", "pds.example.com"},
		{"suggestions", prefix + "SUGGESTIONS", "http://localhost:2583"},
		{"unknown", prefix + "NETWROK", "network.json"},
		{"id", prefix + "ID", "other"},
		{"unknown and empty", prefix + "MADE_UP", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(tt.key, tt.value)
			c, err := Load()
			checkError(t, err, "environment", tt.key)
			if !reflect.DeepEqual(c, Config{}) {
				t.Errorf("half a configuration came back: %+v", c)
			}
		})
	}
	t.Run("network file", func(t *testing.T) {
		t.Setenv(prefix+"NETWORK", t.TempDir()+"/missing.json")
		_, err := Load()
		var e *Error
		if !errors.As(err, &e) || !slices.Contains([]string{e.Where, e.Key}, prefix+"NETWORK") {
			t.Errorf("got %v", err)
		}
	})
}

// The servers of a private network can't fetch what a product hosts elsewhere, unless the environment says that they can.
func TestHostedBrandOnPrivateNetwork(t *testing.T) {
	t.Parallel()
	hosted := Brand{Name: "Harbour", ID: "harbour", ClientID: "https://app.example.com/client-metadata.json", Scopes: []string{"atproto"}, Hosted: Hosted{SchemeRedirect: true}}
	want := Brand{Name: "Harbour", ID: "harbour", ClientID: Loopback, Scopes: []string{"atproto"}}
	if got := hosted.onPrivateNetwork(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	own := Brand{Name: "Harbour", ClientID: Loopback, Hosted: Hosted{LoopbackRelease: true}}
	if got := own.onPrivateNetwork(); !reflect.DeepEqual(got, own) {
		t.Errorf("got %+v", got)
	}
}
