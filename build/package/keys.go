package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"aead.dev/minisign"
)

// The variables that name the packager's keys, and those with what opens them if they are under a password.
const (
	gpgVariable      = "GPG_KEY"           // an OpenPGP secret key, as gpg --armor --export-secret-keys writes it
	gpgPassphrase    = "GPG_PASSPHRASE"    // #nosec G101 -- the name of a variable
	minisignVariable = "MINISIGN_KEY"      // a secret key of minisign; its public one is beside it, ending in .pub
	minisignPassword = "MINISIGN_PASSWORD" // #nosec G101 -- the name of a variable; build/release reads it
)

// keys sign a release. None at all (nil) is for builds that are compared with others.
type keys struct {
	gpg, minisign string // files with the secret keys
	gpgHome       string // where gpg has its own
	passphrase    string // file with that of the OpenPGP key
	code          *authenticode
}

func openKeys(ctx context.Context, p product, kind, work string) (*keys, error) {
	if kind == "none" {
		return nil, nil
	}
	k := &keys{gpgHome: filepath.Join(work, "gpg"), passphrase: filepath.Join(work, "passphrase")}
	passphrase := ""
	if kind == "environment" {
		passphrase = os.Getenv(gpgPassphrase)
	}
	if err := errors.Join(os.Mkdir(k.gpgHome, 0o700), os.WriteFile(k.passphrase, []byte(passphrase+"\n"), 0o600)); err != nil {
		return nil, err
	}
	switch kind {
	case "test":
		k.gpg, k.minisign = filepath.Join(work, "gpg.asc"), filepath.Join(work, "minisign.key")
		if err := k.make(ctx, p.Name); err != nil {
			return nil, errors.Join(err, k.close())
		}
	case "environment":
		k.gpg, k.minisign = os.Getenv(gpgVariable), os.Getenv(minisignVariable)
		if k.gpg == "" || k.minisign == "" {
			return nil, fmt.Errorf("%s and %s have to name the files of your keys; for throw-away ones say TEST_KEYS=1, and for packages that nobody signed UNSIGNED=1", gpgVariable, minisignVariable)
		}
		if err := k.open(ctx, work); err != nil {
			return nil, errors.Join(err, k.close())
		}
	default:
		return nil, errUsage
	}
	var err error
	code := filepath.Join(work, "code")
	if k.code, err = openAuthenticode(ctx, kind, code); err == nil {
		err = k.code.try(ctx, p, code)
	}
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

// open takes the keys, and signs something that nobody gets, so that a wrong key or password is said before the long
// work begins.
func (k *keys) open(ctx context.Context, work string) error {
	dir := filepath.Join(work, "trial")
	nothing := filepath.Join(dir, "nothing")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(nothing, nil, 0o600)); err != nil {
		return err
	}
	for _, args := range [][]string{{"--import", k.gpg}, {"--detach-sign", nothing}} {
		if err := quietly(k.gpgCommand(ctx, args...)); err != nil {
			return fmt.Errorf("the key that %s names does not sign; is it a secret key, and %s right? %w", gpgVariable, gpgPassphrase, err)
		}
	}
	for _, args := range [][]string{{"sums", dir}, {"sign", "-key", k.minisign, "-release", "trial", dir}, {"verify", "-key", publicOf(k.minisign), "-release", "trial", dir}} {
		if err := quietly(command(ctx, "go", append([]string{"run", "./build/release"}, args...)...)); err != nil {
			return fmt.Errorf("the key that %s names does not sign for the public one beside it; is %s right? %w", minisignVariable, minisignPassword, err)
		}
	}
	return nil
}

// make makes keys that nobody needs to keep.
func (k *keys) make(ctx context.Context, name string) error {
	if err := quietly(k.gpgCommand(ctx, "--quick-gen-key", "Test key of "+name+" <test@example.com>", "rsa3072", "sign", "never")); err != nil {
		return err
	}
	if err := quietly(k.gpgCommand(ctx, "--armor", "--output", k.gpg, "--export-secret-keys")); err != nil {
		return err
	}
	public, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	text, err := secret.MarshalText()
	if err != nil {
		return err
	}
	publicText, err := public.MarshalText()
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(k.minisign, append(text, '\n'), 0o600), os.WriteFile(publicOf(k.minisign), append(publicText, '\n'), 0o600))
}

// publicOf is where minisign puts the public key of a secret one.
func publicOf(secret string) string { return strings.TrimSuffix(secret, filepath.Ext(secret)) + ".pub" }

// gpgFlags make gpg ask nobody for anything.
func (k *keys) gpgFlags() []string {
	return []string{"--homedir", k.gpgHome, "--batch", "--yes", "--quiet", "--no-auto-check-trustdb", "--pinentry-mode", "loopback", "--passphrase-file", k.passphrase, "--digest-algo", "SHA512"}
}

func (k *keys) gpgCommand(ctx context.Context, args ...string) *exec.Cmd {
	return command(ctx, "gpg", append(k.gpgFlags(), args...)...)
}

// signRPM puts a signature into an rpm.
func (k *keys) signRPM(ctx context.Context, file string) error {
	list, err := k.gpgCommand(ctx, "--with-colons", "--list-secret-keys").Output()
	if err != nil {
		return err
	}
	m := fingerprint.FindSubmatch(list)
	if m == nil {
		return errors.New("there is no OpenPGP key to sign with")
	}
	return quietly(command(ctx, "rpmsign", "--define", "__gpg /usr/bin/gpg", "--define", "_gpg_name "+string(m[1]), "--define", "_gpg_path "+k.gpgHome,
		"--define", "_gpg_sign_cmd_extra_args "+strings.Join(k.gpgFlags(), " "), "--addsign", file))
}

// fingerprint is that of the first key in a list of gpg's.
var fingerprint = regexp.MustCompile(`(?m)^fpr:{9}([0-9A-F]{40}):`)

// publish writes the public keys for those who verify.
func (k *keys) publish(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { // #nosec G301 -- for everybody to read
		return err
	}
	public, err := os.ReadFile(publicOf(k.minisign))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, minisignPublic), public, 0o644); err != nil { // #nosec G306 -- the same
		return err
	}
	return errors.Join(k.code.publish(dir), quietly(k.gpgCommand(ctx, "--armor", "--output", filepath.Join(dir, gpgPublic), "--export")))
}

// The files with the public keys.
const (
	minisignPublic = "minisign.pub"
	gpgPublic      = "archive.asc"
)

// close ends the helper that gpg leaves behind, and the server of time stamps.
func (k *keys) close() error {
	if k == nil {
		return nil
	}
	return errors.Join(k.code.close(), exec.Command("gpgconf", "--homedir", k.gpgHome, "--kill", "all").Run()) // #nosec G204 -- a folder of ours
}
