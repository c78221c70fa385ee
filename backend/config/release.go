//go:build !devnet

package config

import (
	"fmt"
	"io"
)

// Development tells development builds (tag devnet) from release builds.
const Development = false

// Help is what the help of a development build says of its environment.
const Help = ""

func applyDevelopment(*Config) error { return nil }

// WarnIgnored tells on w that the environment names a private network, which this build can't use.
func WarnIgnored(w io.Writer, program string) {
	if name, value := Lookup(NetworkFile); value != "" {
		_, _ = fmt.Fprintf(w, "%s: %s is set, but this build uses the public network only; "+
			"build it with the Go tag devnet to use a private one, or unset the variable.\n", program, name)
	}
}
