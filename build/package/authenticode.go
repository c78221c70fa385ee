package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The variables that name what signs for Windows.
const (
	certificateVariable = "AUTHENTICODE_CERT"      // PEM: the certificate, and behind it those that lead to its root
	codeKeyVariable     = "AUTHENTICODE_KEY"       // its key: a file, or the address of one in a token (RFC 7512)
	codePassword        = "AUTHENTICODE_PASSWORD"  // #nosec G101 -- the name of a variable: what opens it, the passphrase of a file or the PIN of a token
	moduleVariable      = "AUTHENTICODE_MODULE"    // the library that speaks to that token (PKCS #11)
	timestampVariable   = "AUTHENTICODE_TIMESTAMP" // the address of a server of time stamps (RFC 3161)
	rootsVariable       = "AUTHENTICODE_ROOTS"     // PEM: the roots of both; those of this machine unless set
)

// systemRoots are those that Debian trusts.
const systemRoots = "/etc/ssl/certs/ca-certificates.crt"

// authenticode signs programs for Windows
// (https://learn.microsoft.com/windows-hardware/drivers/install/authenticode).
type authenticode struct {
	certificate, key string // files with both; the key may be in a token
	module           string // of the token
	password         string // file with what opens the key, "" for nothing
	timestamp        string // address, "" for none
	roots            string // file
	server           *timestamper
}

// openAuthenticode opens the key of the environment, or makes one.
func openAuthenticode(ctx context.Context, kind, dir string) (*authenticode, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &authenticode{}
	if kind == "test" {
		return a, a.make(ctx, dir)
	}
	a.certificate, a.key, a.module = os.Getenv(certificateVariable), os.Getenv(codeKeyVariable), os.Getenv(moduleVariable)
	a.timestamp, a.roots = os.Getenv(timestampVariable), os.Getenv(rootsVariable)
	if a.certificate == "" || a.key == "" || a.timestamp == "" {
		return nil, fmt.Errorf("%s, %s and %s have to say what signs the programs for Windows; for throw-away keys say TEST_KEYS=1, and for packages that nobody signed UNSIGNED=1",
			certificateVariable, codeKeyVariable, timestampVariable)
	}
	if isToken(a.key) != (a.module != "") {
		return nil, fmt.Errorf("%s names the library of a token, and then %s has to be the address of a key in it", moduleVariable, codeKeyVariable)
	}
	if a.roots == "" {
		a.roots = systemRoots
	}
	password := os.Getenv(codePassword)
	if password == "" {
		return a, nil
	}
	a.password = filepath.Join(dir, "password")
	return a, os.WriteFile(a.password, []byte(password), 0o600)
}

// try signs something that nobody gets, and wants a receiver to accept it.
func (a *authenticode) try(ctx context.Context, p product, dir string) error {
	program, err := bootstrapper(ctx)
	if err != nil {
		return err
	}
	dir = filepath.Join(dir, "trial")
	file := filepath.Join(dir, bootstrapperName)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(file, program, 0o600), a.publish(dir)); err != nil {
		return err
	}
	if err := a.seal(p).put(ctx, "", "", file); err != nil {
		return fmt.Errorf("the key that %s names does not sign; is %s right? %w", codeKeyVariable, codePassword, err)
	}
	if err := (receiver{keys: dir}).authenticode(ctx, file); err != nil {
		return fmt.Errorf("what it signs would not be accepted; are %s and %s right? %w", certificateVariable, rootsVariable, err)
	}
	return nil
}

func isToken(key string) bool { return strings.HasPrefix(key, "pkcs11:") }

// publish writes what a receiver has to know: the certificate, and whom to ask about it.
func (a *authenticode) publish(dir string) error {
	for name, file := range map[string]string{codePublic: a.certificate, rootsPublic: a.roots} {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil { // #nosec G306 -- for everybody to read
			return err
		}
	}
	return nil
}

// The files of the public part.
const (
	codePublic  = "authenticode.pem"
	rootsPublic = "authenticode-roots.pem"
)

func (a *authenticode) close() error {
	if a == nil || a.server == nil {
		return nil
	}
	return a.server.close()
}

