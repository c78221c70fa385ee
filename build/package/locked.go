package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
)

// locked signs as packagers do: with keys under passwords, which the environment names. Packages with next to nothing in
// them will do. Keys that do not open, or do not belong together, are refused before anything is made.
func (r receiver) locked(ctx context.Context) error {
	const passphrase, password = "pass phrase of the test", "password of the test"
	folder := filepath.Join(r.work, "locked")
	dir := filepath.Join(folder, "release")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	own := filepath.Join(folder, "own")
	if err := makeLocked(ctx, own, passphrase, password); err != nil {
		return err
	}
	public, _, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	mixed := filepath.Join(own, "mixed.key") // beside it, the public one of somebody else
	if err := errors.Join(copyWhole(filepath.Join(own, "minisign.key"), mixed), os.WriteFile(publicOf(mixed), []byte(public.String()+"\n"), 0o600)); err != nil {
		return err
	}
	right := map[string]string{gpgVariable: filepath.Join(own, "gpg.asc"), gpgPassphrase: passphrase, minisignVariable: filepath.Join(own, "minisign.key"), minisignPassword: password}
	for i, wrong := range []struct{ name, value, blamed string }{
		{gpgPassphrase, "another", gpgVariable}, {gpgPassphrase, "", gpgVariable}, {gpgVariable, filepath.Join(own, "minisign.pub"), gpgVariable},
		{minisignPassword, "another", minisignVariable}, {minisignVariable, mixed, minisignVariable},
	} {
		keys, err := r.keysWith(ctx, right, wrong.name, wrong.value, filepath.Join(folder, fmt.Sprint("wrong", i)))
		if err == nil {
			return errors.Join(fmt.Errorf("%s is %q, and that was accepted", wrong.name, wrong.value), keys.close())
		}
		if said := err.Error(); !strings.Contains(said, wrong.blamed) || strings.Contains(said, passphrase) || strings.Contains(said, password) {
			return fmt.Errorf("%s is %q, and what was said is: %w", wrong.name, wrong.value, err)
		}
	}
	keys, err := r.keysWith(ctx, right, gpgPassphrase, passphrase, filepath.Join(folder, "right"))
	if err != nil {
		return err
	}
	small := []file{{"usr/share/doc/" + r.Command + "/small", 0o644, []byte("small\n")}}
	err = errors.Join(r.linuxPackages(ctx, small, filepath.Join(folder, "stage"), dir), with(right, func() error { return r.sign(ctx, keys, dir) }), keys.close())
	if err != nil {
		return err
	}
	r.keys = dir + "-keys"
	return errors.Join(r.sums(ctx, dir), r.rpm(ctx, dir), r.arch(ctx, dir), r.apt(ctx, dir))
}

// keysWith opens the keys of an environment in which one variable has this value.
func (r receiver) keysWith(ctx context.Context, environment map[string]string, name, value, work string) (k *keys, err error) {
	if err := os.Mkdir(work, 0o700); err != nil {
		return nil, err
	}
	return k, with(environment, func() error {
		return with(map[string]string{name: value}, func() error {
			k, err = openKeys(ctx, r.product, "environment", work)
			return err
		})
	})
}

// makeLocked makes keys under passwords, in a new folder.
func makeLocked(ctx context.Context, dir, passphrase, password string) error {
	k := keys{gpg: filepath.Join(dir, "gpg.asc"), minisign: filepath.Join(dir, "minisign.key"), gpgHome: filepath.Join(dir, "gpg"), passphrase: filepath.Join(dir, "passphrase")}
	if err := errors.Join(os.MkdirAll(k.gpgHome, 0o700), os.WriteFile(k.passphrase, []byte(passphrase+"\n"), 0o600)); err != nil {
		return err
	}
	if err := errors.Join(k.make(ctx, "somebody"), k.close()); err != nil {
		return err
	}
	text, err := os.ReadFile(k.minisign)
	if err != nil {
		return err
	}
	var key minisign.PrivateKey
	if err := key.UnmarshalText(text); err != nil {
		return err
	}
	if text, err = minisign.EncryptKey(password, key); err != nil {
		return err
	}
	return os.WriteFile(k.minisign, text, 0o600)
}

// with runs f in an environment with these variables, and puts back what was there.
func with(environment map[string]string, f func() error) (err error) {
	for name, value := range environment {
		before, was := os.LookupEnv(name)
		defer func() {
			if !was {
				err = errors.Join(err, os.Unsetenv(name))
				return
			}
			err = errors.Join(err, os.Setenv(name, before))
		}()
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return f()
}
