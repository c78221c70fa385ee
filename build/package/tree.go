package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"golang.org/x/image/draw"
)

// file is one that gets installed.
type file struct {
	path string // below /, without the slash
	mode fs.FileMode
	data []byte
}

// The folders of shell completions, which distributions call by different names.
const (
	bashFolder = "usr/share/bash-completion/completions/"
	zshFolder  = "usr/share/zsh/site-functions/"
	zshDebian  = "usr/share/zsh/vendor-completions/"
	fishFolder = "usr/share/fish/vendor_completions.d/"
)

// tree are the files of both faces, in the order of their paths. Licences is the list of what others made.
func (p product) tree(ctx context.Context, made programs, licences []byte) ([]file, error) {
	files, err := p.terminalTree(ctx, made.terminal, made.terminal, licences)
	if err != nil {
		return nil, err
	}
	window, err := os.ReadFile(made.window)
	if err != nil {
		return nil, err
	}
	files = append(files, file{"usr/bin/" + p.window(), 0o755, window})
	for name, path := range map[string]string{
		"desktop":  "usr/share/applications/" + p.AppID + ".desktop",
		"metainfo": "usr/share/metainfo/" + p.AppID + ".metainfo.xml",
		"window.1": "usr/share/man/man1/" + p.window() + ".1.gz",
	} {
		data, err := p.fill(name)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(path, ".gz") {
			data = zipped(data)
		}
		files = append(files, file{path, 0o644, data})
	}
	icons, err := p.icons()
	if err != nil {
		return nil, err
	}
	files = append(files, icons...)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

// terminalTree are the files of the terminal face. Runs is a program like it for this machine, which tells
// what shells and readers want to know.
func (p product) terminalTree(ctx context.Context, program, runs string, licences []byte) ([]file, error) {
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	files := []file{{"usr/bin/" + p.Command, 0o755, data}}
	for shell, path := range map[string]string{"bash": bashFolder + p.Command, "zsh": zshFolder + "_" + p.Command, "fish": fishFolder + p.Command + ".fish"} {
		text, err := output(ctx, runs, "completion", shell)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path, 0o644, []byte(text + "\n")})
	}
	manual, err := p.manual(ctx, runs)
	if err != nil {
		return nil, err
	}
	copyright, err := p.fill("copyright")
	if err != nil {
		return nil, err
	}
	doc := "usr/share/doc/" + p.Command + "/"
	files = append(files, file{"usr/share/man/man1/" + p.Command + ".1.gz", 0o644, zipped(manual)},
		file{doc + "copyright", 0o644, copyright}, file{doc + "licences.txt.gz", 0o644, zipped(licences)})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

//go:embed files
var templates embed.FS

// fill fills in a template of the folder files.
func (p product) fill(name string) ([]byte, error) {
	copyright, err := os.ReadFile("LICENSE")
	if err != nil {
		return nil, err
	}
	t, err := template.New(name+".tmpl").Funcs(template.FuncMap{"xml": escaped, "roff": roff, "nsi": nsi}).ParseFS(templates, "files/"+name+".tmpl")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Name": p.Name, "ID": p.ID, "Command": p.Command, "Window": p.window(), "AppID": p.AppID, "Summary": p.Summary,
		"Description": p.Description, "Keywords": p.Keywords, "Screenshots": p.Screenshots, "Homepage": p.Homepage,
		"Maintainer": p.Maintainer, "MaintainerName": p.maintainerName(), "License": license, "Copyright": debianCopyright(string(copyright)),
		"Version": p.version, "DebianVersion": p.debianVersion(), "VersionNumber": p.versionNumber(), "MinimumMacOS": minimumMacOS, "Scheme": p.Scheme(), "Commit": p.commit,
		"Date": p.time.Format(time.DateOnly), "DateRFC": p.time.Format(time.RFC1123Z),
		"FileName": p.fileName(), "Caption": p.caption(), "Rights": rights(string(copyright)),
	})
	return out.Bytes(), err
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return out.String()
}

// rights is the line of a licence file that says who has the rights.
func rights(text string) string {
	_, text, _ = strings.Cut(text, "\n\n")
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// debianCopyright is a licence file in the form of a paragraph
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), which calls this licence Expat.
func debianCopyright(text string) string {
	_, text, _ = strings.Cut(strings.TrimSpace(text), "\n\nCopyright (c) ")
	holder, words, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(words, "\n")
	for i, line := range lines {
		if lines[i] = " " + line; line == "" {
			lines[i] = " ."
		}
	}
	return "Copyright: " + holder + "\nLicense: Expat\n" + strings.Join(lines, "\n")
}

// sizes are those of icons that desktops look for, in pixels.
var sizes = []int{16, 22, 24, 32, 48, 64, 128, 256, 512}

func (p product) icons() ([]file, error) {
	const folder = "usr/share/icons/hicolor/"
	drawing, err := os.ReadFile(filepath.Join(p.folder, "icon.svg"))
	if err != nil {
		return nil, err
	}
	files := []file{{folder + "scalable/apps/" + p.AppID + ".svg", 0o644, drawing}}
	icon, err := p.picture()
	if err != nil {
		return nil, err
	}
	for _, size := range sizes {
		var out bytes.Buffer
		if err := png.Encode(&out, scaled(icon, size)); err != nil {
			return nil, err
		}
		files = append(files, file{fmt.Sprintf("%s%dx%d/apps/%s.png", folder, size, size, p.AppID), 0o644, out.Bytes()})
	}
	return files, nil
}

// picture is the icon of the brand.
func (p product) picture() (image.Image, error) {
	data, err := os.ReadFile(filepath.Join(p.folder, "icon.png"))
	if err != nil {
		return nil, err
	}
	icon, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if icon.Bounds().Dx() != 512 || icon.Bounds().Dy() != 512 {
		return nil, fmt.Errorf("%s/icon.png must be 512 pixels wide and high", p.folder)
	}
	return icon, nil
}

func scaled(icon image.Image, size int) image.Image {
	small := image.NewNRGBA(image.Rect(0, 0, size, size))
	draw.CatmullRom.Scale(small, small.Bounds(), icon, icon.Bounds(), draw.Src, nil)
	return small
}

// zipped has neither a name nor a time in it.
func zipped(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // a level that there is
	_, _ = w.Write(data)
	_ = w.Close() // a buffer takes everything
	return out.Bytes()
}
