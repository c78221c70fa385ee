package main

import (
	"context"
	"os"
	"path/filepath"
)

// The signed repository for apt: what a person names in a .sources file.
const (
	suite     = "stable"
	component = "main"
)

// aptFiles are the files of the repository below the folder of a release. InRelease and the zipped list are
// what apt reads; the rest says the same to others.
type aptFiles struct{ deb, packagesZipped, packages, inRelease, release, releaseSignature string }

func (p product) aptFiles() aptFiles {
	folder := "apt/dists/" + suite + "/"
	packages := folder + component + "/binary-amd64/Packages"
	return aptFiles{deb: "apt/pool/" + component + "/" + p.Command + "/" + p.packageNames()["deb"], packagesZipped: packages + ".gz", packages: packages,
		inRelease: folder + "InRelease", release: folder + "Release", releaseSignature: folder + "Release.gpg"}
}

// repository makes a repository for apt of the debs, below dir/apt. The debs in it carry no signature of
// their own: apt trusts them by the sums in Packages, whose sum is in InRelease, which is signed.
func (p product) repository(ctx context.Context, keys *keys, dir string, debs ...string) error {
	root := filepath.Join(dir, "apt")
	pool := filepath.Join("pool", component, p.Command)
	list := filepath.Join("dists", suite, component, "binary-amd64")
	for _, folder := range []string{pool, list} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil { // #nosec G301 -- for everybody to read
			return err
		}
	}
	for _, deb := range debs {
		data, err := os.ReadFile(deb)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, pool, filepath.Base(deb)), data, 0o644); err != nil { // #nosec G306 -- the same
			return err
		}
	}
	inside := func(args ...string) ([]byte, error) {
		cmd := command(ctx, "apt-ftparchive", args...)
		cmd.Dir = root
		return cmd.Output()
	}
	packages, err := inside("packages", pool)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"Packages": packages, "Packages.gz": zipped(packages)} {
		if err := os.WriteFile(filepath.Join(root, list, name), data, 0o644); err != nil { // #nosec G306 -- the same
			return err
		}
	}
	about := func(key, value string) string { return "APT::FTPArchive::Release::" + key + "=" + value }
	folder := filepath.Join("dists", suite)
	release, err := inside("-o", about("Origin", p.Name), "-o", about("Label", p.Name), "-o", about("Suite", suite), "-o", about("Codename", suite),
		"-o", about("Architectures", "amd64"), "-o", about("Components", component), "release", folder)
	if err != nil {
		return err
	}
	file := filepath.Join(root, folder, "Release")
	if err := os.WriteFile(file, release, 0o644); err != nil { // #nosec G306 -- the same
		return err
	}
	if err := quietly(keys.gpgCommand(ctx, "--clearsign", "--output", filepath.Join(root, folder, "InRelease"), file)); err != nil {
		return err
	}
	return quietly(keys.gpgCommand(ctx, "--armor", "--detach-sign", "--output", file+".gpg", file))
}
