package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// stepTime is the most that one step may take; most take a second.
const stepTime = 60 * time.Second

// play is one run without a person.
type play struct {
	options
	out io.Writer

	network *devnet.Network
	desktop *devnet.Desktop
	window  *devnet.Window // the one that is open
	alice   devnet.Account
	home    *home

	shots int
}

// story is what a run does after the start, and its last line, which the end of it may fill in.
type story struct {
	steps []step
	last  string
}

type step struct {
	done string // what it says when it is done
	do   func(context.Context) error
}

// stories by their names.
var stories = map[string]func(*play) (*story, error){
	"handle":   (*play).byHandle,
	"email":    (*play).byEmail,
	"sessions": (*play).lasting,
	"keyless":  (*play).withoutKeychain,
	"terminal": (*play).atTheTerminal,
	"rescue":   (*play).rescued,
	"scheme":   (*play).throughScheme,
	"upgrade":  (*play).upgraded,
}

// playPerson plays one of the stories. Its end is the last line on out.
func playPerson(ctx context.Context, o options, out io.Writer) (err error) {
	p := &play{options: o, out: out}
	if err := p.tidy(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()

	if err := p.step(ctx, "a private network and a private desktop are ready", p.start); err != nil {
		return err
	}
	story, err := stories[o.story](p)
	if err != nil {
		return err
	}
	for _, s := range story.steps {
		if err := p.step(ctx, s.done, s.do); err != nil {
			return err
		}
	}
	if err := p.close(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, story.last)
	return nil
}

// byHandle is the main job: sign in by handle, restart offline, sign out.
func (p *play) byHandle() (*story, error) {
	browser, err := devnet.Browser{Password: p.alice.Password, Shots: p.browserShots()}.Env(p.visited())
	if err != nil {
		return nil, err
	}
	var session *session
	return &story{last: fmt.Sprintf("demo: signed in as %s (%s), restarted offline, signed out", p.alice.Handle, p.alice.DID), steps: []step{
		{"refused a handle that does not exist, and cancelled while waiting", p.checkRefusals},
		{"the window is open and asks who signs in", func(ctx context.Context) error {
			return p.open(ctx, browser, "sign-in", "Sign in")
		}},
		{"typed " + p.alice.Handle + " and pressed Continue; the window waits for the browser", func(ctx context.Context) error {
			return p.ask(ctx, "typed")
		}},
		{"signed in and approved in the browser, which ended on a page of the app", func(ctx context.Context) error {
			return p.awaitBrowser(ctx, p.alice.Handle, "sign-in", "consent", "final")
		}},
		{"the window shows the account", func(ctx context.Context) error { return p.seeAccount(ctx, p.alice.Handle) }},
		{"nothing that the program wrote tells the page's address, a token or a key", func(ctx context.Context) error {
			return p.nothingLeaks(ctx, p.alice.DID, nil)
		}},
		{"closed the window", p.quit},
		{"stopped the network", func(ctx context.Context) error { return p.network.Stop(ctx) }},
		{"started again without a network: still signed in", func(ctx context.Context) error {
			if err := p.open(ctx, nil, "still-signed-in", p.alice.Handle); err != nil {
				return err
			}
			return p.window.WaitFor(ctx, "status bar", "Offline")
		}},
		{"started the network again: the window goes on by itself, and the server takes the tokens", func(ctx context.Context) (err error) {
			if err := p.network.Restart(ctx); err != nil {
				return err
			}
			if err := p.see(ctx, "online", "status bar", "Signed in"); err != nil {
				return err
			}
			if session, err = p.home.session(ctx, p.alice.DID); err != nil {
				return err
			}
			return session.isAlive(ctx)
		}},
		{"pressed Sign out: the window asks again who signs in", p.signOut},
		{"the server refuses both tokens", func(ctx context.Context) error { return session.isDead(ctx) }},
		{"no account, session or key is left in the database and the keychain", func(ctx context.Context) error {
			return errors.Join(p.home.isEmpty(ctx), session.keysAreGone(ctx))
		}},
		{"closed the window", p.quit},
	}}, nil
}

func (p *play) signOut(ctx context.Context) error {
	if err := p.window.Press(ctx, "push button", "Sign out"); err != nil {
		return err
	}
	return p.see(ctx, "signed-out", "heading", "Sign in")
}

// tidy removes what the last run left, and nothing else that may lie in the directory.
func (p *play) tidy() error {
	for _, name := range []string{"network", "desktop", "browser", "visited", "handed"} {
		if err := os.RemoveAll(filepath.Join(p.dir, name)); err != nil {
			return err
		}
	}
	shots, err := filepath.Glob(filepath.Join(p.dir, "[0-9][0-9]-*.png"))
	for _, shot := range append(shots, filepath.Join(p.dir, "failure.png")) {
		err = errors.Join(err, os.RemoveAll(shot))
	}
	return err
}

// step does one thing and says that it is done, or why not.
func (p *play) step(ctx context.Context, done string, do func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	began := time.Now()
	if err := do(limited); ctx.Err() != nil {
		return fmt.Errorf("interrupted before: %s", done)
	} else if err != nil {
		return p.failed(done, err)
	}
	_, _ = fmt.Fprintf(p.out, "%5.1f s  %s\n", time.Since(began).Seconds(), done)
	return nil
}

// failed adds what helps to find out why.
func (p *play) failed(step string, err error) error {
	text := fmt.Sprintf("this did not come true: %s\n%v", step, err)
	if p.desktop != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if shotErr := p.desktop.Screenshot(ctx, filepath.Join(p.dir, "failure.png")); shotErr == nil {
			text += "\nwhat it looked like: " + filepath.Join(p.dir, "failure.png")
		}
	}
	for _, log := range []string{"desktop/window.log", "desktop/desktop.log", "network/servers.log"} {
		file := filepath.Join(p.dir, filepath.FromSlash(log))
		if lines := lastLines(file); lines != "" {
			text += "\n\nthe end of " + file + ":\n" + lines
		}
	}
	return errors.New(text)
}

