package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/backend/wire"
)

func clientKeyCommand(out *printer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "client-key",
		Short: "Make the key by which an organisation's product proves that it is itself",
		Long: `Make the key by which an organisation's product proves that it is itself.

Most products need none. With one, servers let people stay signed in for longer, for they can tell the
product from others that use its name. The key lies on a server of the organisation, which vouches for all
installations, or on the computers that it looks after, and never in the product itself.`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return usageError{errors.New("say what to do: " + command + " client-key generate, jwks or import")}
		},
	}
	cmd.AddCommand(clientKeyGenerateCommand(out), clientKeySetCommand(out), clientKeyImportCommand(out))
	return cmd
}

func clientKeyGenerateCommand(out *printer) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make a new key in a file, and print its public part",
		Long: `Make a new key in a file, and print its public part, a JSON Web Key Set, for servers to read.

The file is for you alone to read, and none is ever overwritten.`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			set, err := wire.GenerateClientKey(path)
			if err != nil {
				return err
			}
			out.clientKeyMade(path, set)
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "out", "client-key.json", "the file to make")
	return cmd
}

func clientKeySetCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "jwks FILE...",
		Short: "Print the public part of keys, as it has to be hosted",
		Long: `Print the public part of keys, as it has to be hosted: a JSON Web Key Set, with nothing secret in it.

Name two files while a new key takes the place of an old one.`,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := wire.PublicClientKeys(args...)
			if err != nil {
				return err
			}
			out.clientKeySet(set)
			return nil
		},
	}
}

func (p *printer) clientKeyMade(path string, set []byte) {
	if p.json {
		p.line(p.out, map[string]any{"event": "client_key_made", "path": path, "jwks": json.RawMessage(set)})
		return
	}
	p.clientKeySet(set)
	_, _ = fmt.Fprintf(p.err, `
The new key is in %s. Whoever has that file can pass for your product: let nobody
else read it, and keep a copy where your organisation keeps such things.

What to do now:
  1. Host the lines above, which are not secret, where the "jwks_uri" of your client metadata says.
     The assertion backend does that by itself.
  2. Give the file to that backend (-key %s), or to the computers that you look after.
`, path, path)
}

func (p *printer) clientKeySet(set []byte) {
	if p.json {
		p.line(p.out, json.RawMessage(set))
		return
	}
	_, _ = p.out.Write(set)
}
