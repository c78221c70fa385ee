// It needs a Debian package.

//go:build devnet

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A product with a scheme of its own is started with the addresses that have it, and desktops know that.
func TestDesktopEntry(t *testing.T) {
	t.Chdir("../..")
	p, err := readProduct(brandFolder)
	if err != nil {
		t.Fatal(err)
	}
	with := p
	with.ClientID, with.SchemeRedirect = "https://harbour.example.com/client.json", true
	for name, c := range map[string]struct {
		product
		exec, types string
	}{
		"without": {p, "Exec=latchkey-window\n", ""},
		"with":    {with, "Exec=latchkey-window %u\n", "\nMimeType=x-scheme-handler/com.example.harbour;\n"},
	} {
		data, err := c.fill("desktop")
		if err != nil {
			t.Fatal(err)
		}
		if text := string(data); !strings.Contains(text, c.exec) || !strings.Contains(text, c.types) || strings.Contains(text, "MimeType") != (c.types != "") {
			t.Errorf("%s:\n%s", name, text)
		}
		file := filepath.Join(t.TempDir(), "entry.desktop")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "desktop-file-validate", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
