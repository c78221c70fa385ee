package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// receiver is somebody who has the packager's public keys and is offered a folder of files.
type receiver struct {
	product
	release string // the program of build/release, compiled
	keys    string // the folder with the public keys
	work    string
}

func newReceiver(ctx context.Context, p product, keys, work string) (receiver, error) {
	r := receiver{product: p, release: filepath.Join(work, "release"), keys: keys, work: work}
	return r, quietly(command(ctx, "go", "build", "-o", r.release, "./build/release"))
}

// sums is the check that covers every file.
func (r receiver) sums(ctx context.Context, dir string) error {
	return quietly(command(ctx, r.release, "verify", "-key", filepath.Join(r.keys, minisignPublic), "-release", r.product.release(), dir))
}

// minisign is the same with the tools that everybody has.
func (r receiver) minisign(ctx context.Context, dir string) error {
	check := command(ctx, "minisign", "-V", "-p", filepath.Join(r.keys, minisignPublic), "-m", filepath.Join(dir, "SHA256SUMS"))
	sums := command(ctx, "sha256sum", "--check", "--strict", "SHA256SUMS")
	sums.Dir = dir
	return errors.Join(quietly(check), quietly(sums))
}

// rpm checks the signature inside the rpm. An rpm without one passes the tool, which then speaks of the
// digests alone.
func (r receiver) rpm(ctx context.Context, dir string) error {
	db, err := os.MkdirTemp(r.work, "rpm-")
	if err != nil {
		return err
	}
	if err := quietly(command(ctx, "rpm", "--dbpath", db, "--import", filepath.Join(r.keys, gpgPublic))); err != nil {
		return err
	}
	said, err := output(ctx, "rpm", "--dbpath", db, "--checksig", filepath.Join(dir, r.packageNames()["rpm"]))
	if err != nil || !strings.HasSuffix(said, ": digests signatures OK") {
		return errors.Join(err, fmt.Errorf("rpm says %q", said))
	}
	return nil
}

// arch checks the signature that lies beside the package of Arch.
func (r receiver) arch(ctx context.Context, dir string) error {
	ring, err := r.keyring(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, r.packageNames()["archlinux"])
	return quietly(command(ctx, "gpgv", "--keyring", ring, file+".sig", file))
}

// keyring is the public key in the form that gpgv reads.
func (r receiver) keyring(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp(r.work, "ring-")
	if err != nil {
		return "", err
	}
	ring := filepath.Join(dir, "ring.gpg")
	return ring, quietly(command(ctx, "gpg", "--homedir", dir, "--batch", "--output", ring, "--dearmor", filepath.Join(r.keys, gpgPublic)))
}

// source writes what a person puts into /etc/apt/sources.list.d, and answers the options that make apt
// read that alone and complain about whatever is wrong with it.
func (r receiver) source(ctx context.Context, dir, file string) ([]string, error) {
	ring, err := r.keyring(ctx)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("Types: deb\nURIs: file:%s\nSuites: %s\nComponents: %s\nArchitectures: amd64\nSigned-By: %s\n", filepath.Join(dir, "apt"), suite, component, ring)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { // #nosec G306 -- for apt's own user
		return nil, err
	}
	return []string{"-q", "-o", "Dir::Etc::SourceList=" + file, "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "APT::Update::Error-Mode=any",
		"-o", "APT::Sandbox::User=root"}, nil
}

// apt reads the repository and fetches the package, with lists and a cache of its own.
func (r receiver) apt(ctx context.Context, dir string) error {
	own, err := os.MkdirTemp(r.work, "apt-")
	if err != nil {
		return err
	}
	for _, folder := range []string{"lists/partial", "archives/partial"} {
		if err := os.MkdirAll(filepath.Join(own, folder), 0o700); err != nil {
			return err
		}
	}
	options, err := r.source(ctx, dir, filepath.Join(own, "this.sources"))
	if err != nil {
		return err
	}
	options = append(options, "-o", "Dir::State::Lists="+filepath.Join(own, "lists"), "-o", "Dir::Cache="+own)
	if err := quietly(command(ctx, "apt-get", append(options, "update")...)); err != nil {
		return err
	}
	fetch := command(ctx, "apt-get", append(options, "download", r.Command+"="+r.debianVersion())...)
	fetch.Dir = own
	return quietly(fetch)
}
