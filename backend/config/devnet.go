//go:build devnet

package config

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// Development tells development builds (tag devnet) from release builds.
const Development = true

const prefix = "LATCHKEY_"

// applyDevelopment lets the environment override the brand and name a private network.
func applyDevelopment(c *Config) error {
	const where = "environment"
	keys := []string{prefix + "NAME", prefix + "CLIENT_ID", prefix + "SCHEME_REDIRECT", prefix + "SCOPES", prefix + "EMAIL_PROVIDER", prefix + "SUGGESTIONS", prefix + "NETWORK", PassphraseFile}
	for _, entry := range os.Environ() {
		key, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(key, prefix) && !slices.Contains(keys, key) {
			return &Error{Where: where, Key: key, Why: "is not a variable of this program; it knows " + strings.Join(keys, ", ") + "."}
		}
	}
	if path := os.Getenv(prefix + "NETWORK"); path != "" {
		network, err := readNetwork(path)
		if err != nil {
			return err
		}
		c.Network = network
	}
	override := func(key string, set func(string)) {
		if value := os.Getenv(prefix + key); value != "" {
			set(value)
		}
	}
	override("NAME", func(v string) { c.Brand.Name = v })
	override("CLIENT_ID", func(v string) { c.Brand.ClientID = v })
	override("SCHEME_REDIRECT", func(v string) { c.Brand.SchemeRedirect = v == "true" })
	override("SCOPES", func(v string) { c.Brand.Scopes = strings.Fields(v) })
	override("EMAIL_PROVIDER", func(v string) { c.Brand.EmailProvider = v })
	override("SUGGESTIONS", func(v string) { c.Brand.Suggestions = v })
	if err := c.Brand.check(where, c.Network.Exceptions.PlainHTTP); err != nil {
		// The brand names its keys as the file does; here they are variables.
		if e := (*Error)(nil); errors.As(err, &e) {
			e.Key = prefix + strings.ToUpper(e.Key)
		}
		return err
	}
	return nil
}
