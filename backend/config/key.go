package config

import (
	"net/url"
	"slices"
	"strings"
)

// Who has the key of a confidential client.
const (
	MachineKey = "machine" // each computer, from whoever looks after it
	BackendKey = "backend" // a server that makes assertions for all of them
)

// HandOnURI is the redirect that a confidential client declares: it may not send browsers to this computer, so a page
// of the product's does. Unless the brand names it, it is /callback on the client id's host. Empty for a public client.
func (b Brand) HandOnURI() string {
	if b.ClientKey == "" || b.HandOn != "" {
		return b.HandOn
	}
	u, err := url.Parse(b.ClientID)
	if err != nil {
		return ""
	}
	return "https://" + u.Host + "/callback"
}

// KeysURI is where a confidential client's public keys are hosted; empty where they stand in its document. The server
// that has the key hosts them at /jwks.json unless the brand names another place.
func (b Brand) KeysURI() string {
	if b.ClientKey == BackendKey && b.JWKS == nil && b.JWKSURI == "" {
		return b.AssertionBackend + "/jwks.json"
	}
	return b.JWKSURI
}

// checkKey looks at the keys of the brand file that are about the product's own key.
func (b Brand) checkKey(wrong func(key, why string) error) error {
	switch {
	case !slices.Contains([]string{"", MachineKey, BackendKey}, b.ClientKey):
		return wrong("client_key", `must be empty, "machine" or "backend".`)
	case b.ClientKey != "" && b.ClientID == Loopback:
		return wrong("client_key", `needs a hosted identity: "client_id" is "loopback".`)
	case b.ClientKey != "" && b.SchemeRedirect:
		return wrong("scheme_redirect", `is for products without a key: servers allow such a redirect to those alone.`)
	case b.ClientKey == BackendKey && !isOrigin(b.AssertionBackend, nil):
		return wrong("assertion_backend", "must be the https address of the server that has the key, such as https://app.example.com.")
	case b.ClientKey != BackendKey && b.AssertionBackend != "":
		return wrong("assertion_backend", `belongs to "client_key": "backend".`)
	}
	if b.ClientKey == "" && b.JWKS != nil {
		return wrong("jwks", `belongs to "client_key".`)
	}
	if b.JWKS != nil {
		if why := wrongKeys(b.JWKS); why != "" {
			return wrong("jwks", why)
		}
	}
	if b.ClientKey != "" && (b.JWKS == nil) == (b.KeysURI() == "") {
		return wrong("jwks", `must have the public keys, as "latchkey client-key generate" prints them; or "jwks_uri" the address that they are hosted at, and not both.`)
	}
	for _, page := range []struct{ key, value string }{{"hand_on", b.HandOn}, {"jwks_uri", b.JWKSURI}} {
		u, err := url.Parse(page.value)
		switch {
		case page.value == "":
		case b.ClientKey == "":
			return wrong(page.key, `belongs to "client_key".`)
		// The redirect is compared letter by letter, with what a browser makes of it too.
		case err != nil || !isLink(page.value) || u.RawQuery != "" || u.ForceQuery || u.Host != strings.ToLower(u.Host) || len(u.Path) < 2:
			return wrong(page.key, "must be empty, or an https address with a path and without a query, such as https://app.example.com/callback.")
		}
	}
	return nil
}

// wrongKeys answers what is wrong with a set of public keys. The brand file becomes part of the program, which
// everybody can read.
func wrongKeys(set map[string]any) string {
	keys, _ := set["keys"].([]any)
	for _, key := range keys {
		members, ok := key.(map[string]any)
		if !ok {
			keys = nil
			break
		}
		for _, private := range []string{"d", "k", "p", "q"} {
			if members[private] != nil {
				return "HAS A PRIVATE KEY IN IT, which whoever has seen this file knows now. Take it out, make a new key, and put the public part of that here."
			}
		}
	}
	if len(keys) == 0 {
		return `must be a JSON Web Key Set with one key at least: {"keys": [...]}.`
	}
	return ""
}
