package main

import (
	"context"
	"os"
	"path/filepath"
)

// secondBrand is a product of somebody else, in the folder of the tests.
const secondBrand = "build/package/testdata/brand"

// secondBrand packages it for Linux out of nothing but its folder, and looks into the packages.
func (r receiver) secondBrand(ctx context.Context, licences string) error {
	p, err := readProduct(secondBrand)
	if err != nil {
		return err
	}
	p.version, p.commit, p.time = r.version, r.commit, r.time
	other := receiver{product: p, work: filepath.Join(r.work, "second")}
	dir := filepath.Join(other.work, "dist")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	made, err := p.compile(ctx, other.work, "", "")
	if err != nil {
		return err
	}
	list, err := os.ReadFile(licences)
	if err != nil {
		return err
	}
	files, err := p.tree(ctx, made, list)
	if err != nil {
		return err
	}
	if err := borrowed(files); err != nil {
		return err
	}
	for packager := range p.packageNames() {
		if err := p.linuxPackage(ctx, packager, files, other.work, dir); err != nil {
			return err
		}
	}
	name := p.archiveName("linux-amd64")
	data, err := p.archive(name, files)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".tar.gz"), data, 0o600); err != nil {
		return err
	}
	if _, err := other.packages(ctx, dir); err != nil {
		return err
	}
	return other.metadata(ctx, dir)
}

// metadata wants nothing of ours in what the packages say of themselves.
func (r receiver) metadata(ctx context.Context, dir string) error {
	names := r.packageNames()
	for _, tool := range [][]string{
		{"dpkg-deb", "--info", filepath.Join(dir, names["deb"])},
		{"rpm", "--query", "--package", "--xml", filepath.Join(dir, names["rpm"])},
		{"bsdtar", "-x", "-O", "-f", filepath.Join(dir, names["archlinux"]), ".PKGINFO", ".MTREE"},
	} {
		said, err := output(ctx, tool[0], tool[1:]...)
		if err != nil {
			return err
		}
		if err := borrowed([]file{{path: tool[0], data: []byte(said)}}); err != nil {
			return err
		}
	}
	return nil
}
