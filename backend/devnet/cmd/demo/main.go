// Command demo signs in, in the real window, on a private network that it starts for it.
//
// With a display it shows the window and who there is to sign in as; the person does the rest, with their
// own browser and keychain. Without one it plays the person as well, and checks everything on the way, which
// makes it the end-to-end test of both programs. A screenshot of every step lies in the directory
// afterwards. The stories that it can play:
//
//	handle    a handle that does not exist, a cancelled sign-in, one through the browser, a restart without a
//	          network, and a sign-out that the server knows of
//	email     a first sign-up with a mailed code, a restart and a second sign-in
//	sessions  two accounts, a start without a network, a renewal, a moved account, a locked keychain, a crash
//	keyless   a computer without a keychain
//	terminal  the program for the terminal on such a computer, over SSH
//	rescue    a sign-in that is declined, one from another computer, one in another browser, and the settings
//	scheme    a product with a scheme of its own, through which the browser comes back
//	upgrade   a newer version of the programs, put in their place by the command that -upgrade names
//
//	demo -story handle -window build/bin/latchkey-window-devnet -cli build/bin/latchkey-devnet -dir build/demo
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
	"syscall"

	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// options are the command line.
type options struct {
	window, cli string // paths of the programs
	dir         string // where everything lies that a run makes
	story       string // which one is played
	upgrade     string // command that puts newer programs in their place
}

func main() {
	var o options
	flag.StringVar(&o.window, "window", "build/bin/latchkey-window-devnet", "path of the window's program")
	flag.StringVar(&o.cli, "cli", "build/bin/latchkey-devnet", "path of the terminal program")
	flag.StringVar(&o.dir, "dir", "build/demo", "directory for screenshots, logs and data")
	flag.StringVar(&o.story, "story", "handle", "what is played without a display: handle, email, sessions, keyless, terminal, rescue, scheme or upgrade")
	flag.StringVar(&o.upgrade, "upgrade", "true", "command that puts newer programs in their place, for the story of that name")
	headless := flag.Bool("headless", false, "play the person even if there is a display")
	flag.Parse()
	if flag.NArg() > 0 || stories[o.story] == nil {
		fmt.Fprintln(os.Stderr, "demo: there are flags only, and eight stories; see demo -help")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, *headless || !devnet.HasDisplay(), os.Stdout)
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
