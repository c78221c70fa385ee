package main

import (
	"context"

	latchkey "latchkey/backend"
)

// askAddress lets the person go on by the address of the page that their browser ended on, until one is
// taken. Where there is no terminal to ask at, it asks nothing.
func (t *terminal) askAddress(ctx context.Context, out *printer, remote bool, paste func(context.Context, latchkey.Secret) error) {
	in, end, err := t.begin()
	out.byHand(remote, err == nil)
	if err != nil {
		return
	}
	defer end()
	for ctx.Err() == nil {
		address, err := t.line(in, t.question) // as good as a key until it was used, so it is not shown
		if err != nil {
			return // the browser may still come back
		}
		if address == "" {
			continue
		}
		err = paste(ctx, address)
		if err == nil || latchkey.CodeOf(err) == latchkey.NoSignIn {
			return
		}
		out.complaint(err)
	}
}
