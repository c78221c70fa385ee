package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// errTrouble ends a command whose output has said already what is wrong.
var errTrouble = errors.New("something needs to be done")

func doctorCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look whether all is well, and say what to do",
		Long: `Look whether all is well, and say what to do.

It looks at this computer only: it needs no network, asks for nothing and changes nothing. What it
prints names nobody who signed in and holds no secret, so that it can be pasted into a bug report.

Exit status: 0 when all is well, 1 when something needs to be done; that is marked with !.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load()
			report := wire.Report(cmd.Context(), cfg, nil, err)
			for _, f := range report {
				out.finding(f)
			}
			if !report.Fine() {
				return errTrouble
			}
			return nil
		},
	}
}

func (p *printer) finding(f latchkey.Finding) {
	if p.json {
		line := map[string]any{"name": f.Name, "value": f.Value, "fine": f.Trouble == nil}
		if f.Trouble != nil {
			line["error"] = jsonError{Code: f.Trouble.Code, Message: f.Trouble.Message(), Retryable: f.Trouble.Retryable()}
		}
		p.line(p.out, line)
		return
	}
	_, _ = fmt.Fprintln(p.out, f)
	if f.Trouble == nil {
		return
	}
	if hint, ok := hints[f.Trouble.Code]; ok {
		_, _ = fmt.Fprintf(p.out, "     %s\n", hint)
	}
}
