package main

import (
	"context"
	"errors"
	"fmt"

	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// identity checks by the rules of servers what this product will tell them of itself, and prints what it finds.
// Whoever signs with keys of their own is about to ship it: then the hosted copy must be there, and be the same.
// Everybody else builds without asking anybody.
func (p product) identity(ctx context.Context, o options) error {
	findings, err := wire.CheckClient(ctx, config.Config{Brand: p.Brand}, "", o.keys != "environment")
	if err != nil {
		return err
	}
	broken := false
	for _, f := range findings {
		if _, err := fmt.Fprintf(o.say, "%s\n", f); err != nil {
			return err
		}
		broken = broken || !f.Warning
	}
	if broken {
		return errors.New("servers would not take this client identity; what is wrong with it is said above")
	}
	return nil
}
