// Command release makes and checks the proof that the files of a release are the packager's, whole and
// complete: SHA256SUMS, with the sum of every file, and its signature SHA256SUMS.minisig, which minisign
// (https://jedisct1.github.io/minisign/) and sha256sum understand, too.
//
//	release sums DIR
//	release sign -key FILE -release NAME DIR
//	release verify -key FILE -release NAME DIR
//
// NAME is signed as well, so that an older release can't be passed off as a newer one. The keys are
// files of minisign; where the secret one has a password, the environment has it in MINISIGN_PASSWORD.
// Verify refuses whatever is not exactly as it was signed: a file that was changed, added, lost or replaced
// by a link, and every byte of the two files themselves.
//
// Exit status: 0 done, 1 refused or failed, 2 wrong usage.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, complaints io.Writer) int {
	err := do(args, out)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		_, _ = fmt.Fprintln(complaints, "release: say what to do: release sums DIR, release sign or verify -key FILE -release NAME DIR")
		return 2
	}
	_, _ = fmt.Fprintf(complaints, "release: %v\n", err)
	return 1
}

var errUsage = errors.New("wrong usage")

func do(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	key := flags.String("key", "", "")
	name := flags.String("release", "", "")
	if flags.Parse(args[1:]) != nil || flags.NArg() != 1 || (args[0] == "sums") != (*key == "" && *name == "") {
		return errUsage
	}
	root, err := os.OpenRoot(flags.Arg(0)) // nothing outside is read, whatever lies in it
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	var done string
	switch args[0] {
	case "sums":
		done, err = "wrote "+sumsFile, writeSums(root)
	case "sign":
		done, err = "signed "+sumsFile+" as "+*name, signSums(root, *key, os.Getenv("MINISIGN_PASSWORD"), *name)
	case "verify":
		done, err = "this is "+*name+", whole and as it was signed", verify(root, *key, *name)
	default:
		return errUsage
	}
	if err == nil {
		_, err = fmt.Fprintln(out, done)
	}
	return err
}
