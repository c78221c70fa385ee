package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/backend/config"
	"latchkey/backend/wire"
)

func clientKeyImportCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Put the product's key into your keychain, on a computer that you look after",
		Long: `Put the product's key into your keychain, on a computer that you look after.

It is for products whose organisation gives the key to its computers ("client_key": "machine" in the
brand file), and takes the place of an older key there. Each person on the computer has a keychain of
their own; a file of the administrator's serves all of them, and counts before the keychain:
` + command + ` doctor says where it has to be.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			id, err := wire.ImportClientKey(cmd.Context(), cfg, args[0])
			if err != nil {
				return err
			}
			out.clientKeyImported(id, args[0])
			return nil
		},
	}
}

func (p *printer) clientKeyImported(id, path string) {
	if p.json {
		p.line(p.out, map[string]any{"event": "client_key_imported", "kid": id})
		return
	}
	_, _ = fmt.Fprintf(p.out, "The key %q is in your keychain now. Delete %s from this computer.\n", id, path)
}
