package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// rescued is what the window offers when the browser says no, can't come back, or is not the right one; and
// the settings, which are asked then.
func (p *play) rescued() (*story, error) {
	declining := devnet.Browser{Password: p.alice.Password, Action: devnet.Deny, Shots: p.browserShots()}
	approving := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}
	usual, other := filepath.Join(p.dir, "desktop", "usual-browser"), filepath.Join(p.dir, "desktop", "other-browser")
	if err := errors.Join(p.sitAt(usual, declining), p.sitAt(other, approving), p.install(other, "Other Browser")); err != nil {
		return nil, err
	}
	// Addresses that only the person should have.
	var link, far, ended *url.URL
	return &story{last: fmt.Sprintf("demo: %s (%s) declined, signed in from another computer, and in another browser", p.alice.Handle, p.alice.DID), steps: []step{
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, []string{"BROWSER=" + usual, config.Variable("SUGGESTIONS") + "=" + p.network.Suggestions}, "sign-in", "Sign in")
		}},
		{"declined in the browser: its page and the window both say so, and what was typed is still there", func(ctx context.Context) error {
			if err := p.ask(ctx, "typed"); err != nil {
				return err
			}
			if err := p.awaitPage(ctx, latchkey.Denied.Sentence(), "consent", "final"); err != nil {
				return err
			}
			if err := p.see(ctx, "declined", "notification", latchkey.Denied.Sentence()); err != nil {
				return err
			}
			if text, err := p.window.Text(ctx, "entry", "Who are you?"); err != nil || text != p.alice.Handle {
				return fmt.Errorf("the box holds %q: %w", text, err)
			}
			return p.home.isEmpty(ctx)
		}},
		{"tried again, and copied the link, which leads to this computer alone", func(ctx context.Context) (err error) {
			if err := nobodySitsAt(usual); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Continue"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Copy the link"); err != nil {
				return err
			}
			if link, err = p.copied(ctx, "/start/"); err != nil {
				return err
			}
			if !startLink.MatchString(link.String()) {
				return errors.New("the link that was copied is not one of the app's own")
			}
			return p.shoot(ctx, "copied")
		}},
		{"pasted the address of another sign-in: refused, and this one waits on", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Other ways"); err != nil {
				return err
			}
			if err := p.paste(ctx, "http://"+link.Host+"/callback?state=another&iss="+url.QueryEscape(p.network.PDS)+"&code=another"); err != nil {
				return err
			}
			if err := p.see(ctx, "another-address", "notification", latchkey.CallbackOther.Sentence()); err != nil {
				return err
			}
			return p.window.WaitFor(ctx, "heading", "Go on in your browser")
		}},
		{"approved in the browser of another computer, which could not load the last page", func(ctx context.Context) (err error) {
			if err := p.window.Press(ctx, "push button", "Copy a link for another computer"); err != nil {
				return err
			}
			if far, err = p.copied(ctx, "request_uri="); err != nil {
				return err
			}
			elsewhere := approving
			elsewhere.Elsewhere = true
			seen, err := elsewhere.Visit(ctx, far.String())
			if err != nil {
				return err
			}
			if ended, err = url.Parse(seen.Stranded.Address); err != nil || !ended.Query().Has("code") {
				return errors.New("the browser did not end on the address of a callback")
			}
			return p.takeOver("consent", "stranded")
		}},
		{"pasted the address of that page: signed in", func(ctx context.Context) error {
			if err := p.paste(ctx, ended.String()); err != nil {
				return err
			}
			return p.seeAccount(ctx, p.alice.Handle)
		}},
		{"nothing that the program wrote tells these addresses, a token or a key", func(ctx context.Context) error {
			return p.nothingLeaks(ctx, p.alice.DID, map[string]string{"the code of that address": ended.Query().Get("code"), "the link": link.Path})
		}},
		{"opened the settings, and made them dark", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Settings"); err != nil {
				return err
			}
			if err := p.window.WaitFor(ctx, "status bar", "All is well"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "radio button", "Dark"); err != nil {
				return err
			}
			return p.see(ctx, "dark-settings", "heading", "Settings")
		}},
		{"copied the diagnostics, which name nobody", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Copy diagnostics"); err != nil {
				return err
			}
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			text, err := p.window.Copied(ctx, latchkey.FoundProgram.Title()+": "+cfg.Brand.Name+" ")
			if err != nil {
				return err
			}
			if err := p.namesNobody(ctx, text); err != nil {
				return err
			}
			return p.shoot(ctx, "dark-diagnostics")
		}},
		{"switched suggestions on, made it light again, and went back", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "toggle button", "Suggest accounts while I type"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "radio button", "Light"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Back"); err != nil {
				return err
			}
			return p.see(ctx, "light-again", "heading", p.alice.Handle)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"typed three letters, and picked the account with the keyboard; the window shows whose it is", func(ctx context.Context) error {
			if err := p.window.Type(ctx, "combo box", "Who are you?", p.alice.Handle[:3]); err != nil {
				return err
			}
			if err := p.see(ctx, "suggested", "list item", p.alice.Handle); err != nil {
				return err
			}
			for _, key := range []string{"Down", "Return"} {
				if err := p.window.Key(ctx, key); err != nil {
					return err
				}
			}
			return p.see(ctx, "picked", "paragraph", "A handle on "+strings.TrimPrefix(p.network.PDS, "http://"))
		}},
		{"signed in through another browser that is installed", func(ctx context.Context) error {
			if err := p.window.Press(ctx, "push button", "Continue"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Other ways"); err != nil {
				return err
			}
			if err := p.see(ctx, "browsers", "push button", "Open in Other Browser"); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Open in Other Browser"); err != nil {
				return err
			}
			if err := p.awaitBrowser(ctx, p.alice.Handle); err != nil {
				return err
			}
			return p.seeAccount(ctx, p.alice.Handle)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"nothing is left in the database", p.home.isEmpty},
		{"closed the window", p.quit},
		{"nor does anything that it left tell the addresses", func(ctx context.Context) error {
			return p.nothingLeaks(ctx, "", map[string]string{"the code of that address": ended.Query().Get("code"), "the link": link.Path})
		}},
	}}, nil
}

