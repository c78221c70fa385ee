package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// upgraded makes two development builds of the same package, installs the older one, signs in on the
// private network, upgrades it under the closed window, and is still signed in.
func (r receiver) upgraded(ctx context.Context, release, shots string, say io.Writer) error {
	licences, err := os.ReadFile(filepath.Join(release, "licences.txt"))
	if err != nil {
		return err
	}
	if err := page(ctx); err != nil {
		return err
	}
	dir := filepath.Join(r.work, "development")
	both := []product{r.product, r.product}
	both[0].version, both[1].version = "1.0.0-dev", "1.0.1-dev"
	var debs []string
	for _, p := range both {
		deb, err := p.development(ctx, dir+"-"+p.version, licences)
		if err != nil {
			return err
		}
		debs = append(debs, deb)
	}
	keyFolder := filepath.Join(r.work, "development-keys")
	if err := os.Mkdir(keyFolder, 0o700); err != nil {
		return err
	}
	keys, err := openKeys(ctx, r.product, "test", keyFolder)
	if err != nil {
		return err
	}
	defer func() { _ = keys.close() }()
	r.keys = keyFolder + "-public"
	if err := errors.Join(both[0].repository(ctx, keys, dir, debs...), keys.publish(ctx, r.keys)); err != nil {
		return err
	}
	demo := filepath.Join(r.work, "demo")
	if err := quietly(command(ctx, "go", "build", "-tags", "devnet", "-o", demo, "./backend/devnet/cmd/demo")); err != nil {
		return err
	}
	return r.onMachine(ctx, dir, func(m machine) error {
		if err := m.install(ctx, both[0].debianVersion()); err != nil {
			return err
		}
		upgrade := filepath.Join(r.work, "upgrade")
		words := "apt-get -q -y --no-install-recommends install " + r.Command + "=" + both[1].debianVersion()
		if os.Geteuid() != 0 {
			words = "sudo -n " + words
		}
		if err := os.WriteFile(upgrade, []byte("#!/bin/sh\nexec "+words+"\n"), 0o700); err != nil { // #nosec G306 -- it is run
			return err
		}
		play := command(ctx, demo, "-headless", "-story", "upgrade", "-window", "/usr/bin/"+r.window(), "-cli", "/usr/bin/"+r.Command,
			"-upgrade", upgrade, "-dir", shots)
		play.Stdout = say
		if err := play.Run(); err != nil {
			return fmt.Errorf("the story of an upgrade: %w", err)
		}
		said, err := output(ctx, "/usr/bin/"+r.Command, "version")
		if err == nil && said != r.Command+" "+both[1].version {
			err = fmt.Errorf("after the upgrade it is %q", said)
		}
		return err
	})
}

// development makes the deb of a development build in dir.
func (p product) development(ctx context.Context, dir string, licences []byte) (string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	made, err := p.compile(ctx, dir, "devnet", "")
	if err != nil {
		return "", err
	}
	files, err := p.tree(ctx, made, licences)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, p.packageNames()["deb"]), p.linuxPackage(ctx, "deb", files, dir, dir)
}
