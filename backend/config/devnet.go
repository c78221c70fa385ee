//go:build devnet

package config

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
)

// Development tells development builds (tag devnet) from release builds.
const Development = true

// Help is what the help of a development build says of its environment.
var Help = `This is a development build: where ` + Variable(NetworkFile) + ` names a file that describes a private network,
it talks to that network instead of the public one. "make network" starts one and prints the line to set it.`

// WarnIgnored has nothing to say in a development build: it refuses variables that it can't use.
func WarnIgnored(io.Writer, string) {}

// onPrivateNetwork is the brand without its hosted identity: no server of a private network can fetch the document.
func (b Brand) onPrivateNetwork() Brand {
	if b.ClientID != Loopback {
		b.ClientID, b.Hosted = Loopback, Hosted{}
	}
	return b
}

// applyDevelopment lets the environment override the brand and name a private network.
func applyDevelopment(c *Config) error {
	const where = "environment"
	keys := []string{"NAME", "CLIENT_ID", "SCHEME_REDIRECT", "CLIENT_KEY", "CLIENT_KEY_FILE", "ASSERTION_BACKEND", "JWKS_URI", "SCOPES", "EMAIL_PROVIDER", "SUGGESTIONS", NetworkFile, PassphraseFile}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if key, ours := strings.CutPrefix(name, prefix); ours && !slices.Contains(keys, key) {
			return &Error{Where: where, Key: name, Why: "is not a variable of this program; it knows " + prefix + strings.Join(keys, ", "+prefix) + "."}
		}
	}
	if _, path := Lookup(NetworkFile); path != "" {
		network, err := readNetwork(path)
		if err != nil {
			return err
		}
		c.Network = network
		c.Brand = c.Brand.onPrivateNetwork()
	}
	override := func(key string, set func(string)) {
		if _, value := Lookup(key); value != "" {
			set(value)
		}
	}
	override("NAME", func(v string) { c.Brand.Name = v })
	override("CLIENT_ID", func(v string) { c.Brand.ClientID = v })
	override("CLIENT_KEY", func(v string) { c.Brand.ClientKey = v })
	override("CLIENT_KEY_FILE", func(v string) { c.Paths.ClientKey = v })
	override("ASSERTION_BACKEND", func(v string) { c.Brand.AssertionBackend = v })
	override("JWKS_URI", func(v string) { c.Brand.JWKSURI = v })
	override("SCHEME_REDIRECT", func(v string) { c.Brand.SchemeRedirect = v == "true" })
	override("SCOPES", func(v string) { c.Brand.Scopes = strings.Fields(v) })
	override("EMAIL_PROVIDER", func(v string) { c.Brand.EmailProvider = v })
	override("SUGGESTIONS", func(v string) { c.Brand.Suggestions = v })
	if err := c.Brand.check(where, c.Network.Exceptions.PlainHTTP); err != nil {
		// The brand names its keys as the file does; here they are variables.
		if e := (*Error)(nil); errors.As(err, &e) {
			e.Key, _ = Lookup(strings.ToUpper(e.Key))
		}
		return err
	}
	return nil
}
