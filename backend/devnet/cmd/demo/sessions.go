package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
)

// lasting is the life of sessions: two accounts, a start without a network, the warning before the end,
// an account that moves, a keychain that is locked, and a program that is killed in the middle of a sign-in.
func (p *play) lasting() (*story, error) {
	bob := p.network.Accounts[1]
	asAlice, err := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}.Env(p.visited())
	if err != nil {
		return nil, err
	}
	asBob, err := devnet.Browser{Password: bob.Password, Shots: p.browserShots()}.Env(p.visited())
	if err != nil {
		return nil, err
	}
	nobody := []string{"BROWSER=true"}
	newServer := strings.TrimPrefix(p.network.SecondPDS, "http://")
	return &story{last: fmt.Sprintf("demo: %s and %s signed in, offline, renewed, moved to %s, and picked up after a crash", p.alice.Handle, bob.Handle, newServer), steps: []step{
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, asAlice, "sign-in", "Sign in")
		}},
		{"signed in as " + p.alice.Handle, func(ctx context.Context) error { return p.signInAs(ctx, p.alice.Handle) }},
		{"closed the window, and opened it where " + bob.Handle + " sits at the browser", func(ctx context.Context) error {
			if err := p.quit(ctx); err != nil {
				return err
			}
			return p.open(ctx, asBob, "alice-is-here", p.alice.Handle)
		}},
		{"added " + bob.Handle, func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Add an account"); err != nil {
				return err
			}
			return p.signInAs(ctx, bob.Handle)
		}},
		{"switched to " + p.alice.Handle + " and back", func(ctx context.Context) error {
			for _, name := range []string{p.alice.Handle, bob.Handle} {
				if err := p.window.Press(ctx, "push button", "Switch to "+name); err != nil {
					return err
				}
				if err := p.see(ctx, "switched", "heading", name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"closed the window, stopped the network and started again: offline, and still " + bob.Handle, func(ctx context.Context) error {
			if err := p.quit(ctx); err != nil {
				return err
			}
			if err := p.network.Stop(ctx); err != nil {
				return err
			}
			if err := p.open(ctx, asBob, "starting-offline", bob.Handle); err != nil {
				return err
			}
			return p.see(ctx, "offline", "status bar", "Offline")
		}},
		{"started the network: the window goes on by itself", func(ctx context.Context) error {
			if err := p.network.Restart(ctx); err != nil {
				return err
			}
			return p.see(ctx, "online", "status bar", "Signed in")
		}},
		{"the session is about to end: the window warns", func(ctx context.Context) error {
			if err := p.home.endSoon(ctx, bob.DID); err != nil {
				return err
			}
			return p.see(ctx, "ends-soon", "status bar", "Ends soon")
		}},
		{"renewed with one press", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Renew"); err != nil {
				return err
			}
			if err := p.awaitBrowser(ctx, bob.Handle); err != nil {
				return err
			}
			if err := p.seeAccount(ctx, bob.Handle); err != nil {
				return err
			}
			return p.home.lasts(ctx, bob.DID)
		}},
		{p.alice.Handle + " moved to another server; the window says where", func(ctx context.Context) error {
			if _, err := p.network.Move(ctx, p.alice); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Switch to "+p.alice.Handle); err != nil {
				return err
			}
			moved := latchkey.NewError(latchkey.AccountMoved, nil).About(newServer).Message()
			return p.see(ctx, "moved", "paragraph", moved)
		}},
		{"the keychain is locked: the window says so, and nothing is lost", func(ctx context.Context) error {
			if err := p.desktop.LockKeyring(ctx); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Sign in on "+newServer); err != nil {
				return err
			}
			return p.see(ctx, "locked", "notification", latchkey.KeychainLocked.Sentence())
		}},
		{"unlocked it; the window was killed while it waited for the browser", func(ctx context.Context) error {
			if err := p.desktop.UnlockKeyring(ctx); err != nil {
				return err
			}
			if err := p.quit(ctx); err != nil {
				return err
			}
			if err := p.open(ctx, nobody, "moved-still", p.alice.Handle); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Sign in on "+newServer); err != nil {
				return err
			}
			if err := p.window.WaitFor(ctx, "heading", "Go on in your browser"); err != nil {
				return err
			}
			return p.window.Kill()
		}},
		{"started again: it still waits, and the browser leads back to it", func(ctx context.Context) error {
			if err := p.open(ctx, asAlice, "picked-up", "Go on in your browser"); err != nil {
				return err
			}
			if err := p.window.WaitFor(ctx, "paragraph", p.alice.Handle); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Open the browser again"); err != nil {
				return err
			}
			if err := p.awaitBrowser(ctx, p.alice.Handle, "consent"); err != nil {
				return err
			}
			return p.seeAccount(ctx, p.alice.Handle)
		}},
		{"signed out of all; no session is left", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Sign out of all"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Yes, sign out of all"); err != nil {
				return err
			}
			if err := p.see(ctx, "signed-out", "heading", "Sign in"); err != nil {
				return err
			}
			return p.home.isEmpty(ctx)
		}},
		{"closed the window; its database was damaged", func(ctx context.Context) error {
			if err := p.quit(ctx); err != nil {
				return err
			}
			// What somebody has open is not put aside.
			if err := p.home.close(); err != nil {
				return err
			}
			database := p.home.database
			p.home = nil
			return os.WriteFile(database, []byte("this is not a database, and it was one"), 0o600)
		}},
		{"started again: the window says that it begins anew, and the old data is kept", func(ctx context.Context) error {
			if err := p.open(ctx, nobody, "data-replaced", "Sign in"); err != nil {
				return err
			}
			if err := p.window.WaitFor(ctx, "paragraph", latchkey.StorageReplaced.Sentence()); err != nil {
				return err
			}
			kept, err := filepath.Glob(filepath.Join(p.desktop.DataHome(), "*", "*.damaged-*"))
			if err == nil && len(kept) != 1 {
				err = fmt.Errorf("what was put aside: %v", kept)
			}
			return err
		}},
		{"closed the window", p.quit},
	}}, nil
}

func (p *play) signInAs(ctx context.Context, handle string) error {
	if err := p.window.Type(ctx, "entry", "Who are you?", handle); err != nil {
		return err
	}
	if err := p.window.Press(ctx, "push button", "Continue"); err != nil {
		return err
	}
	if err := p.awaitBrowser(ctx, handle); err != nil {
		return err
	}
	return p.seeAccount(ctx, handle)
}

// endSoon brings the end of an account's session near, as two weeks do.
func (h *home) endSoon(ctx context.Context, did string) error {
	db, err := sql.Open("sqlite", "file:"+h.database+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, `UPDATE sessions SET ends = ? WHERE did = ?`, time.Now().Add(30*time.Hour).UnixMilli(), did)
	return err
}

// lasts checks that an account's session has its two weeks before it.
func (h *home) lasts(ctx context.Context, did string) error {
	accounts, err := h.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.DID.String() == did && time.Until(a.SessionEnds) > 13*24*time.Hour {
			return nil
		}
	}
	return fmt.Errorf("the session of %s was not renewed: %v", did, accounts)
}
