package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// watchPerson shows the window to whoever sits in front of the display.
func watchPerson(ctx context.Context, o options, out io.Writer) (err error) {
	// The network and the data stay for the next run: what a run that was torn apart left in the
	// keychain can then still be signed out.
	dir := filepath.Join(o.dir, "by-hand")
	_, _ = fmt.Fprintln(out, "demo: starting a private network")
	network, err := devnet.Start(ctx, devnet.Options{Dir: filepath.Join(dir, "network"), Email: o.story == "email", Log: os.Stderr})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, network.Close()) }()

	if err := network.Describe(out); err != nil {
		return err
	}
	_, _ = fmt.Fprint(out, `Type one of the names into the window and press Continue. Your browser opens; sign in there with the
password, approve, and come back to the window. Close the window, or press Ctrl-C here, to end.

`)
	env := append(os.Environ(),
		config.Variable(config.NetworkFile)+"="+network.NetworkFile(),
		// The person's own accounts stay untouched. The keychain is theirs; what lands there is removed below.
		"XDG_DATA_HOME="+filepath.Join(dir, "data"),
		"XDG_STATE_HOME="+filepath.Join(dir, "state"),
		config.Variable("EMAIL_PROVIDER")+"="+network.EmailProvider,
	)
	// The last thing before the network ends, or the server could not be told.
	defer func() { err = errors.Join(err, signOutAll(o, env, out)) }()

	window := exec.CommandContext(ctx, o.window)
	window.Env = append(env, devnet.BrowserEnv()...)
	window.Stdout, window.Stderr = os.Stdout, os.Stderr
	window.Cancel = func() error { return window.Process.Signal(syscall.SIGTERM) }
	window.WaitDelay = 15 * time.Second
	if err := window.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the window: %w", err)
	}
	return nil
}

// signOutAll leaves nothing in the person's keychain. It runs after Ctrl-C, too, so it has a deadline of
// its own.
func signOutAll(o options, env []string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.cli, "logout", "--all")
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("signing out what was left: %w; start the demo again to retry", err)
	}
	_, _ = fmt.Fprintln(out, "demo: nobody is signed in any more")
	return nil
}
