package main

import (
	"context"
	"fmt"

	"github.com/bluesky-social/indigo/atproto/syntax"

	"latchkey/backend/devnet"
)

// byEmail is the job of somebody who has an email and nothing else: choose a provider, sign up with a
// mailed code, restart, sign out, and sign in again with another code.
func (p *play) byEmail() (*story, error) {
	const (
		email  = "carol@mail.example.org"
		handle = "carol-demo.mail.test"
	)
	person := devnet.Browser{Email: email, Mail: p.network.MailBox, NewHandle: "carol-demo", Shots: p.browserShots()}
	browser, err := person.Env(p.visited())
	if err != nil {
		return nil, err
	}
	var first syntax.DID
	s := &story{}
	s.steps = []step{
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, browser, "sign-in", "Sign in")
		}},
		{"typed an email; the window asks which server mails the code", func(ctx context.Context) error {
			if err := p.window.Type(ctx, "entry", "Who are you?", email); err != nil {
				return err
			}
			return p.see(ctx, "which-provider", "entry", "Server's address")
		}},
		{"chose the provider of the private network", func(ctx context.Context) error {
			if err := p.window.Type(ctx, "entry", "Server's address", p.network.EmailProvider); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Use this server"); err != nil {
				return err
			}
			return p.see(ctx, "provider", "push button", "Send me a code")
		}},
		{"pressed Send me a code; the window waits for the browser", p.askForCode},
		{"typed the mailed code in the browser, picked a handle and approved", func(ctx context.Context) error {
			return p.awaitBrowser(ctx, handle, "code", "choose-handle", "consent", "final")
		}},
		{"the window shows the new account", func(ctx context.Context) (err error) {
			if err := p.seeAccount(ctx, handle); err != nil {
				return err
			}
			first, err = p.home.current(ctx)
			return err
		}},
		{"typed the same email for another account: offered to go on with this one, without a mail", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Add an account"); err != nil {
				return err
			}
			if err := p.window.Type(ctx, "entry", "Who are you?", email); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Send me a code"); err != nil {
				return err
			}
			if err := p.see(ctx, "known", "push button", "Go on as "+handle); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Go on as "+handle); err != nil {
				return err
			}
			if err := p.seeAccount(ctx, handle); err != nil {
				return err
			}
			mail, err := p.network.Mail(ctx, email)
			if err == nil && mail.Count != 1 {
				err = fmt.Errorf("%d mails were sent", mail.Count)
			}
			return err
		}},
		{"nothing that the program wrote tells the email, the page's address, a token or a key", func(ctx context.Context) error {
			return p.nothingLeaks(ctx, first.String(), map[string]string{"the email": email})
		}},
		{"closed the window", p.quit},
		{"started again: still signed in", func(ctx context.Context) error {
			return p.open(ctx, browser, "still-signed-in", handle)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"typed the email again: the provider is remembered, and mails a fresh code", func(ctx context.Context) error {
			if err := p.window.Type(ctx, "entry", "Who are you?", email); err != nil {
				return err
			}
			return p.askForCode(ctx)
		}},
		{"typed that code in the browser and approved", func(ctx context.Context) error {
			return p.awaitBrowser(ctx, handle, "code", "consent", "final")
		}},
		{"the window shows the same account, after two mails", func(ctx context.Context) error {
			if err := p.seeAccount(ctx, handle); err != nil {
				return err
			}
			second, err := p.home.current(ctx)
			if err != nil {
				return err
			}
			if second != first {
				return fmt.Errorf("signed up as %s, signed in again as %s", first, second)
			}
			mail, err := p.network.Mail(ctx, email)
			if err == nil && mail.Count != 2 {
				err = fmt.Errorf("%d mails were sent", mail.Count)
			}
			s.last = fmt.Sprintf("demo: signed up by email as %s (%s), restarted, signed in again", handle, first)
			return err
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"no account, session or sign-in is left in the database", p.home.isEmpty},
		{"closed the window", p.quit},
		{"nor does anything that it left", func(ctx context.Context) error { return p.nothingLeaks(ctx, "", map[string]string{"the email": email}) }},
	}
	return s, nil
}

func (p *play) askForCode(ctx context.Context) error {
	if err := p.window.Press(ctx, "push button", "Send me a code"); err != nil {
		return err
	}
	return p.see(ctx, "waiting", "heading", "Check your mail")
}
