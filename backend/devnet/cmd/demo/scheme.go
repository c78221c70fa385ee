package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/wire"
)

// schemed is a product with a hosted identity and a scheme of its own, which is registered on the private desktop.
type schemed struct {
	*play
	brand    config.Brand
	identity []string // what makes the program that product
	browser  string   // the person's, for the variable BROWSER
	handed   string   // file with an address that was handed to nobody
}

// throughScheme lets the browser hand the callback to the desktop, which starts the program, which hands it to the
// window that waits.
func (p *play) throughScheme() (*story, error) {
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	s := &schemed{play: p, brand: cfg.Brand, browser: filepath.Join(p.dir, "desktop", "usual-browser"), handed: filepath.Join(p.dir, "handed")}
	s.brand.ClientID, s.brand.SchemeRedirect = p.network.TrustedClient, true
	s.identity = []string{"BROWSER=" + s.browser, config.Variable("CLIENT_ID") + "=" + s.brand.ClientID, config.Variable("SCHEME_REDIRECT") + "=true"}
	document, err := wire.ClientMetadata(s.brand)
	if err != nil {
		return nil, err
	}
	p.network.HostClient("/oauth-client-metadata.json", document)
	approving := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}
	handing := approving
	handing.Scheme, handing.Issuer = s.brand.Scheme(), p.network.PDS
	secret := map[string]string{"an address that was handed over": s.brand.SchemeRedirectURI() + "?"}
	return &story{last: fmt.Sprintf("demo: %s (%s) came back through %s:", p.alice.Handle, p.alice.DID, s.brand.Scheme()), steps: []step{
		{"registered the scheme for the program, as a package does", func(ctx context.Context) error { return s.register(ctx, p.options.window) }},
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			if err := nobodySitsAt(s.browser); err != nil {
				return err
			}
			return p.open(ctx, s.identity, "sign-in", "Sign in")
		}},
		{"began to sign in; what is forged is handed over, and changes nothing", func(ctx context.Context) error {
			if err := p.ask(ctx, "typed"); err != nil {
				return err
			}
			for _, address := range s.forged() {
				if err := s.handOver(ctx, address); err != nil {
					return err
				}
			}
			return p.window.WaitFor(ctx, "heading", "Go on in your browser")
		}},
		{"approved in the browser, which handed the address over: signed in", func(ctx context.Context) error {
			if err := p.sitAt(s.browser, handing); err != nil {
				return err
			}
			if err := p.window.Press(ctx, "push button", "Open the browser again"); err != nil {
				return err
			}
			if err := s.awaitHanded(ctx); err != nil {
				return err
			}
			return p.seeAccount(ctx, p.alice.Handle)
		}},
		{"a stray address of an earlier sign-in changes nothing", func(ctx context.Context) error {
			if err := s.handOver(ctx, s.forged()[0]); err != nil {
				return err
			}
			return p.window.WaitFor(ctx, "status bar", "Signed in")
		}},
		{"nothing that the program wrote tells the address, a token or a key", func(ctx context.Context) error {
			return p.nothingLeaks(ctx, p.alice.DID, secret)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"began to sign in, and the program crashed; the browser hands the address to one that starts: signed in", func(ctx context.Context) error {
			return s.comeBackAfterCrash(ctx, handing)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"approved on another computer, where the scheme leads nowhere, and pasted the address: signed in", func(ctx context.Context) error {
			return s.comeBackFromElsewhere(ctx, approving)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"registered the scheme for another program: the browser comes back to the app's own page", func(ctx context.Context) error {
			if err := errors.Join(s.register(ctx, "/bin/true"), p.sitAt(s.browser, approving)); err != nil {
				return err
			}
			return p.signInAs(ctx, p.alice.Handle)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"nothing is left in the database", p.home.isEmpty},
		{"closed the window", p.quit},
		{"nor does anything that it left tell the addresses", func(ctx context.Context) error { return p.nothingLeaks(ctx, "", secret) }},
	}}, nil
}

// forged are addresses that anybody could have handed over.
func (s *schemed) forged() []string {
	query := url.Values{"state": {"another"}, "iss": {s.network.PDS}, "code": {"forged"}}.Encode()
	uri := s.brand.SchemeRedirectURI()
	return []string{
		uri + "?" + query, uri + "?" + query + "&state=another", uri + "?error=access_denied&iss=" + url.QueryEscape(s.network.PDS),
		uri + "?" + query + "&x=" + strings.Repeat("x", 64<<10), uri, s.brand.Scheme() + "://callback?" + query, s.brand.Scheme() + ":",
	}
}

// register puts a program's entry into the menu of the private desktop, and tells the desktop of it. Its path may not need
// quotes: xdg-open on its own knows none.
func (s *schemed) register(ctx context.Context, program string) error {
	folder := filepath.Join(s.desktop.DataHome(), "applications")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	entry := "[Desktop Entry]\nType=Application\nName=" + s.brand.Name + "\nExec=" + program + " %u\nMimeType=x-scheme-handler/" + s.brand.Scheme() + ";\n"
	if err := os.WriteFile(filepath.Join(folder, "own.desktop"), []byte(entry), 0o600); err != nil {
		return err
	}
	return s.run(ctx, "update-desktop-database", folder)
}

// handOver hands an address over as a browser does.
func (s *schemed) handOver(ctx context.Context, address string) error {
	return s.run(ctx, "xdg-open", address)
}

// run runs a command on the private desktop, which has nothing to say.
func (s *schemed) run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(append(s.desktop.Env(), config.Variable(config.NetworkFile)+"="+s.network.NetworkFile()), s.identity...)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// awaitHanded waits until the browser has handed an address over, and the program that got it has ended well.
func (s *schemed) awaitHanded(ctx context.Context) error {
	err := until(ctx, func() error {
		seen, err := devnet.ReadPages(s.visited())
		if err == nil && seen.Handed == (devnet.Page{}) {
			err = errors.New("the browser has handed nothing over")
		}
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(s.takeOver("sign-in", "consent", "handed"), os.Remove(s.visited()))
}

// comeBackAfterCrash signs in with a browser that hands over when the window that asked for it is gone: the desktop
// starts the program with the address.
func (s *schemed) comeBackAfterCrash(ctx context.Context, person devnet.Browser) error {
	if err := nobodySitsAt(s.browser); err != nil {
		return err
	}
	if err := s.ask(ctx, "typed-again"); err != nil {
		return err
	}
	if err := s.window.Press(ctx, "push button", "Copy the link"); err != nil {
		return err
	}
	link, err := s.copied(ctx, "/start/")
	if err != nil {
		return err
	}
	page, err := leadsTo(ctx, link)
	if err != nil {
		return err
	}
	// A program that only notes what it is started with.
	notes, starts := filepath.Join(s.dir, "desktop", "notes"), filepath.Join(s.dir, "desktop", "starts")
	if err := os.WriteFile(notes, []byte("#!/bin/sh\nprintf %s \"$1\" > '"+s.handed+"'\n"), 0o700); err != nil { // #nosec G306 -- it has to run
		return err
	}
	if err := errors.Join(s.register(ctx, notes), s.window.Kill(), s.sitAt(s.browser, person)); err != nil {
		return err
	}
	if err := s.run(ctx, s.browser, page); err != nil {
		return err
	}
	if err := s.awaitHanded(ctx); err != nil {
		return err
	}
	script := "#!/bin/sh\nexec '" + s.options.window + "' \"$(cat '" + s.handed + "')\"\n"
	if err := os.WriteFile(starts, []byte(script), 0o700); err != nil { // #nosec G306 -- it has to run
		return err
	}
	if err := s.register(ctx, s.options.window); err != nil {
		return err
	}
	s.window, err = devnet.StartWindow(ctx, s.desktop, starts, append([]string{config.Variable(config.NetworkFile) + "=" + s.network.NetworkFile()}, s.identity...))
	if err != nil {
		return err
	}
	if err := s.seeAccount(ctx, s.alice.Handle); err != nil {
		return err
	}
	return os.Remove(s.handed)
}

// leadsTo is the page that a link of the app's own leads to.
func leadsTo(ctx context.Context, link *url.URL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	return res.Header.Get("Location"), res.Body.Close()
}

// comeBackFromElsewhere signs in with a browser on another computer.
func (s *schemed) comeBackFromElsewhere(ctx context.Context, person devnet.Browser) error {
	if err := nobodySitsAt(s.browser); err != nil {
		return err
	}
	if err := s.ask(ctx, "typed-once-more"); err != nil {
		return err
	}
	for _, button := range []string{"Other ways", "Copy a link for another computer"} {
		if err := s.window.Press(ctx, "push button", button); err != nil {
			return err
		}
	}
	far, err := s.copied(ctx, "request_uri=")
	if err != nil {
		return err
	}
	person.Elsewhere = true
	seen, err := person.Visit(ctx, far.String())
	if err != nil {
		return err
	}
	if err := s.paste(ctx, seen.Stranded.Address); err != nil {
		return err
	}
	return s.seeAccount(ctx, s.alice.Handle)
}
