package wire

import (
	"testing"

	"latchkey/backend/config"
)

// A sign-in comes back through the scheme only where there is one, the program takes its addresses, and they lead to it.
func TestSchemeRedirect(t *testing.T) {
	t.Parallel()
	with := config.Brand{ClientID: "https://app.example.com/client.json", Hosted: config.Hosted{SchemeRedirect: true}}
	without := config.Brand{ClientID: with.ClientID}
	for name, ask := range map[string]func() bool{
		"no scheme":          func() bool { return schemeRedirect(without, Options{TakesAddresses: true}) == nil },
		"no window":          func() bool { return schemeRedirect(with, Options{}) == nil },
		"nothing registered": func() bool { return schemeRedirect(with, Options{TakesAddresses: true})(t.Context()) == "" },
	} {
		if !ask() {
			t.Errorf("%s: it is asked for", name)
		}
	}
}
