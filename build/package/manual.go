package main

import (
	"context"
	"regexp"
	"strings"
	"time"
)

// manual is the page of the terminal face for man(1): what the program says itself about its commands.
func (p product) manual(ctx context.Context, program string) ([]byte, error) {
	var page strings.Builder
	page.WriteString(".TH " + roff(p.Command) + " 1 \"" + p.time.Format(time.DateOnly) + "\" \"" + roff(p.version) + "\" \"" + roff(p.Name) + "\"\n" +
		".SH NAME\n" + roff(p.Command) + " \\- " + roff(p.Summary) + "\n" +
		".SH SYNOPSIS\n.B " + roff(p.Command) + "\n.I command\n.RI [ arguments ]\n.SH DESCRIPTION\n")
	for _, paragraph := range p.Description {
		page.WriteString(".PP\n" + roff(paragraph) + "\n")
	}
	page.WriteString(".SH COMMANDS\n")
	if err := p.describe(ctx, &page, program); err != nil {
		return nil, err
	}
	page.WriteString(".SH EXIT STATUS\n0: done. 1: failed, with a sentence on standard error. 2: wrong usage.\n" +
		".SH SEE ALSO\n.BR " + roff(p.window()) + " (1)\n")
	return []byte(page.String()), nil
}

var subcommand = regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) +\S`)

// describe writes what the program says about the commands below one, or about this one if there are none.
func (p product) describe(ctx context.Context, page *strings.Builder, program string, path ...string) error {
	help, err := output(ctx, program, append(path, "--help")...)
	if err != nil {
		return err
	}
	_, list, more := strings.Cut(help, "\nAvailable Commands:\n")
	if len(path) > 0 {
		help, _, _ = strings.Cut(help, "\n\nUse \"") // where to find more: below
		page.WriteString(".SS " + roff(p.Command+" "+strings.Join(path, " ")) + "\n.nf\n" + roff(help) + "\n.fi\n")
	}
	if !more {
		return nil
	}
	list, _, _ = strings.Cut(list, "\n\n")
	for _, m := range subcommand.FindAllStringSubmatch(list, -1) {
		if m[1] == "help" {
			continue
		}
		if err := p.describe(ctx, page, program, append(path[:len(path):len(path)], m[1])...); err != nil {
			return err
		}
	}
	return nil
}

// roff is text in which nothing is a command of the typesetter, see groff(7).
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace(text)
	return strings.ReplaceAll("\n"+text, "\n.", "\n\\&.")[1:]
}
