package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
)

// locked signs as packagers do: with keys under passwords and in a token, which the environment names. Packages with next to nothing in
// them will do. Keys that do not open, or do not belong together, are refused before anything is made.
func (r receiver) locked(ctx context.Context) (err error) {
	const password = "password of the test"
	folder := filepath.Join(r.work, "locked")
	dir := filepath.Join(folder, "release")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	right, err := guideKeys(ctx, folder, password)
	if err != nil {
		return err
	}
	token, done, err := r.tokenKey(ctx, "123456")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	maps.Copy(right, token)
	own := filepath.Dir(right[minisignVariable])
	public, _, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	mixed := filepath.Join(own, "mixed.key") // beside it, the public one of somebody else
	if err := errors.Join(copyWhole(right[minisignVariable], mixed), os.WriteFile(publicOf(mixed), []byte(public.String()+"\n"), 0o600)); err != nil {
		return err
	}
	for i, wrong := range []struct{ name, value, blamed string }{
		{gpgPassphrase, "another", gpgVariable}, {gpgPassphrase, "", gpgVariable}, {gpgVariable, filepath.Join(own, "release.pub"), gpgVariable},
		{minisignPassword, "another", minisignVariable}, {minisignVariable, mixed, minisignVariable},
		{codePassword, "654321", codeKeyVariable}, {certificateVariable, token[rootsVariable], codeKeyVariable}, {rootsVariable, systemRoots, rootsVariable},
	} {
		keys, err := r.keysWith(ctx, right, wrong.name, wrong.value, filepath.Join(folder, fmt.Sprint("wrong", i)))
		if err == nil {
			return errors.Join(fmt.Errorf("%s is %q, and that was accepted", wrong.name, wrong.value), keys.close())
		}
		if said := err.Error(); !strings.Contains(said, wrong.blamed) || strings.Contains(said, password) {
			return fmt.Errorf("%s is %q, and what was said is: %w", wrong.name, wrong.value, err)
		}
	}
	keys, err := r.keysWith(ctx, right, gpgPassphrase, password, filepath.Join(folder, "right"))
	if err != nil {
		return err
	}
	small := []file{{"usr/share/doc/" + r.Command + "/small", 0o644, []byte("small\n")}}
	for packager := range r.packageNames() {
		if err := r.linuxPackage(ctx, packager, small, filepath.Join(folder, "stage"), dir); err != nil {
			return errors.Join(err, keys.close())
		}
	}
	err = errors.Join(with(right, func() error { return r.sign(ctx, keys, dir) }), keys.close())
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
