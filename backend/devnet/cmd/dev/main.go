// Command dev is "make dev" and "make network": a private network with people on it, and the window on it in
// development mode, where edits show at once.
//
//	dev                          the private network and the window
//	dev -network public          the window on the public network
//	dev -account alice.test      the window with somebody signed in
//	dev -alone                   the private network without a window
//
// Everything that it keeps lies in a folder of its own (-dir), so that the accounts stay for the next time and
// nobody else's data is touched. It looks for what would be in its way before it installs or builds anything.
//
// Exit status: 0 once the window was closed or Ctrl-C was pressed; 1 failed, with the reason on standard error;
// 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/gofrs/flock"

	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// options are the command line.
type options struct {
	network string // private or public
	account string // handle of who is signed in at the start
	alone   bool   // the network, and no window
	address string // where the page is for a browser
	dir     string // keeps everything
}

func main() {
	var o options
	flag.StringVar(&o.network, "network", "private", "private for a network of its own, public for the real one")
	flag.StringVar(&o.account, "account", "", "handle of the person on the private network who is signed in at the start")
	flag.BoolVar(&o.alone, "alone", false, "the private network alone, without the window")
	flag.StringVar(&o.address, "address", "localhost:34115", "host and port of the page for a browser")
	flag.StringVar(&o.dir, "dir", "build/dev", "folder for the network, the accounts and their keys")
	flag.Parse()
	if err := o.check(flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "dev: %v\n", err)
		os.Exit(2)
	}
	giveBack := takeTerminal()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, o, os.Stdout)
	stop()
	giveBack()
	if err != nil {
		fmt.Fprintf(os.Stderr, "dev: %v\n", err)
		os.Exit(1)
	}
}

func (o options) check(args []string) error {
	_, port, err := net.SplitHostPort(o.address)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || notNumber != nil || number == 0:
		return fmt.Errorf("%q is no address for the page; PORT is a number from 1 to 65535", o.address)
	case len(args) > 0:
		return fmt.Errorf("there are flags only, and %q is none; see dev -help", args[0])
	case o.network != "private" && o.network != "public":
		return fmt.Errorf("there is no network %q; NETWORK is private or public", o.network)
	case o.account != "" && (o.network != "private" || o.alone):
		return errors.New("ACCOUNT is for the window on the private network; sign in by hand on the public one")
	}
	return nil
}

// run ends without an error when its context does.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	unlock, err := prepare(ctx, o)
	if err != nil {
		return err
	}
	defer unlock()
	if err := setUp(ctx, o); err != nil {
		return unlessEnded(ctx, err)
	}
	var network *devnet.Network
	if o.network == "private" {
		say(out, "starting the private network")
		network, err = devnet.Start(ctx, devnet.Options{Dir: filepath.Join(o.dir, "network"), Log: os.Stderr})
		if err != nil {
			return unlessEnded(ctx, err)
		}
		defer func() { err = errors.Join(err, network.Close()) }()
		if err := network.Describe(out); err != nil {
			return err
		}
	}
	if o.alone {
		_, err := fmt.Fprintf(out, "Development builds use it where this is set:\n\n    export %s='%s'\n\nPress Ctrl-C to end it.\n", config.Variable(config.NetworkFile), strings.ReplaceAll(network.NetworkFile(), "'", `'\''`))
		if err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	return unlessEnded(ctx, openWindow(ctx, o, network, out))
}

// unlessEnded returns an error that is not one of being told to end.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

func say(out io.Writer, text string) { _, _ = fmt.Fprintln(out, "dev: "+text) }

// prepare reports what is in the way, and keeps others from getting there.
func prepare(ctx context.Context, o options) (unlock func(), err error) {
	if !o.alone && !devnet.HasDisplay() {
		return nil, errors.New(`there is no display to open the window on; run it on a desktop, or start the network alone with "make network"`)
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for the accounts can't be made: %w", err)
	}
	lock := flock.New(filepath.Join(o.dir, "lock"))
	switch free, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("the folder for the accounts can't be used: %w", err)
	case !free:
		return nil, errors.New(`"make dev" or "make network" runs in this folder already; end it first, with Ctrl-C in its terminal`)
	}
	unlock = func() { _ = lock.Unlock() }
	if o.alone {
		return unlock, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.address)
	if err != nil {
		unlock()
		_, port, _ := net.SplitHostPort(o.address)
		return nil, fmt.Errorf("port %s is not free for the page; end what uses it, or choose another one with PORT=NUMBER: %w", port, err)
	}
	return unlock, listener.Close()
}

// setUp installs what is missing on this machine.
func setUp(ctx context.Context, o options) error {
	parts := []string{"network"}
	if !o.alone {
		parts = append(parts, "go-window", "frontend")
	}
	setup := exec.CommandContext(ctx, "build/setup.sh", parts...)
	setup.Stdout, setup.Stderr = os.Stderr, os.Stderr
	if err := setup.Run(); err != nil {
		return fmt.Errorf("not everything could be installed: %w", err)
	}
	return nil
}
