package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"latchkey/backend/devnet"
)

// upgraded is a newer version of the programs: who was signed in still is, and is asked for nothing.
func (p *play) upgraded() (*story, error) {
	browser, err := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}.Env(p.visited())
	if err != nil {
		return nil, err
	}
	return &story{last: fmt.Sprintf("demo: %s stayed signed in through an upgrade", p.alice.Handle), steps: []step{
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, browser, "sign-in", "Sign in")
		}},
		{"signed in as " + p.alice.Handle, func(ctx context.Context) error { return p.signInAs(ctx, p.alice.Handle) }},
		{"closed the window", p.quit},
		{"put the newer programs in place", func(ctx context.Context) error {
			if out, err := exec.CommandContext(ctx, p.options.upgrade).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", p.options.upgrade, err, out)
			}
			return nil
		}},
		{"opened the window: still signed in, the server takes the tokens, and the keychain asked for nothing", func(ctx context.Context) error {
			prompts, err := p.desktop.WatchPrompts(ctx)
			if err != nil {
				return err
			}
			if err := p.open(ctx, []string{"BROWSER=false"}, "upgraded", p.alice.Handle); err != nil {
				return err
			}
			if err := p.see(ctx, "online", "status bar", "Signed in"); err != nil {
				return err
			}
			session, err := p.home.session(ctx, p.alice.DID)
			if err != nil {
				return err
			}
			if err := session.isAlive(ctx); err != nil {
				return err
			}
			if n, err := prompts(ctx); err != nil || n > 0 {
				return errors.Join(err, fmt.Errorf("the keychain asked %d times", n))
			}
			return nil
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"closed the window", p.quit},
	}}, nil
}
