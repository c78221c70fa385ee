package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// nfpm makes the packages; its newer versions want a newer way of fetching.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4"

// needs are what the window is linked with, by packager. Those of Debian are what dpkg-shlibdeps finds, and rpm tells
// of libraries by their file names, as its own tools do; verify compares both.
var needs = map[string][]string{
	"deb": {"libc6 (>= 2.34)", "libgdk-pixbuf-2.0-0 (>= 2.22.0)", "libglib2.0-0 (>= 2.16.0)", "libgtk-3-0 (>= 3.21.4)",
		"libjavascriptcoregtk-4.1-0", "libsoup-3.0-0 (>= 2.4.0)", "libwebkit2gtk-4.1-0 (>= 2.41.4)"},
	"rpm": {"libc.so.6(GLIBC_2.34)(64bit)", "libgdk-3.so.0()(64bit)", "libgdk_pixbuf-2.0.so.0()(64bit)", "libgio-2.0.so.0()(64bit)",
		"libglib-2.0.so.0()(64bit)", "libgobject-2.0.so.0()(64bit)", "libgtk-3.so.0()(64bit)", "libjavascriptcoregtk-4.1.so.0()(64bit)",
		"libsoup-3.0.so.0()(64bit)", "libwebkit2gtk-4.1.so.0()(64bit)"},
	"archlinux": {"gdk-pixbuf2", "glib2", "glibc", "gtk3", "libsoup3", "webkit2gtk-4.1"},
}

// wants are what the programs use if it is there: a keychain, a way to open a browser, and what tells the desktop of
// the scheme that a product may have, by a trigger of its own in each of them.
var wants = map[string][]string{
	"deb":       {"gnome-keyring | kwalletmanager | keepassxc", "xdg-utils", "desktop-file-utils"},
	"rpm":       {"gnome-keyring", "xdg-utils", "desktop-file-utils"},
	"archlinux": {"gnome-keyring", "xdg-utils", "desktop-file-utils"},
}

// linuxPackage makes the deb, the rpm or the package of Arch out of the files of both faces.
func (p product) linuxPackage(ctx context.Context, packager string, files []file, work, dir string) error {
	stage := filepath.Join(work, packager)
	files = slices.Clone(files)
	if packager == "deb" {
		changelog, err := p.fill("changelog")
		if err != nil {
			return err
		}
		files = append(files, file{"usr/share/doc/" + p.Command + "/changelog.Debian.gz", 0o644, zipped(changelog)})
		for i := range files {
			files[i].path = strings.Replace(files[i].path, zshFolder, zshDebian, 1)
		}
	}
	settings, err := p.nfpmSettings(packager, stage, files)
	if err != nil {
		return err
	}
	cmd := command(ctx, "go", "run", nfpm, "package", "--config", settings, "--packager", packager, "--target", filepath.Join(dir, p.packageNames()[packager]))
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+p.epoch())
	return quietly(cmd)
}

// packageNames are the file names of the packages, as each kind has them, by packager.
func (p product) packageNames() map[string]string {
	return map[string]string{
		"deb":       fmt.Sprintf("%s_%s_amd64.deb", p.Command, p.debianVersion()),
		"rpm":       fmt.Sprintf("%s-%s-1.x86_64.rpm", p.Command, p.versionFor("rpm")),
		"archlinux": fmt.Sprintf("%s-%s-1-x86_64.pkg.tar.zst", p.Command, p.versionFor("archlinux")),
	}
}

// versionFor sorts what comes before a release before it: in the words of dpkg and rpm 1.2.3~rc.1, and of
// pacman 1.2.3rc.1.
func (p product) versionFor(packager string) string {
	sign := "~"
	if packager == "archlinux" {
		sign = ""
	}
	return strings.Replace(p.version, "-", sign, 1)
}

func (p product) debianVersion() string { return p.versionFor("deb") + "-1" }

// nfpmSettings writes the files, and what nfpm wants to know (https://nfpm.goreleaser.com/configuration/).
// Its YAML takes JSON.
func (p product) nfpmSettings(packager, stage string, files []file) (string, error) {
	mtime := p.time.Format(time.RFC3339)
	var contents []map[string]any
	for _, f := range files {
		path := filepath.Join(stage, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", err
		}
		if err := os.WriteFile(path, f.data, f.mode); err != nil {
			return "", err
		}
		contents = append(contents, map[string]any{"src": path, "dst": "/" + f.path,
			"file_info": map[string]any{"mode": f.mode, "mtime": mtime, "owner": "root", "group": "root"}})
	}
	settings := map[string]any{
		"name": p.Command, "arch": "amd64", "platform": "linux", "version": p.versionFor(packager), "version_schema": "none", "release": "1",
		"section": "net", "priority": "optional", "maintainer": p.Maintainer, "vendor": p.Name, "homepage": p.Homepage, "license": license,
		"mtime": mtime, "umask": 0o022, "description": p.describedFor(packager),
		"depends": needs[packager], "recommends": wants[packager], "contents": contents,
		"deb":       map[string]any{"compression": "gzip"}, // the only one that takes seconds
		"archlinux": map[string]any{"packager": p.Maintainer},
		"rpm":       map[string]any{"compression": "zstd", "buildhost": "localhost", "packager": p.Maintainer, "summary": p.Summary},
	}
	if packager == "deb" {
		delete(settings, "license") // it stands in the file copyright
	}
	data, err := json.Marshal(settings)
	if err != nil {
		return "", err
	}
	file := filepath.Join(stage, "nfpm.yaml")
	return file, os.WriteFile(file, data, 0o600)
}

// describedFor is what a package says of itself: Debian has the summary in the first line, Arch nothing else.
func (p product) describedFor(packager string) string {
	var lines []string
	for _, paragraph := range p.Description {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if len(line)+len(word) > 76 {
				lines, line = append(lines, line), ""
			}
			line = strings.TrimSpace(line + " " + word)
		}
		lines = append(lines, line, "")
	}
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	switch packager {
	case "deb":
		return p.Summary + "\n" + text
	case "archlinux":
		return p.Summary
	}
	return text
}

// archive is a tar.gz whose folders bin and share go into /usr/local, or anywhere.
func (p product) archive(name string, files []file) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	w := tar.NewWriter(zip)
	for _, f := range files {
		header := &tar.Header{Name: name + "/" + strings.TrimPrefix(f.path, "usr/"), Mode: int64(f.mode), Size: int64(len(f.data)),
			ModTime: p.time, Uname: "root", Gname: "root", Format: tar.FormatPAX}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := zip.Close()
	return out.Bytes(), err
}
