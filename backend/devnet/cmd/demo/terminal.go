package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// atTheTerminal is somebody on a server reached by SSH: no window, no browser, no keychain. The keys go to a
// file with a passphrase, and the page is opened on another computer.
func (p *play) atTheTerminal() (*story, error) {
	bob := p.network.Accounts[1]
	secret, wrong := filepath.Join(p.dir, "desktop", "passphrase"), filepath.Join(p.dir, "desktop", "wrong-passphrase")
	for file, text := range map[string]string{secret: "four words of mine", wrong: "four words of yours"} {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			return nil, err
		}
	}
	t := &terminal{play: p}
	return &story{last: fmt.Sprintf("demo: %s (%s) signed in over SSH with a vault, called its server, signed out", bob.Handle, bob.DID), steps: []step{
		{"refused to sign in without a keychain, and said what to do", func(ctx context.Context) error {
			return t.refuses(ctx, latchkey.KeychainUnavailable, "latchkey vault create", "login", "--no-browser", bob.Handle)
		}},
		{"made a vault", func(ctx context.Context) error {
			t.passphrase = secret
			_, err := t.run(ctx, "vault", "create")
			return err
		}},
		{"signed in through a browser elsewhere", func(ctx context.Context) error {
			return bob.SignIn(ctx, t.command(ctx, "login", "--no-browser", "--json", bob.Handle))
		}},
		{"whoami tells who, and until when", func(ctx context.Context) error {
			var me struct{ DID, SessionEnds string }
			if err := t.runJSON(ctx, &me, "whoami"); err != nil {
				return err
			}
			if me.DID != bob.DID || me.SessionEnds == "" {
				return fmt.Errorf("it says %+v", me)
			}
			return nil
		}},
		{"called the server", func(ctx context.Context) error { return t.getSession(ctx, bob) }},
		{"with the wrong passphrase nothing opens, and nobody is signed out", func(ctx context.Context) error {
			t.passphrase = wrong
			defer func() { t.passphrase = secret }()
			if err := t.refuses(ctx, latchkey.VaultLocked, "", "api", "com.atproto.server.getSession"); err != nil {
				return err
			}
			t.passphrase = secret
			return t.getSession(ctx, bob)
		}},
		{"the vault can't be removed while somebody is signed in", func(ctx context.Context) error {
			return t.refuses(ctx, latchkey.VaultInUse, "", "vault", "remove")
		}},
		{"signed out, which somebody who watched was told", func(ctx context.Context) error {
			watching, err := t.watch(ctx)
			if err != nil {
				return err
			}
			if _, err := t.run(ctx, "logout"); err != nil {
				return err
			}
			return watching("removed", bob.Handle)
		}},
		{"no account, session or sign-in is left in the database", p.home.isEmpty},
		{"removed the vault", func(ctx context.Context) error {
			_, err := t.run(ctx, "vault", "remove")
			return err
		}},
	}}, nil
}

// terminal runs the terminal program where there is no keychain.
type terminal struct {
	play       *play
	passphrase string // the file
}

func (t *terminal) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.play.options.cli, args...)
	cmd.Env = slices.DeleteFunc(t.play.desktop.Env(), func(entry string) bool { return strings.HasPrefix(entry, "DISPLAY=") })
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(t.play.dir, "no-bus"), config.Variable(config.NetworkFile)+"="+t.play.network.NetworkFile())
	if t.passphrase != "" {
		cmd.Env = append(cmd.Env, config.Variable(config.PassphraseFile)+"="+t.passphrase)
	}
	return cmd
}

func (t *terminal) run(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := t.command(ctx, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("latchkey %s: %w\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return out, err
}

func (t *terminal) runJSON(ctx context.Context, answer any, args ...string) error {
	out, err := t.run(ctx, append(args, "--json")...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, answer)
}

// refuses runs what has to fail with this code, and with a hint.
func (t *terminal) refuses(ctx context.Context, code latchkey.Code, hint string, args ...string) error {
	_, err := t.run(ctx, args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(err.Error(), string(code)+": "+code.Sentence()) || !strings.Contains(err.Error(), hint) {
		return fmt.Errorf("it should have said %s and %q, but: %w", code, hint, err)
	}
	return nil
}

func (t *terminal) getSession(ctx context.Context, person devnet.Account) error {
	var session struct{ DID string }
	if err := t.runJSON(ctx, &session, "api", "com.atproto.server.getSession"); err != nil {
		return err
	}
	if session.DID != person.DID {
		return fmt.Errorf("the server saw %q", session.DID)
	}
	return nil
}

// watch starts a watcher, and answers what waits until it said something and ends it.
func (t *terminal) watch(ctx context.Context) (func(event, handle string) error, error) {
	cmd := t.command(ctx, "accounts", "--watch", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	wait := func(event, handle string) error {
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"event":"`+event+`"`) && strings.Contains(lines.Text(), handle) {
				return nil
			}
		}
		return fmt.Errorf("it did not say %s %s: %w", event, handle, lines.Err())
	}
	if err := wait("listed", ""); err != nil {
		return nil, errors.Join(err, cmd.Wait())
	}
	return func(event, handle string) error {
		err := wait(event, handle)
		return errors.Join(err, cmd.Process.Signal(os.Interrupt), cmd.Wait())
	}, nil
}
