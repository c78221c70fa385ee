//go:build devnet

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/backend/devnet"
	"latchkey/backend/wire"
)

// A brand folder is all that it takes to make another product. It needs nothing that only packaging needs.
func TestSecondBrand(t *testing.T) {
	t.Chdir("../..")
	p, err := readProduct(secondBrand)
	if err != nil {
		t.Fatal(err)
	}
	p.version, p.commit, p.time = "1.2.3", strings.Repeat("0", 40), time.Unix(0, 0).UTC()
	made, err := p.here(t.Context(), t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("terminal", func(t *testing.T) { p.checkTerminal(t, made.terminal) })
	t.Run("window", func(t *testing.T) { p.checkWindow(t, made.window) })
	t.Run("files", func(t *testing.T) {
		files, err := p.tree(t.Context(), made, []byte("licences"))
		if err != nil {
			t.Fatal(err)
		}
		if err := borrowed(files); err != nil {
			t.Error(err)
		}
		for _, path := range []string{"usr/bin/harbour", "usr/bin/harbour-window", "usr/share/applications/internal.harbour.Notes.desktop",
			"usr/share/metainfo/internal.harbour.Notes.metainfo.xml", "usr/share/man/man1/harbour.1.gz", "usr/share/man/man1/harbour-window.1.gz",
			"usr/share/icons/hicolor/scalable/apps/internal.harbour.Notes.svg", "usr/share/icons/hicolor/48x48/apps/internal.harbour.Notes.png",
			bashFolder + "harbour", zshFolder + "_harbour", fishFolder + "harbour.fish", "usr/share/doc/harbour/copyright"} {
			if !slices.ContainsFunc(files, func(f file) bool { return f.path == path }) {
				t.Errorf("there is no %s", path)
			}
		}
	})
}

func (p product) checkTerminal(t *testing.T, program string) {
	home := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
		out, err := cmd.Output()
		if err != nil && args[0] != "doctor" { // which finds no keychain here
			t.Errorf("%v: %v", args, err)
		}
		return string(out)
	}
	if got := run("version"); got != "harbour 1.2.3\n" {
		t.Errorf("it says %q", got)
	}
	want, err := wire.ClientMetadata(p.Brand)
	if err != nil {
		t.Fatal(err)
	}
	got := run("client-metadata")
	if got != string(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	var document struct {
		Name         string   `json:"client_name"`
		ID           string   `json:"client_id"`
		Scope        string   `json:"scope"`
		RedirectURIs []string `json:"redirect_uris"`
	}
	if err := json.Unmarshal([]byte(got), &document); err != nil || document.Name != "Harbour Notes" || document.ID != p.ClientID ||
		document.Scope != "atproto repo:internal.harbour.note blob:image/*" || !slices.Contains(document.RedirectURIs, "internal.harbour.notes:/callback") {
		t.Errorf("%+v, %v", document, err)
	}
	if got := run("client-metadata", "check", "--offline"); got != " ok  Servers take it.\n" {
		t.Errorf("check: %s", got)
	}
	cmd := exec.CommandContext(t.Context(), program, "whoami")
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	if out, _ := cmd.CombinedOutput(); !strings.HasPrefix(string(out), "harbour: not_signed_in: ") || ourName.Match(out) {
		t.Errorf("whoami: %s", out)
	}
	if got := run("doctor"); !strings.Contains(got, " ~/.local/share/internal.harbour.notes\n") || !strings.Contains(got, "Harbour Notes 1.2.3") || ourName.MatchString(got) {
		t.Errorf("doctor: %s", got)
	}
}

func (p product) checkWindow(t *testing.T, program string) {
	desktop, err := devnet.StartDesktop(t.Context(), devnet.DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := desktop.Close(); err != nil {
			t.Error(err)
		}
	}()
	window, err := devnet.StartWindow(t.Context(), desktop, program, []string{"BROWSER=false"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = window.Close() }()
	for role, name := range map[string]string{"frame": "Harbour Notes", "heading": "Sign in"} {
		if err := window.WaitFor(t.Context(), role, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := window.Read(t.Context(), func(said []string) error {
		if i := slices.IndexFunc(said, ourName.MatchString); i >= 0 {
			return fmt.Errorf("the window says %q", said[i])
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(desktop.DataHome(), p.ID)); err != nil {
		t.Error(err)
	}
	shown, err := window.Icon(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(p.folder, "icon.png"))
	if err != nil {
		t.Fatal(err)
	}
	icon, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	// The same in the same places: a corner, the ring, the shank, the ground.
	for _, at := range [][2]float64{{0, 0}, {0.5, 0.16}, {0.5, 0.6}, {0.2, 0.2}} {
		x := func(i interface{ Dx() int }) int { return int(at[0] * float64(i.Dx())) }
		y := func(i interface{ Dy() int }) int { return int(at[1] * float64(i.Dy())) }
		want, got := icon.At(x(icon.Bounds()), y(icon.Bounds())), shown.At(x(shown.Bounds()), y(shown.Bounds()))
		if got != want {
			t.Errorf("at %v the icon is %v, not %v", at, got, want)
		}
	}
	if err := window.Quit(t.Context()); err != nil {
		t.Error(err)
	}
}
