package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// attack is something that somebody does to the folder on its way, and the check that has to notice.
type attack struct {
	what  string
	do    func(dir string) error
	check func(context.Context, string) error
}

// attacks change a byte in every file, take evidence away, and bring evidence by other keys. Other is the
// same release, signed by somebody else; unsigned is one that nobody signed.
func (r receiver) attacks(dir, other, unsigned string) ([]attack, error) {
	var all []attack
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, attack{"a byte of " + name, flip(name), r.sums})
		return err
	})
	names := r.packageNames()
	deb := filepath.Join("apt", "pool", component, r.Command, names["deb"])
	packages := filepath.Join("apt", "dists", suite, component, "binary-amd64", "Packages")
	inRelease := filepath.Join("apt", "dists", suite, "InRelease")
	release := filepath.Join("apt", "dists", suite, "Release")
	sums, signature := "SHA256SUMS", "SHA256SUMS.minisig"
	return append(all,
		attack{"a byte of the rpm", flip(names["rpm"]), r.rpm},
		attack{"a byte of Arch's package", flip(names["archlinux"]), r.arch},
		attack{"a byte of the deb in the repository", flip(deb), r.apt},
		attack{"a byte of Packages", both(flip(packages), remove(packages+".gz")), r.apt},
		attack{"a byte of InRelease", flip(inRelease), r.apt},
		attack{"no sums", remove(sums), r.sums},
		attack{"no signature of the sums", remove(signature), r.sums},
		attack{"a line of the sums missing", cutLine(sums), r.sums},
		attack{"an rpm that nobody signed", replace(names["rpm"], unsigned), r.rpm},
		attack{"no signature of Arch's package", remove(names["archlinux"] + ".sig"), r.arch},
		attack{"no signature of the repository", both(remove(inRelease), remove(release+".gpg")), r.apt},
		attack{"sums signed by another key", replace(signature, other), r.sums},
		attack{"an rpm signed by another key", replace(names["rpm"], other), r.rpm},
		attack{"Arch's package signed by another key", replace(names["archlinux"]+".sig", other), r.arch},
		attack{"a repository signed by another key", both(replace(inRelease, other), replace(packages, other)), r.apt},
	), err
}

// tamper does it all, each time to a fresh copy, and answers how much was refused. Something that is
// accepted is an error.
func (r receiver) tamper(ctx context.Context, dir string, all []attack) (int, error) {
	for _, a := range all {
		copied := filepath.Join(r.work, "tampered")
		if err := quietly(command(ctx, "cp", "-a", "--link", dir, copied)); err != nil {
			return 0, err
		}
		if err := a.do(copied); err != nil {
			return 0, fmt.Errorf("%s: %w", a.what, err)
		}
		if a.check(ctx, copied) == nil {
			return 0, fmt.Errorf("this was accepted: %s", a.what)
		}
		if err := errors.Join(ctx.Err(), os.RemoveAll(copied)); err != nil {
			return 0, err
		}
	}
	return len(all), nil
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