// seal puts Authenticode signatures into programs: new ones, or those that somebody published.
type seal struct {
	// flags are what osslsigncode is told, but for the file.
	flags func(architecture, name string) []string
}

// seal signs with the key. The time stamp lets a signature outlive the certificate.
func (a *authenticode) seal(p product) *seal {
	flags := []string{"sign", "-certs", a.certificate, "-key", a.key, "-h", "sha256", "-n", p.Name, "-i", p.Homepage}
	if a.timestamp != "" {
		flags = append(flags, "-ts", a.timestamp)
	}
	if a.password != "" {
		flags = append(flags, "-readpass", a.password)
	}
	if isToken(a.key) {
		flags = append(flags, "-pkcs11module", a.module)
	}
	return &seal{func(string, string) []string { return flags }}
}

// published puts the signatures of a release into the same programs, built by somebody else: Authenticode
// leaves itself out of what it signs. The public keys are beside the release, and osslsigncode verifies.
func (p product) published(release string) (*seal, error) {
	trust, err := trusted(release + "-keys")
	return &seal{func(architecture, name string) []string {
		return append([]string{"attach-signature", "-sigin", filepath.Join(release, p.signaturesName(architecture), name+signatureEnding)}, trust...)
	}}, err
}

func (p product) signaturesName(architecture string) string {
	return p.archiveName("windows-"+architecture) + "-signatures"
}

const signatureEnding = ".p7"

// publishSignatures takes the signatures out of the files of a folder.
func (p product) publishSignatures(ctx context.Context, from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil { // #nosec G301 -- for everybody to read
		return err
	}
	for _, name := range p.sealed() {
		if err := quietly(command(ctx, "osslsigncode", "extract-signature", "-in", filepath.Join(from, name), "-out", filepath.Join(to, name+signatureEnding))); err != nil {
			return err
		}
	}
	return nil
}

// put signs a file, which is of the release under that name.
func (s *seal) put(ctx context.Context, architecture, name, file string) error {
	made := file + ".sealed"
	if err := quietly(command(ctx, "osslsigncode", append(s.flags(architecture, name), "-in", file, "-out", made)...)); err != nil {
		return err
	}
	return os.Rename(made, file)
}

// script does the same to the uninstaller, which only makensis sees, and leaves a copy of it beside itself.
func (s *seal) script(architecture string) []byte {
	words := []string{"osslsigncode"}
	for _, word := range s.flags(architecture, uninstallerName) {
		words = append(words, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
	}
	return []byte("#!/bin/sh\nset -eu\n" + strings.Join(words, " ") + ` -in "$1" -out "$1.sealed"` + "\n" +
		`mv "$1.sealed" "$1"` + "\n" + `cp "$1" "$(dirname "$0")/` + uninstallerName + "\"\n")
}

// trusted tells osslsigncode whose signature to expect: any certificate below the roots would do otherwise.
func trusted(keys string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(keys, codePublic))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New(codePublic + " has no certificate")
	}
	hash := sha256.Sum256(block.Bytes)
	roots := filepath.Join(keys, rootsPublic)
	return []string{"-require-leaf-hash", "sha256:" + hex.EncodeToString(hash[:]), "-CAfile", roots, "-TSA-CAfile", roots}, nil
}

// authenticode checks the signature in a program: that it is by the certificate that was published and
// fits the program, and that a server of time stamps said when. Without any, osslsigncode may be content.
func (r receiver) authenticode(ctx context.Context, file string) error {
	trust, err := trusted(r.keys)
	if err != nil {
		return err
	}
	cmd := command(ctx, "osslsigncode", append([]string{"verify", "-in", file}, trust...)...)
	cmd.Stderr = nil // where the output goes
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(file), err, said)
	}
	for _, want := range []string{"\nLeaf hash match: ok\n", "\nTimestamp Server Signature verification: ok\n", "\nSignature verification: ok\n", "\nNumber of verified signatures: 1\n"} {
		if !strings.Contains(string(said), want) {
			return fmt.Errorf("%s: osslsigncode does not say %q:\n%s", filepath.Base(file), strings.TrimSpace(want), said)
		}
	}
	return nil
}
