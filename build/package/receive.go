package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// The proof of a release, as build/release writes it.
const (
	sumsFile      = "SHA256SUMS"
	signatureFile = "SHA256SUMS.minisig"
)

// summed checks the sums, which cover every file but themselves.
func (r receiver) summed(ctx context.Context, dir string, all records) error {
	if err := errors.Join(r.sums(ctx, dir), r.minisign(ctx, dir)); err != nil {
		return err
	}
	names := slices.DeleteFunc(slices.Collect(maps.Keys(all)), func(name string) bool { return name == sumsFile || name == signatureFile })
	return errors.Join(all.signed("minisign (sums)", names...), all.signed("minisign", sumsFile), all.verified("signature", signatureFile))
}

// signatures checks those that packages have of their own, and the repository in both of its forms: as apt reads
// it now, and as it did long ago.
func (r receiver) signatures(ctx context.Context, dir string, all records) error {
	names, a := r.packageNames(), r.aptFiles()
	if err := errors.Join(r.rpm(ctx, dir), r.arch(ctx, dir), r.aptWithout(ctx, dir, a.release, a.releaseSignature, a.packages),
		r.aptWithout(ctx, dir, a.inRelease, a.packages)); err != nil {
		return err
	}
	// Of the two lists apt takes the one that is named with the fewest bytes.
	list, err := os.ReadFile(filepath.Join(dir, a.packages))
	if err != nil {
		return err
	}
	listZipped, err := os.ReadFile(filepath.Join(dir, a.packagesZipped))
	if err != nil {
		return err
	}
	if !bytes.Equal(zipped(list), listZipped) {
		return errors.New("the two lists of the repository say different things")
	}
	return errors.Join(all.signed("OpenPGP", names["rpm"], names["archlinux"], a.inRelease, a.release),
		all.signed("OpenPGP (repository)", a.deb, a.packagesZipped), all.verified("contents", a.packages),
		all.verified("signature", names["archlinux"]+".sig", a.releaseSignature))
}

// aptWithout is the check of apt in a copy that lacks some of the files, so that it reads the others.
func (r receiver) aptWithout(ctx context.Context, dir string, lacks ...string) error {
	copied, err := r.copied(ctx, dir)
	if err != nil {
		return err
	}
	for _, name := range lacks {
		err = errors.Join(err, remove(name)(copied))
	}
	return errors.Join(err, r.apt(ctx, copied), os.RemoveAll(copied))
}

// copied makes a fresh copy of a folder, which shares its files with it.
func (r receiver) copied(ctx context.Context, dir string) (string, error) {
	copied := filepath.Join(r.work, "copied")
	return copied, quietly(command(ctx, "cp", "-a", "--link", dir, copied))
}

// sums is the check that covers every file.
func (r receiver) sums(ctx context.Context, dir string) error {
	return quietly(command(ctx, r.release, "verify", "-key", filepath.Join(r.keys, minisignPublic), "-release", r.product.release(), dir))
}

// minisign is the same with the tools that everybody has.
func (r receiver) minisign(ctx context.Context, dir string) error {
	check := command(ctx, "minisign", "-V", "-p", filepath.Join(r.keys, minisignPublic), "-m", filepath.Join(dir, sumsFile))
	sums := command(ctx, "sha256sum", "--check", "--strict", sumsFile)
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
	check := command(ctx, "rpm", "--dbpath", db, "--checksig", filepath.Join(dir, r.packageNames()["rpm"]))
	check.Stderr = nil
	said, err := check.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(said)), ": digests signatures OK") {
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

// stanza names a repository to apt (sources.list(5)).
func stanza(address, key string) string {
	return fmt.Sprintf("Types: deb\nURIs: %s\nSuites: %s\nComponents: %s\nArchitectures: amd64\nSigned-By: %s\n", address, suite, component, key)
}

// source writes what a person puts into /etc/apt/sources.list.d, and answers the options that make apt
// read that alone and complain about whatever is wrong with it.
func (r receiver) source(ctx context.Context, dir, file string) ([]string, error) {
	ring, err := r.keyring(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(stanza("file:"+filepath.Join(dir, "apt"), ring)), 0o644); err != nil { // #nosec G306 -- for apt's own user
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
