package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// build makes the folder of a release. The order is: sign, write down the sums, sign the sums.
func build(ctx context.Context, o options) (err error) {
	began := time.Now()
	p, err := o.product(ctx)
	if err != nil {
		return err
	}
	if err := p.identity(ctx, o); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "package-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	keys, err := openKeys(ctx, p, o.keys, work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.close()) }()

	if err := errors.Join(os.RemoveAll(o.out), os.RemoveAll(o.out+"-keys"), os.MkdirAll(o.out, 0o755)); err != nil { // #nosec G301 -- for everybody to read
		return err
	}
	// What is half made, or half signed, is not left to be taken for a release.
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(o.out), os.RemoveAll(o.out+"-keys"))
		}
	}()
	if err := p.takeImage(o); err != nil {
		return err
	}
	if err := p.artefacts(ctx, o, keys, work); err != nil {
		return err
	}
	if keys != nil {
		if err := p.sign(ctx, keys, o.out); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(o.say, "package: %s %s of commit %.12s in %s, %d s\n", p.Name, p.version, p.commit, o.out, int(time.Since(began).Seconds()))
	return err
}

// product is what the command line names. Nobody's keys sign an example.
func (o options) product(ctx context.Context) (product, error) {
	p, err := readProduct(o.brand)
	if err != nil {
		return p, err
	}
	if o.keys == "environment" && p.isExample() {
		return p, fmt.Errorf("%s/packaging.json still has the addresses of an example; put yours there", o.brand)
	}
	return p.fromSources(ctx, o.version)
}

// artefacts makes all that is there before somebody signs it; but what is for Windows is signed on the way,
// because signed programs lie in signed installers.
func (p product) artefacts(ctx context.Context, o options, keys *keys, work string) error {
	if err := page(ctx); err != nil {
		return err
	}
	made, err := p.compile(ctx, work, "", o.cache)
	if err != nil {
		return err
	}
	list := filepath.Join(o.out, "licences.txt")
	materials := filepath.Join(o.out, p.materialsName())
	if err := quietly(command(ctx, "go", "run", "./build/licences", "-materials", materials, "-product", p.Command+"@"+p.version, list)); err != nil {
		return err
	}
	licences, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	both, err := p.tree(ctx, made, licences)
	if err != nil {
		return err
	}
	arm, err := p.terminalTree(ctx, made.terminalARM, made.terminal, licences)
	if err != nil {
		return err
	}
	for packager := range p.packageNames() {
		if err := p.linuxPackage(ctx, packager, both, work, o.out); err != nil {
			return err
		}
	}
	for system, files := range map[string][]file{"linux-amd64": both, "linux-arm64": arm} {
		name := p.archiveName(system)
		data, err := p.archive(name, files)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.out, name+".tar.gz"), data, 0o644); err != nil { // #nosec G306 -- for everybody to read
			return err
		}
	}
	var sealed *seal
	if keys != nil {
		sealed = keys.code.seal(p)
	} else if o.signatures != "" {
		if sealed, err = p.published(o.signatures); err != nil {
			return err
		}
	}
	return p.windows(ctx, o, sealed, made.overlay, work, licences)
}

// sign signs the packages, makes the repository, publishes the public keys in another folder, and signs the
// sums of everything.
func (p product) sign(ctx context.Context, keys *keys, dir string) error {
	names := p.packageNames()
	if err := keys.signRPM(ctx, filepath.Join(dir, names["rpm"])); err != nil {
		return err
	}
	arch := filepath.Join(dir, names["archlinux"])
	if err := quietly(keys.gpgCommand(ctx, "--detach-sign", "--output", arch+".sig", arch)); err != nil {
		return err
	}
	if err := p.repository(ctx, keys, dir, filepath.Join(dir, names["deb"])); err != nil {
		return err
	}
	if err := keys.publish(ctx, dir+"-keys"); err != nil {
		return err
	}
	if err := quietly(command(ctx, "go", "run", "./build/release", "sums", dir)); err != nil {
		return err
	}
	return quietly(command(ctx, "go", "run", "./build/release", "sign", "-key", keys.minisign, "-release", p.release(), dir))
}

// release is the name that is signed with the sums.
func (p product) release() string { return p.Command + " " + p.version }

func (p product) archiveName(system string) string { return p.Command + "-" + p.version + "-" + system }

func (p product) materialsName() string { return p.Command + "-" + p.version + ".cdx.json" }