// startLink is one of the app's own listener, which only this computer can follow.
var startLink = regexp.MustCompile(`^http://127\.0\.0\.1:[0-9]+/start/[A-Z0-9]+$`)

// copied is an address in the clipboard.
func (p *play) copied(ctx context.Context, part string) (*url.URL, error) {
	text, err := p.window.Copied(ctx, part)
	if err != nil {
		return nil, err
	}
	return url.Parse(text)
}

// paste types an address into the box for it, and goes on with it.
func (p *play) paste(ctx context.Context, address string) error {
	if err := p.window.Type(ctx, "entry", "Address of the page you ended on", address); err != nil {
		return err
	}
	return p.window.Press(ctx, "push button", "Go on with this address")
}

// namesNobody searches diagnostics for what a person would not want to send along.
func (p *play) namesNobody(ctx context.Context, text string) error {
	session, err := p.home.session(ctx, p.alice.DID)
	if err != nil {
		return err
	}
	for what, private := range map[string]string{
		"the handle":        p.alice.Handle,
		"the DID":           p.alice.DID,
		"an email":          "@",
		"the server":        strings.TrimPrefix(p.network.PDS, "http://"),
		"the access token":  string(session.Tokens.Access),
		"the refresh token": string(session.Tokens.Refresh),
		"the home folder":   filepath.Join(p.dir, "desktop", "home"),
	} {
		if strings.Contains(text, private) {
			return fmt.Errorf("the diagnostics tell %s:\n%s", what, text)
		}
	}
	return nil
}

// sitAt makes a program for the variable BROWSER, at which this person sits from now on.
func (p *play) sitAt(program string, person devnet.Browser) error {
	env, err := person.Env(p.visited())
	if err != nil {
		return err
	}
	script := "#!/bin/sh\n"
	for _, setting := range env {
		script += "export '" + strings.ReplaceAll(setting, "'", `'\''`) + "'\n"
	}
	return os.WriteFile(program, []byte(script+`exec "$BROWSER" "$@"`+"\n"), 0o700) // #nosec G306 -- it has to run
}

// nobodySitsAt leaves the program, which does nothing from now on.
func nobodySitsAt(program string) error {
	return os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700) // #nosec G306 -- it has to run
}

// install puts a browser into the menu of the private desktop.
func (p *play) install(program, name string) error {
	folder := filepath.Join(p.desktop.DataHome(), "applications")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	entry := "[Desktop Entry]\nType=Application\nName=" + name + "\nExec=\"" + program + "\" %u\nMimeType=x-scheme-handler/https;\n"
	return os.WriteFile(filepath.Join(folder, "other-browser.desktop"), []byte(entry), 0o600)
}
