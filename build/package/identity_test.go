package main

import (
	"strings"
	"testing"

	"latchkey/backend/config"
)

// Nothing is packaged that servers would refuse, and nothing is shipped whose document nobody can fetch.
func TestIdentity(t *testing.T) {
	t.Parallel()
	own := config.Brand{Name: "Notes", ID: "notes", ClientID: "https://notes.latchkey.internal/oauth-client-metadata.json", Scopes: []string{"atproto"}}
	change := func(f func(*config.Brand)) config.Brand { b := own; f(&b); return b }
	for name, c := range map[string]struct {
		brand config.Brand
		keys  string
		wrong bool
		said  string // a piece of it
	}{
		"good":                      {own, "test", false, ""},
		"good, unsigned":            {own, "none", false, ""},
		"not hosted":                {own, "environment", true, "  !  hosted, document: The hosted copy can't be fetched."},
		"loopback":                  {change(func(b *config.Brand) { b.ClientID = config.Loopback }), "test", true, "  !  build, client_id: "},
		"loopback, insisting":       {change(func(b *config.Brand) { b.ClientID, b.LoopbackRelease = config.Loopback, true }), "environment", false, "  ?  build, client_id: "},
		"an address for examples":   {change(func(b *config.Brand) { b.ClientID = "https://app.example.com/oauth-client-metadata.json" }), "none", true, "  !  build, client_id: "},
		"a page of somebody else":   {change(func(b *config.Brand) { b.ClientURI = "https://latchkey.internal" }), "test", true, "  !  build, client_uri: "},
		"an address people can see": {change(func(b *config.Brand) { b.ClientID = "https://notes.latchkey.internal/client.json" }), "test", false, "  ?  build, client_id: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said strings.Builder
			err := product{Brand: c.brand}.identity(t.Context(), options{keys: c.keys, say: &said})
			if (err != nil) != c.wrong || !strings.Contains(said.String(), c.said) || (c.said == "") != (said.Len() == 0) {
				t.Errorf("%v\n%s", err, &said)
			}
		})
	}
}
