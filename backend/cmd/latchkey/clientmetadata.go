package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"latchkey/backend/config"
	"latchkey/backend/wire"
)

func clientMetadataCommand(out *printer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "client-metadata",
		Short: "Print the document that makes servers know this product, to be hosted at its client id",
		Long: `Print the document that makes servers know this product, to be hosted at its client id.

It is made of the brand file that this program was built with (build/brand/brand.json). Serve it at the
https address that is the client_id there, as application/json and without a redirect, then have it
checked: ` + command + ` client-metadata check`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			document, err := wire.ClientMetadata(cfg.Brand)
			if err != nil {
				return err
			}
			if out.json {
				out.line(out.out, json.RawMessage(document))
				return nil
			}
			_, _ = out.out.Write(document)
			return nil
		},
	}
	cmd.AddCommand(clientMetadataCheckCommand(out), clientMetadataHandOnCommand(out))
	return cmd
}

func clientMetadataCheckCommand(out *printer) *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use:   "check [URL]",
		Short: "Check the document and its hosted copy by the rules of servers",
		Long: `Check the document and its hosted copy by the rules of servers, and compare the two.

The hosted copy is the one at URL, or at the client id of this build. A build without one of its own is
told what it would need to use the copy at URL.

Exit status: 0 when servers take it, with warnings (?) or without; 1 when they do not, which is marked
with !.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			at := ""
			if len(args) == 1 {
				at = args[0]
			}
			if offline && at != "" {
				return usageError{errors.New("name an address or say --offline, not both")}
			}
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			findings, err := wire.CheckClient(cmd.Context(), cfg, at, offline)
			if err != nil {
				return err
			}
			broken := false
			for _, f := range findings {
				out.clientFinding(f)
				broken = broken || !f.Warning
			}
			if broken {
				return errTrouble
			}
			out.clientFine(len(findings))
			return nil
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "check the document of this build only, before it is hosted")
	return cmd
}

func clientMetadataHandOnCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "hand-on",
		Short: "Print the page that takes browsers back to a product with a key, to be hosted at its redirect",
		Long: `Print the page that takes browsers back to a product with a key, to be hosted at its redirect.

Serve it as text/html at the redirect that ` + command + ` client-metadata prints, whatever the query is. The
assertion backend needs no page: it takes browsers back by itself.`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			page, err := wire.HandOnPage(cfg.Brand)
			if err != nil {
				return err
			}
			if out.json {
				out.line(out.out, map[string]any{"page": string(page)})
				return nil
			}
			_, _ = out.out.Write(page)
			return nil
		},
	}
}

func (p *printer) clientFinding(f wire.ClientFinding) {
	if !p.json {
		_, _ = fmt.Fprintln(p.out, f)
		return
	}
	severity := "error"
	if f.Warning {
		severity = "warning"
	}
	p.line(p.out, map[string]any{"copy": f.Copy(), "rule": f.Rule, "field": f.Field, "severity": severity, "message": f.Message})
}

// clientFine says that a check found nothing but so many warnings; programs read that from the exit status.
func (p *printer) clientFine(warnings int) {
	switch {
	case p.json:
	case warnings == 0:
		_, _ = fmt.Fprintln(p.out, " ok  Servers take it.")
	default:
		_, _ = fmt.Fprintln(p.out, " ok  Servers take it, with the warnings above.")
	}
}
