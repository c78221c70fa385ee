package assertion

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"latchkey/backend/clientauth"
	"latchkey/backend/safehttp"
)

// site is what the client metadata document says of the places that the server is there for.
type site struct {
	origin   string
	clientID string
	product  string
	document []byte
	keys     []byte // the JWK set
	// Paths below the origin; empty where something is hosted elsewhere, or not at all.
	documentPath, keysPath string
	callbackPaths          []string
}

// readSite takes the document as "latchkey client-metadata" prints it. origin is where browsers and installations
// find the server; empty is that of the client id.
func readSite(document []byte, origin string, keys []*clientauth.Key) (site, error) {
	var d struct {
		ClientID     string          `json:"client_id"`
		Name         string          `json:"client_name"`
		RedirectURIs []string        `json:"redirect_uris"`
		AuthMethod   string          `json:"token_endpoint_auth_method"`
		Keys         json.RawMessage `json:"jwks"`
		KeysURI      string          `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return site{}, errors.New("the client metadata is not a JSON object of the right kind")
	}
	if d.AuthMethod != "private_key_jwt" {
		return site{}, fmt.Errorf(`the client metadata says that the product has no key: "token_endpoint_auth_method" is %.40q`, d.AuthMethod)
	}
	if len(keys) == 0 {
		return site{}, errors.New("there is no key to sign with")
	}
	for i, k := range keys {
		if slices.ContainsFunc(keys[:i], func(other *clientauth.Key) bool { return other.ID() == k.ID() }) {
			return site{}, fmt.Errorf("two keys have the id %.40q", k.ID())
		}
	}
	if origin == "" {
		u, err := url.Parse(d.ClientID)
		if err != nil {
			return site{}, errors.New("the client id is not an address")
		}
		origin = u.Scheme + "://" + u.Host
	}
	if !isOrigin(safehttp.New(safehttp.Exceptions{}, ""), origin) {
		return site{}, fmt.Errorf("the server's origin must be one like https://app.example.com, not %.80q", origin)
	}
	s := site{origin: origin, clientID: d.ClientID, product: d.Name, document: document}
	var err error
	if s.keys, err = clientauth.PublicSet(keys...); err != nil {
		return site{}, err
	}
	s.documentPath = s.path(d.ClientID)
	if d.KeysURI != "" {
		s.keysPath = s.path(d.KeysURI)
	} else if err := has(d.Keys, keys); err != nil {
		return site{}, err
	}
	for _, redirect := range d.RedirectURIs {
		if path := s.path(redirect); path != "" {
			s.callbackPaths = append(s.callbackPaths, path)
		}
	}
	all := slices.Concat(s.callbackPaths, []string{s.documentPath, s.keysPath, clientauth.Path, healthPath})
	for i, path := range all {
		if path != "" && slices.Contains(all[:i], path) {
			return site{}, fmt.Errorf("two things are to be at the path %s", path)
		}
	}
	return s, nil
}

// path is the path of an address at this origin, and empty for all others.
func (s site) path(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme+"://"+u.Host != s.origin || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(u.Path) < 2 || u.EscapedPath() != u.Path {
		return ""
	}
	return u.Path
}

// has makes sure that servers find the keys in a set that stands in the document itself.
func has(set json.RawMessage, keys []*clientauth.Key) error {
	var published struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	_ = json.Unmarshal(set, &published) // nothing in it is found below
	for _, k := range keys {
		if !slices.ContainsFunc(published.Keys, func(p struct {
			ID string `json:"kid"`
		}) bool {
			return p.ID == k.ID()
		}) {
			return fmt.Errorf(`the client metadata has neither "jwks_uri" nor the key %.40q in "jwks"`, k.ID())
		}
	}
	return nil
}

// isOrigin tells whether a text is the origin of a server, by these rules and in the one way to spell it.
func isOrigin(rules *safehttp.Client, text string) bool {
	origin, err := rules.Origin(text)
	return err == nil && origin == text && len(text) <= 300
}