// lastLines reads the end of a log, as much as one wants to see of it in a terminal.
func lastLines(file string) string {
	const many, wide = 15, 300
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	// The servers write a line for every request.
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, `{"level":30,`) && strings.Contains(line, `"statusCode":200`)
	})
	lines = lines[max(0, len(lines)-many):]
	for i, line := range lines {
		if len(line) > wide {
			lines[i] = line[:wide] + "..."
		}
	}
	return strings.Join(lines, "\n")
}

// start starts the network and the desktop side by side.
func (p *play) start(ctx context.Context) error {
	started := make(chan error, 1)
	go func() {
		var err error
		p.desktop, err = devnet.StartDesktop(ctx, devnet.DesktopOptions{Dir: filepath.Join(p.dir, "desktop"), Display: true, NoKeyring: p.story == "keyless"})
		started <- err
	}()
	var err error
	p.network, err = devnet.Start(ctx, devnet.Options{Dir: filepath.Join(p.dir, "network"), Email: p.story == "email", Second: p.story == "sessions", ClientHost: p.story == "scheme"})
	if err := errors.Join(err, <-started); err != nil {
		return err
	}
	p.alice = p.network.Accounts[0]
	p.home, err = openHome(ctx, p.network, p.desktop)
	return err
}

// close ends everything that still runs. It may be called again.
func (p *play) close() error {
	var err error
	if p.window != nil {
		err = p.window.Close()
	}
	if p.home != nil {
		err = errors.Join(err, p.home.close())
	}
	if p.desktop != nil {
		err = errors.Join(err, p.desktop.Close())
	}
	if p.network != nil {
		err = errors.Join(err, p.network.Close())
	}
	return err
}

// open starts the window's program and waits for the view that it should begin with, known by its heading.
func (p *play) open(ctx context.Context, browser []string, shot, heading string) error {
	var err error
	p.window, err = devnet.StartWindow(ctx, p.desktop, p.options.window,
		append([]string{config.Variable(config.NetworkFile) + "=" + p.network.NetworkFile()}, browser...))
	if err != nil {
		return err
	}
	return p.see(ctx, shot, "heading", heading)
}

