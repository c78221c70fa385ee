// Command package builds what a packager ships, from the sources of one commit and one brand folder, signs
// it, and verifies it as somebody would who receives it:
//
//	package build [-brand DIR] [-version V] [-keys KIND] [-cache DIR] [-signatures RELEASE] [-macos DIR] DIR
//	package macos [-brand DIR] [-version V] [-keys environment or none] DIR
//	package verify [-brand DIR] [-version V] DIR
//	package compare [-brand DIR] [-version V] -with PUBLISHED DIR
//	package try [-brand DIR] [-version V] DIR
//	package overlay [-brand DIR] DIR
//
// It is run at the root of the sources. Build makes DIR anew. The keys are those that the environment names
// (KIND environment), throw-away ones (test) or none at all (none: what two people build of the same commit
// is then the same, byte by byte; programs for Windows get the signatures of RELEASE, if it is named). With an empty
// cache of its own the compiler takes nothing from what it made before. Public keys go to DIR-keys, where verify looks
// for them: whoever trusts keys that lie beside what they signed trusts anybody. Compare says whether what was built in
// DIR is what somebody published. Try builds the two programs of a brand into DIR, for this machine. Overlay checks a brand and writes DIR/overlay.json, with which any go command builds that brand into
// what it compiles (GOFLAGS=-overlay=DIR/overlay.json).
//
// Macos makes the disk image for macOS, on a Mac; build -macos puts it among the files of a release.
//
// Exit status: 0 done, 1 refused or failed, 2 wrong usage.
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
)

func main() {
	// What other programs say is read here.
	if err := os.Setenv("LC_ALL", "C.UTF-8"); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, out, complaints io.Writer) int {
	err := do(ctx, args, out)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintln(complaints, "package: say what to do: package build [-brand DIR] [-version V] [-keys environment, test or none] [-cache DIR] [-signatures RELEASE] [-macos DIR] DIR, package macos [-brand DIR] [-version V] [-keys environment or none] DIR, package verify [-brand DIR] [-version V] DIR, package compare [-brand DIR] [-version V] -with PUBLISHED DIR, package try [-brand DIR] [-version V] DIR, or package overlay [-brand DIR] DIR")
		return 2
	}
	_, _ = fmt.Fprintf(complaints, "package: %v\n", err)
	return 1
}

var errUsage = errors.New("wrong usage")

func do(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var o options
	flags.StringVar(&o.brand, "brand", brandFolder, "")
	flags.StringVar(&o.version, "version", "", "")
	if args[0] == "build" || args[0] == "macos" {
		flags.StringVar(&o.keys, "keys", "environment", "")
	}
	if args[0] == "build" {
		flags.StringVar(&o.cache, "cache", "", "")
		flags.StringVar(&o.signatures, "signatures", "", "")
		flags.StringVar(&o.macos, "macos", "", "")
	}
	if args[0] == "compare" {
		flags.StringVar(&o.published, "with", "", "")
	}
	if flags.Parse(args[1:]) != nil || flags.NArg() != 1 || o.signatures != "" && o.keys != "none" {
		return errUsage
	}
	dir, err := filepath.Abs(flags.Arg(0))
	if err != nil {
		return err
	}
	if o.signatures != "" {
		if o.signatures, err = filepath.Abs(o.signatures); err != nil || o.signatures == dir {
			return errors.Join(err, errors.New("the release whose signatures are to be used can't be where the new one goes"))
		}
	}
	o.out, o.say = dir, out
	switch args[0] {
	case "build":
		return build(ctx, o)
	case "macos":
		if runtime.GOOS != "darwin" {
			return errors.New("only a Mac can make what runs on one; this is none")
		}
		return macos(ctx, o)
	case "verify":
		return verify(ctx, o)
	case "try":
		return try(ctx, o)
	case "overlay":
		return overlay(o)
	case "compare":
		return compare(ctx, o)
	}
	return errUsage
}

// options are the command line.
type options struct {
	brand   string // the folder of the brand
	version string // "" for that of the sources
	cache   string // a folder for what the compiler made already; "" for the usual one
	keys    string // environment, test or none
	macos   string // the folder with the disk image that a Mac made; "" for none
	// published is the folder that somebody published, to compare ours with.
	published string
	// signatures is a release whose signatures for Windows are put into what is built.
	signatures string
	out        string // where everything goes; beside it, with the ending -keys, the public keys
	say        io.Writer
}
