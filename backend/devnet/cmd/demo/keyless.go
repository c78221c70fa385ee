package main

import (
	"context"
	"fmt"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
)

// withoutKeychain is a computer where nothing keeps the keys: the sign-in lasts until the window is closed,
// and the window says so before and afterwards.
func (p *play) withoutKeychain() (*story, error) {
	browser, err := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}.Env(p.visited())
	if err != nil {
		return nil, err
	}
	return &story{last: fmt.Sprintf("demo: %s (%s) was signed in until the window was closed", p.alice.Handle, p.alice.DID), steps: []step{
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, browser, "sign-in", "Sign in")
		}},
		{"signed in; the window says how long", func(ctx context.Context) error {
			if err := p.signInAs(ctx, p.alice.Handle); err != nil {
				return err
			}
			return p.see(ctx, "in-memory", "paragraph", "Signed in until the app is closed")
		}},
		{"closed the window: the session has ended on the server, too", func(ctx context.Context) error {
			if err := p.quit(ctx); err != nil {
				return err
			}
			return p.home.hasNoSession(ctx)
		}},
		{"started again: the account is there, and the window says why it is not signed in", func(ctx context.Context) error {
			if err := p.open(ctx, browser, "needs-sign-in", p.alice.Handle); err != nil {
				return err
			}
			return p.window.WaitFor(ctx, "paragraph", latchkey.KeysNotKept.Sentence())
		}},
		{"signed in again; the window crashed", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Sign in again"); err != nil {
				return err
			}
			if err := p.awaitBrowser(ctx, p.alice.Handle); err != nil {
				return err
			}
			if err := p.seeAccount(ctx, p.alice.Handle); err != nil {
				return err
			}
			return p.window.Kill()
		}},
		{"started again: it knows that the keys are gone", func(ctx context.Context) error {
			if err := p.open(ctx, browser, "needs-sign-in-after-a-crash", p.alice.Handle); err != nil {
				return err
			}
			return p.window.WaitFor(ctx, "paragraph", latchkey.KeysNotKept.Sentence())
		}},
		{"removed the account; nothing is left", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Remove"); err != nil {
				return err
			}
			if err := p.see(ctx, "removed", "heading", "Sign in"); err != nil {
				return err
			}
			return p.home.isEmpty(ctx)
		}},
		{"closed the window", p.quit},
	}}, nil
}

// hasNoSession checks that accounts are there and sessions are not, the ones to be revoked included.
func (h *home) hasNoSession(ctx context.Context) error {
	accounts, err := h.store.Accounts(ctx)
	if err != nil {
		return err
	}
	revocations, err := h.store.Revocations(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Status == latchkey.NeedsSignIn && a.Reason == latchkey.KeysNotKept && a.SessionEnds.Equal(time.Time{}) && len(revocations) == 0 {
			return nil
		}
	}
	return fmt.Errorf("there are accounts %+v and revocations %+v", accounts, revocations)
}