// see waits for an element and takes a screenshot of the window, named for what is to be seen.
func (p *play) see(ctx context.Context, shot, role, name string) error {
	if err := p.window.WaitFor(ctx, role, name); err != nil {
		return err
	}
	return p.shoot(ctx, shot)
}

// shoot numbers the screenshots in the order of the story.
func (p *play) shoot(ctx context.Context, name string) error {
	p.shots++
	return p.window.Screenshot(ctx, filepath.Join(p.dir, fmt.Sprintf("%02d-%s.png", p.shots, name)))
}

// ask types alice's handle and lets the sign-in begin.
func (p *play) ask(ctx context.Context, shot string) error {
	if err := p.window.Type(ctx, "entry", "Who are you?", p.alice.Handle); err != nil {
		return err
	}
	if err := p.shoot(ctx, shot); err != nil {
		return err
	}
	if err := p.window.Press(ctx, "push button", "Continue"); err != nil {
		return err
	}
	return p.see(ctx, "waiting", "heading", "Go on in your browser")
}

func (p *play) browserShots() string { return filepath.Join(p.dir, "browser") }

// visited is where the browser says what it saw.
func (p *play) visited() string { return filepath.Join(p.dir, "visited") }

// awaitBrowser waits until the browser shows that the sign-in went well, and takes over its screenshots of
// the pages with these names.
func (p *play) awaitBrowser(ctx context.Context, name string, shots ...string) error {
	return p.awaitPage(ctx, "signed in as "+name, shots...)
}

// awaitPage waits until the browser shows how the sign-in ended.
func (p *play) awaitPage(ctx context.Context, want string, shots ...string) error {
	var seen devnet.Pages
	err := until(ctx, func() (err error) {
		// Unreadable while it does not exist, and while a line is being written.
		if seen, err = devnet.ReadPages(p.visited()); err == nil && seen.Final == (devnet.Page{}) {
			err = errors.New("the browser has not come back to the app")
		}
		return err
	})
	if err != nil {
		return err
	}
	if !strings.Contains(seen.Final.Text, want) {
		return fmt.Errorf("the browser's last page does not say %q, but: %s", want, seen.Final.Text)
	}
	// The next visit tells its own story.
	return errors.Join(p.takeOver(shots...), os.Remove(p.visited()))
}

// takeOver numbers the browser's screenshots of the pages with these names.
func (p *play) takeOver(shots ...string) error {
	for _, name := range shots {
		p.shots++
		shot := filepath.Join(p.browserShots(), name+".png")
		if err := os.Rename(shot, filepath.Join(p.dir, fmt.Sprintf("%02d-browser-%s.png", p.shots, name))); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) seeAccount(ctx context.Context, name string) error {
	if err := p.window.WaitFor(ctx, "heading", name); err != nil {
		return err
	}
	return p.see(ctx, "account", "status bar", "Signed in")
}

func (p *play) quit(ctx context.Context) error { return p.window.Quit(ctx) }

// checkRefusals tries what ends without an account, in a window whose browser does nothing.
func (p *play) checkRefusals(ctx context.Context) error {
	if err := p.open(ctx, []string{"BROWSER=true"}, "sign-in", "Sign in"); err != nil {
		return err
	}
	if err := p.window.Type(ctx, "entry", "Who are you?", "nobody.test"); err != nil {
		return err
	}
	if err := p.window.Press(ctx, "push button", "Continue"); err != nil {
		return err
	}
	if err := p.see(ctx, "not-found", "notification", latchkey.HandleNotFound.Sentence()); err != nil {
		return err
	}
	if err := p.ask(ctx, "typed-over"); err != nil {
		return err
	}
	if err := p.window.Press(ctx, "push button", "Cancel"); err != nil {
		return err
	}
	if err := p.see(ctx, "cancelled", "heading", "Sign in"); err != nil {
		return err
	}
	if text, err := p.window.Text(ctx, "entry", "Who are you?"); err != nil {
		return err
	} else if text != p.alice.Handle {
		return fmt.Errorf("after cancelling, the box holds %q", text)
	}
	if err := p.home.isEmpty(ctx); err != nil {
		return err
	}
	return p.quit(ctx)
}

// until tries something that another process is about to make true.
func until(ctx context.Context, try func() error) error {
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}
