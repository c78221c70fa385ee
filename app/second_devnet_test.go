//go:build devnet && linux

package app_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
)

// mustBuildWindow builds the window's program for a private network, with the page as it was built last.
func mustBuildWindow(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../build/bin/latchkey-window-devnet")
	if err != nil {
		t.Fatal(err)
	}
	// The flags are those of the Makefile, so that nothing is built twice.
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "desktop,production,webkit2_41,devnet", "-o", program, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// screen is a desktop that windows open on.
type screen struct {
	*devnet.Desktop
	t *testing.T
}

func newScreen(t *testing.T) screen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := devnet.StartDesktop(ctx, devnet.DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return screen{d, t}
}

// run runs a command on this desktop and answers what it says.
func (s screen) run(name string, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), name, args...)
	cmd.Env = s.Env()
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

// open opens a window and waits for its first heading.
func (s screen) open(ctx context.Context, program, heading string, env ...string) *devnet.Window {
	s.t.Helper()
	w, err := devnet.StartWindow(ctx, s.Desktop, program, env)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = w.Close() })
	if err := w.WaitFor(ctx, "heading", heading); err != nil {
		s.t.Fatal(err)
	}
	return w
}

// A second window on the same data hands over to the first: it ends well, and the first comes back to the front.
// hostile: 66
func TestSecondWindowHandsOver(t *testing.T) {
	t.Parallel()
	program := mustBuildWindow(t)
	s := newScreen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	first := s.open(ctx, program, "Sign in")
	id := s.run("xdotool", "search", "--onlyvisible", "--name", productName(t))
	if _, err := strconv.Atoi(id); err != nil {
		t.Fatalf("the windows %q", id)
	}
	s.run("xdotool", "windowunmap", "--sync", id)

	second := exec.CommandContext(ctx, program)
	second.Env = s.Env()
	out, err := second.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("the second ended with %v\n%s", err, out)
	}
	s.run("timeout", "30", "xdotool", "search", "--sync", "--onlyvisible", "--name", productName(t)) // it is back
	if err := first.Quit(ctx); err != nil {
		t.Error(err)
	}
}

// Where there is no session bus, or another one, nobody can be handed over to. The second window then says
// that the first is open; it has no service, so there is one window's worth of writers. Once the first is
// closed another one opens as ever.
// hostile: 66
func TestSecondWindowWithoutBus(t *testing.T) {
	t.Parallel()
	program := mustBuildWindow(t)
	s := newScreen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// Whoever reads the screen has a bus of its own.
	address := s.run("gdbus", "call", "--session", "--dest", "org.a11y.Bus", "--object-path", "/org/a11y/bus", "--method", "org.a11y.Bus.GetAddress")
	address = strings.TrimSuffix(strings.TrimPrefix(address, "('"), "',)")
	env := []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(t.TempDir(), "no-bus"), "AT_SPI_BUS_ADDRESS=" + address}

	first := s.open(ctx, program, "Sign in", env...)
	second := s.open(ctx, program, "The app could not start", env...)
	if err := second.WaitFor(ctx, "paragraph", latchkey.AlreadyOpen.Sentence()); err != nil {
		t.Error(err)
	}
	for _, w := range []*devnet.Window{second, first} {
		if err := w.Quit(ctx); err != nil {
			t.Error(err)
		}
	}
	third := s.open(ctx, program, "Sign in", env...)
	if err := third.Quit(ctx); err != nil {
		t.Error(err)
	}
}
