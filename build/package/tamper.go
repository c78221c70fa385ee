package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// attack is something that somebody does to the folder on its way, the check that has to notice, and a piece of
// what it has to say (a regular expression): a check that fails for another reason has noticed nothing.
type attack struct {
	what    string
	do      func(dir string) error
	check   func(context.Context, string) error
	because string
}

// attacks change a byte in every file, take evidence away, and bring evidence by other keys. Other is the
// same release, signed by somebody else; unsigned is one that nobody signed.
func (r receiver) attacks(other, unsigned string, all records) []attack {
	var list []attack
	for _, name := range slices.Sorted(maps.Keys(all)) {
		because := regexp.QuoteMeta(name) + " is not the file that was signed"
		if name == sumsFile || name == signatureFile {
			because = "the signature of SHA256SUMS is wrong|SHA256SUMS.minisig is not as it was signed"
		}
		list = append(list, attack{"a byte of " + name, flip(name), r.sums, because})
	}
	names, a := r.packageNames(), r.aptFiles()
	return append(list,
		attack{"a byte of the rpm", flip(names["rpm"]), r.rpm, "DIGESTS SIGNATURES NOT OK"},
		attack{"a byte of Arch's package", flip(names["archlinux"]), r.arch, "BAD signature"},
		attack{"a byte of the deb in the repository", flip(a.deb), r.apt, "Hash Sum mismatch"},
		attack{"a byte of Packages.gz", flip(a.packagesZipped), r.apt, "Hash Sum mismatch"},
		attack{"a byte of InRelease", flip(a.inRelease), r.apt, "BADSIG"},
		attack{"another suite in Release", both(remove(a.inRelease), edit(a.release, "Suite: "+suite, "Suite: stale")), r.apt, "BADSIG"},
		attack{"nothing at all", empty, r.sums, "SHA256SUMS is missing"},
		attack{"no sums", remove(sumsFile), r.sums, "SHA256SUMS is missing"},
		attack{"no signature of the sums", remove(signatureFile), r.sums, "SHA256SUMS.minisig is missing"},
		attack{"a line of the sums missing", cutLine(sumsFile), r.sums, "the signature of SHA256SUMS is wrong"},
		attack{"another name for the release", edit(signatureFile, r.product.release(), r.product.release()+"1"), r.sums, "the signature of SHA256SUMS is wrong"},
		attack{"a file that is not listed", add("more"), r.sums, "more is not listed"},
		attack{"a file missing", remove(names["deb"]), r.sums, "is listed in SHA256SUMS and missing"},
		attack{"an rpm that nobody signed", replace(names["rpm"], unsigned), r.rpm, "digests OK"},
		attack{"no signature of Arch's package", remove(names["archlinux"] + ".sig"), r.arch, "No such file"},
		attack{"no signature of the repository", both(remove(a.inRelease), remove(a.releaseSignature)), r.apt, "is not signed"},
		attack{"sums signed by another key", replace(signatureFile, other), r.sums, "was signed with another key"},
		attack{"an rpm signed by another key", replace(names["rpm"], other), r.rpm, "digests SIGNATURES NOT OK"},
		attack{"Arch's package signed by another key", replace(names["archlinux"]+".sig", other), r.arch, "No public key"},
		attack{"a repository signed by another key", both(replace(a.inRelease, other), replace(a.packagesZipped, other)), r.apt, "NO_PUBKEY"},
	)
}

// tamper does it all, each time to a fresh copy. What is accepted, or refused for another reason, is an error.
func (r receiver) tamper(ctx context.Context, dir, unsigned string, all records) error {
	other, err := r.forge(ctx, unsigned)
	if err != nil {
		return err
	}
	if err := errors.Join(r.refused(ctx, dir, r.attacks(other, unsigned, all)), r.tamperWindows(ctx)); err != nil {
		return err
	}
	// Each file was among them.
	return all.verified("tampered with", slices.Collect(maps.Keys(all))...)
}

// refused does what somebody does to a folder, each time to a fresh copy.
func (r receiver) refused(ctx context.Context, dir string, list []attack) error {
	for _, a := range list {
		copied, err := r.copied(ctx, dir)
		if err != nil {
			return err
		}
		if err := a.do(copied); err != nil {
			return fmt.Errorf("%s: %w", a.what, err)
		}
		switch err := a.check(ctx, copied); {
		case err == nil:
			return fmt.Errorf("this was accepted: %s", a.what)
		case !regexp.MustCompile(a.because).MatchString(err.Error()):
			return fmt.Errorf("this was not refused because of %q: %s: %w", a.because, a.what, err)
		}
		if err := errors.Join(ctx.Err(), os.RemoveAll(copied)); err != nil {
			return err
		}
	}
	return nil
}

// rewrite makes a new file of what is in one: the copy shares its files with what was copied.
func rewrite(name string, change func([]byte) []byte) func(string) error {
	return func(dir string) error {
		file := filepath.Join(dir, name)
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return errors.Join(os.Remove(file), os.WriteFile(file, change(data), 0o600))
	}
}

// flip changes a byte in the middle.
func flip(name string) func(string) error {
	return rewrite(name, func(data []byte) []byte {
		data[len(data)/2] ^= 1
		return data
	})
}

func cutLine(name string) func(string) error {
	return rewrite(name, func(data []byte) []byte {
		_, rest, _ := strings.Cut(string(data), "\n")
		return []byte(rest)
	})
}

func edit(name, old, replacement string) func(string) error {
	return rewrite(name, func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(replacement), 1) })
}

func empty(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) }

func add(name string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), nil, 0o600) }
}

func remove(name string) func(string) error {
	return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
}

// replace takes the file of the same name from another folder.
func replace(name, from string) func(string) error {
	return func(dir string) error {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return rewrite(name, func([]byte) []byte { return data })(dir)
	}
}

func both(first, second func(string) error) func(string) error {
	return func(dir string) error { return errors.Join(first(dir), second(dir)) }
}
