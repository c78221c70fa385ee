package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBrandFolder(t *testing.T) {
	t.Parallel()
	p, err := readProduct("../brand")
	if err != nil {
		t.Fatal(err)
	}
	if p.window() != p.Command+"-window" || !p.isExample() {
		t.Errorf("our own brand folder: %q, an example: %v", p.window(), p.isExample())
	}
	p.Maintainer, p.Homepage = "Jo <jo@harbour.test>", "https://harbour.test"
	if p.isExample() {
		t.Error("a packager's own addresses are taken for an example's")
	}
}

// Whoever edits packaging.json is told which key is wrong.
func TestPackagingMistakes(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("../brand/packaging.json")
	if err != nil {
		t.Fatal(err)
	}
	brand, err := os.ReadFile("../brand/brand.json")
	if err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile("../brand/mark.svg")
	if err != nil {
		t.Fatal(err)
	}
	for key, change := range map[string][2]string{
		`"command"`:     {`"command": "latchkey"`, `"command": "Latch key"`},
		`"app_id"`:      {`"com.example.latchkey"`, `"latchkey"`},
		`"maintainer"`:  {"packages@", "packages"},
		`"homepage"`:    {`"https://latchkey.example.com",`, `"http://latchkey.example.com",`},
		`"screenshots"`: {"https://latchkey.example.com/screenshots", "/screenshots"},
		"caption":       {`"The window with somebody signed in"`, `""`},
		`"summary"`:     {"AT Protocol, and", `AT Protocol\nand`},
		"unknown field": {`"command"`, `"comand"`},
	} {
		dir := t.TempDir()
		text := strings.Replace(string(good), change[0], change[1], 1)
		for name, data := range map[string]string{"brand.json": string(brand), "mark.svg": string(mark), "packaging.json": text} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := readProduct(dir); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"v1.2.3-0-gabcdef0":       "1.2.3",
		"v1.2.3-rc.1-0-gabcdef0":  "1.2.3-rc.1",
		"v1.2.3-14-gabcdef0":      "1.2.3+14.gabcdef0",
		"v1.2.3-rc.1-2-gabcdef01": "1.2.3-rc.1+2.gabcdef01",
	} {
		if got, err := versionOf(text); err != nil || got != want || !versionPattern.MatchString(got) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if got, err := versionOf("abcdef0"); err == nil {
		t.Errorf("no tag at all: %q", got)
	}
	p := product{version: "1.2.3-rc.1"}
	for packager, want := range map[string]string{"deb": "1.2.3~rc.1", "rpm": "1.2.3~rc.1", "archlinux": "1.2.3rc.1"} {
		if got := p.versionFor(packager); got != want {
			t.Errorf("%s: %s", packager, got)
		}
	}
}

// What people wrote stays text, wherever it gets to.
func TestFill(t *testing.T) {
	t.Chdir("../..")
	p, err := readProduct(brandFolder)
	if err != nil {
		t.Fatal(err)
	}
	p.Name, p.Summary, p.Description = `<Q&A>`, `Tom & "Jerry"`, []string{".so /etc/passwd", `a\fBb`}
	metainfo, err := p.fill("metainfo")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(metainfo); strings.Contains(text, "<Q&A>") || !strings.Contains(text, "<name>&lt;Q&amp;A&gt;</name>") {
		t.Error(text)
	}
	page, err := p.fill("window.1")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, "\n.so") || strings.Contains(text, `\fB`) {
		t.Error(text)
	}
	copyright, err := p.fill("copyright")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(copyright); !strings.Contains(text, "\nCopyright: 2026 The Latchkey authors\nLicense: Expat\n Permission is") || !strings.Contains(text, "\n .\n") {
		t.Error(text)
	}
}

func TestIcons(t *testing.T) {
	t.Parallel()
	p, err := readProduct("../brand")
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.icons()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(sizes)+1 {
		t.Fatalf("%d icons", len(files))
	}
	for _, f := range files[1:] {
		width := binary.BigEndian.Uint32(f.data[16:]) // where PNG has it
		if !strings.Contains(f.path, fmt.Sprintf("/%dx%d/apps/%s.png", width, width, p.AppID)) {
			t.Errorf("%s is %d wide", f.path, width)
		}
	}
}

// What is wrong with a brand folder is said in one sentence, before anything is built.
func TestWrongBrandFolders(t *testing.T) {
	t.Parallel()
	brand, err := os.ReadFile("testdata/brand/brand.json")
	if err != nil {
		t.Fatal(err)
	}
	small := new(bytes.Buffer)
	if err := png.Encode(small, image.NewNRGBA(image.Rect(0, 0, 128, 128))); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file, data, want string // an empty file removes the whole folder
	}{
		"no folder":    {"", "", "there is no brand in the folder"},
		"wrong key":    {"brand.json", `{"colour": "red"}`, `"colour" is not a key`},
		"faint accent": {"brand.json", strings.Replace(string(brand), "#6cc5e8", "#0b4f6c", 1), `"accent" has "dark" #0b4f6c`},
		"odd mark":     {"mark.svg", `<svg viewBox="0 0 9 9"><script/></svg>`, "must not have <script> in it"},
		"no picture":   {"icon.png", "brass", "icon.png must be a PNG"},
		"small":        {"icon.png", small.String(), "it is 128 by 128"},
		"no packaging": {"packaging.json", "{}", `"command" must be`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "brand")
			if tt.file != "" {
				if err := os.CopyFS(dir, os.DirFS("testdata/brand")); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out := t.TempDir()
			err := overlay(options{brand: dir, out: out})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(filepath.Join(out, "overlay.json")); err == nil {
				t.Error("an overlay was written all the same")
			}
		})
	}
}
