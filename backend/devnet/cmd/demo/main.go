// Command demo signs in, in the real window, on a private network that it starts for it.
//
// With a display it shows the window and who there is to sign in as; the person does the rest, with their
// own browser and keychain. Without one it plays the person as well, and checks everything on the way:
// a handle that does not exist, a cancelled sign-in, one through the browser, a restart without a network,
// and a sign-out that the server knows of; with -email a first sign-up with a mailed code, a restart and a
// second sign-in; with -sessions two accounts, a start without a network, a renewal, a moved account, a
// locked keychain and a crash; with -terminal the program for the terminal, without a keychain. That makes it the end-to-end test of the window, too. A
// screenshot of every step lies in the directory afterwards.
//
//	demo -window build/bin/latchkey-window-devnet -cli build/bin/latchkey-devnet -dir build/demo
//
// The programs are development builds (Go build tag devnet), and so is this one. Exit status: 0 done;
// 1 failed, with the step and the reason on standard error; 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"latchkey/backend/config"
)

// options are the command line.
type options struct {
	window, cli string // paths of the programs
	dir         string // where everything lies that a run makes
	email       bool   // the story of signing up and in by email
	sessions    bool   // the story of sessions that last
	terminal    bool   // the story of somebody without a window
}

func main() {
	var o options
	flag.StringVar(&o.window, "window", "build/bin/latchkey-window-devnet", "path of the window's program")
	flag.StringVar(&o.cli, "cli", "build/bin/latchkey-devnet", "path of the terminal program")
	flag.StringVar(&o.dir, "dir", "build/demo", "directory for screenshots, logs and data")
	flag.BoolVar(&o.email, "email", false, "sign up and in by email instead")
	flag.BoolVar(&o.sessions, "sessions", false, "play what becomes of sessions instead; without a display")
	flag.BoolVar(&o.terminal, "terminal", false, "play somebody at a terminal instead; without a display")
	headless := flag.Bool("headless", false, "play the person even if there is a display")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "demo: there are flags only; see demo -help")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, *headless || o.sessions || o.terminal || !hasDisplay(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, headless bool, out io.Writer) error {
	if !config.Development {
		return errors.New("this is a release build, which knows no private networks; build it with: make demo")
	}
	for _, path := range []*string{&o.window, &o.cli, &o.dir} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	for _, program := range []string{o.window, o.cli} {
		if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("a program is missing; build it with: make demo: %w", err)
		}
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return err
	}
	if headless {
		return playPerson(ctx, o, out)
	}
	return watchPerson(ctx, o, out)
}

func hasDisplay() bool {
	return runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}
