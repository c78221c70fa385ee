package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// contents looks into the artefacts.
func (r receiver) contents(ctx context.Context, dir string, all records) error {
	tree, err := r.packages(ctx, dir)
	if err != nil {
		return err
	}
	if err := errors.Join(r.materials(dir), r.terminalOnly(ctx, dir, tree), r.licences(dir, tree)); err != nil {
		return err
	}
	names := r.packageNames()
	return errors.Join(all.verified("contents", names["deb"], names["rpm"], names["archlinux"], r.archiveName("linux-amd64")+".tar.gz",
		r.archiveName("linux-arm64")+".tar.gz", r.materialsName(), "licences.txt"), all.verified("lintian", names["deb"]), all.verified("dependencies", names["deb"], names["rpm"]))
}

// packages looks into those of both faces: all of them have the same files, which carry nobody else's name, and the
// checkers of the distributions find nothing wrong. It answers the folder with the files.
func (r receiver) packages(ctx context.Context, dir string) (string, error) {
	names := r.packageNames()
	folders := map[string]string{}
	for kind, name := range map[string]string{"deb": names["deb"], "rpm": names["rpm"], "archlinux": names["archlinux"], "tar.gz": r.archiveName("linux-amd64") + ".tar.gz"} {
		folders[kind] = filepath.Join(r.work, "content", kind)
		if err := unpack(ctx, kind, filepath.Join(dir, name), folders[kind]); err != nil {
			return "", err
		}
	}
	trees := map[string]string{
		"deb": filepath.Join(folders["deb"], "usr"), "rpm": filepath.Join(folders["rpm"], "usr"), "archlinux": filepath.Join(folders["archlinux"], "usr"),
		"tar.gz": filepath.Join(folders["tar.gz"], r.archiveName("linux-amd64")),
	}
	// What Debian has elsewhere, or in addition.
	usr := trees["deb"]
	err := errors.Join(os.Remove(filepath.Join(usr, "share", "doc", r.Command, "changelog.Debian.gz")),
		os.Rename(filepath.Join(folders["deb"], zshDebian), filepath.Join(usr, strings.TrimPrefix(zshFolder, "usr/"))))
	if err != nil {
		return "", err
	}
	for kind, tree := range trees {
		if err := quietly(command(ctx, "diff", "--recursive", "--no-dereference", trees["tar.gz"], tree)); err != nil {
			return "", fmt.Errorf("%s: %w", kind, err)
		}
	}
	return trees["tar.gz"], errors.Join(
		quietly(command(ctx, "lintian", "--allow-root", "--fail-on", "error", filepath.Join(dir, names["deb"]))),
		quietly(command(ctx, "desktop-file-validate", filepath.Join(usr, "share", "applications", r.AppID+".desktop"))),
		quietly(command(ctx, "appstreamcli", "validate", "--no-net", filepath.Join(usr, "share", "metainfo", r.AppID+".metainfo.xml"))),
		r.dependencies(ctx, dir, usr))
}

// terminalOnly wants the archive for arm64 to be a part of the one for amd64, with a program for that processor.
func (r receiver) terminalOnly(ctx context.Context, dir, both string) error {
	folder := filepath.Join(r.work, "content", "arm64")
	if err := unpack(ctx, "tar.gz", filepath.Join(dir, r.archiveName("linux-arm64")+".tar.gz"), folder); err != nil {
		return err
	}
	folder = filepath.Join(folder, r.archiveName("linux-arm64"))
	program := filepath.Join(folder, "bin", r.Command)
	file, err := elf.Open(program)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil || file.Machine != elf.EM_AARCH64 {
		return errors.Join(err, fmt.Errorf("the program for arm64 is one for %v", file.Machine))
	}
	if err := os.Remove(program); err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		return errors.Join(err, quietly(command(ctx, "cmp", path, filepath.Join(both, name))))
	})
}

// licences wants the list beside the packages to be the one in them.
func (r receiver) licences(dir, tree string) error {
	list, err := os.ReadFile(filepath.Join(dir, "licences.txt"))
	if err != nil {
		return err
	}
	inside, err := os.ReadFile(filepath.Join(tree, "share", "doc", r.Command, "licences.txt.gz"))
	if err == nil && !bytes.Equal(zipped(list), inside) {
		err = errors.New("licences.txt is another one in the packages")
	}
	return err
}

// unpack unpacks an artefact; the deb by its own tool, which does not trust what is in it either.
func unpack(ctx context.Context, kind, file, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if kind == "deb" {
		return quietly(command(ctx, "dpkg-deb", "--extract", file, dir))
	}
	return quietly(command(ctx, "bsdtar", "-x", "-f", file, "-C", dir))
}

// dependencies compares what the packages say that they need with what the window is linked with.
func (r receiver) dependencies(ctx context.Context, dir, usr string) error {
	source := filepath.Join(r.work, "source")
	if err := os.MkdirAll(filepath.Join(source, "debian"), 0o700); err != nil {
		return err
	}
	about := "Source: x\n\nPackage: x\nArchitecture: any\n"
	if err := os.WriteFile(filepath.Join(source, "debian", "control"), []byte(about), 0o600); err != nil {
		return err
	}
	find := command(ctx, "dpkg-shlibdeps", "-O", filepath.Join(usr, "bin", r.window()))
	find.Dir, find.Stderr = source, nil // it warns that the window does not lie in a package
	said, err := find.Output()
	if err != nil {
		return err
	}
	found := strings.TrimPrefix(strings.TrimSpace(string(said)), "shlibs:Depends=")
	names := r.packageNames()
	needed, err := output(ctx, "dpkg-deb", "--field", filepath.Join(dir, names["deb"]), "Depends")
	if err != nil || needed != found {
		return errors.Join(err, fmt.Errorf("dpkg-shlibdeps finds %q, and the deb says %q", found, needed))
	}
	window, err := elf.Open(filepath.Join(usr, "bin", r.window()))
	if err != nil {
		return err
	}
	defer func() { _ = window.Close() }()
	linked, err := window.ImportedLibraries()
	if err != nil {
		return err
	}
	if needed, err = output(ctx, "rpm", "--nosignature", "--query", "--requires", "--package", filepath.Join(dir, names["rpm"])); err != nil {
		return err
	}
	var named []string
	for need := range strings.Lines(needed) {
		if library, _, _ := strings.Cut(need, "("); library != "rpmlib" { // what rpm itself must be able to
			named = append(named, library)
		}
	}
	slices.Sort(linked)
	if slices.Sort(named); !slices.Equal(linked, named) {
		return fmt.Errorf("the window is linked with %q, and the rpm says %q", linked, named)
	}
	return nil
}

// materials wants the list of materials to be one, with parts of both kinds.
func (r receiver) materials(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, r.materialsName()))
	if err != nil {
		return err
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return err
	}
	for _, want := range []string{"pkg:golang/std@", "pkg:golang/modernc.org/sqlite@", "pkg:npm/svelte@"} {
		if bom.Components == nil || !slices.ContainsFunc(*bom.Components, func(c cdx.Component) bool { return strings.HasPrefix(c.PackageURL, want) }) {
			return fmt.Errorf("the list of materials has no %s", want)
		}
	}
	return nil
}
