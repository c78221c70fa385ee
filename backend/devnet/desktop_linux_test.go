//go:build devnet

package devnet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

func TestMain(m *testing.M) { Main(m) }

func TestKeyring(t *testing.T) {
	t.Parallel()
	const service, user = "devnet-test", "somebody"
	if _, err := keyring.Get(service, user); !errors.Is(err, keyring.ErrNotFound) {
		t.Fatalf("a fresh keyring answers %v", err)
	}
	if err := keyring.Set(service, user, "secret"); err != nil {
		t.Fatal(err)
	}
	if got, err := keyring.Get(service, user); err != nil || got != "secret" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := keyring.Delete(service, user); err != nil {
		t.Error(err)
	}
	if _, err := keyring.Get(service, user); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}
}

func TestDesktopsAreApart(t *testing.T) {
	t.Parallel()
	a, b := MustDesktop(t), MustDesktop(t)
	const item = "/org/freedesktop/secrets/collection/login"
	for _, d := range []*Desktop{a, b} {
		// The default collection exists and is unlocked.
		out, err := d.command(t.Context(), "gdbus", "call", "--session", "-d", "org.freedesktop.secrets",
			"-o", item, "-m", "org.freedesktop.DBus.Properties.Get", "org.freedesktop.Secret.Collection", "Locked").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "false") {
			t.Errorf("the keyring is locked or missing: %v\n%s", err, out)
		}
	}
	if a.BusAddress() == b.BusAddress() {
		t.Error("two desktops share a bus")
	}
	for _, entry := range a.Env() {
		if strings.HasPrefix(entry, "DISPLAY=") || strings.HasPrefix(entry, "WAYLAND_DISPLAY=") {
			t.Errorf("a desktop without a screen has %s", entry)
		}
	}
	if err := a.Screenshot(t.Context(), "x.png"); err == nil {
		t.Error("a screenshot without a screen")
	}
}

// A keyring of its own is locked: the one of all tests must stay open.
func TestLockedKeyring(t *testing.T) {
	t.Parallel()
	d := MustDesktop(t)
	isLocked := func() string {
		t.Helper()
		out, err := d.command(t.Context(), "gdbus", "call", "--session", "-d", secretService, "-o", string(secretCollection),
			"-m", "org.freedesktop.DBus.Properties.Get", "org.freedesktop.Secret.Collection", "Locked").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for _, step := range []struct {
		do   func(context.Context) error
		want string
	}{{d.LockKeyring, "(<true>,)"}, {d.UnlockKeyring, "(<false>,)"}, {d.LockKeyring, "(<true>,)"}} {
		if err := step.do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := isLocked(); got != step.want {
			t.Errorf("locked: %s, want %s", got, step.want)
		}
	}
}

// Whoever wants a locked keyring opened makes it ask the person.
func TestWatchPrompts(t *testing.T) {
	t.Parallel()
	d := MustDesktop(t)
	for _, want := range []int{0, 1} {
		count, err := d.WatchPrompts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want > 0 {
			if err := d.LockKeyring(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		err = d.askKeyring(t.Context(), func(service dbus.BusObject) error {
			var unlocked []dbus.ObjectPath
			var prompt dbus.ObjectPath
			if err := service.Call("org.freedesktop.Secret.Service.Unlock", 0, []dbus.ObjectPath{secretCollection}).Store(&unlocked, &prompt); err != nil || prompt == "/" {
				return err
			}
			bus, err := dbus.Connect(d.BusAddress())
			if err != nil {
				return err
			}
			defer func() { _ = bus.Close() }()
			return bus.Object(secretService, prompt).Call("org.freedesktop.Secret.Prompt.Prompt", dbus.FlagNoReplyExpected, "").Err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := count(t.Context()); err != nil || got < want || want == 0 && got > 0 {
			t.Errorf("%d prompts, want %d: %v", got, want, err)
		}
	}
}

func TestScreenshot(t *testing.T) {
	t.Parallel()
	d, err := StartDesktop(t.Context(), DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	file := filepath.Join(t.TempDir(), "screen.png")
	if err := d.Screenshot(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if config, err := png.DecodeConfig(f); err != nil || config.Width != 640 {
		t.Errorf("the screenshot is %+v, %v", config, err)
	}
}

func TestWindowThatNeverOpens(t *testing.T) {
	t.Parallel()
	d, err := StartDesktop(t.Context(), DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	program := filepath.Join(t.TempDir(), "program")
	for script, want := range map[string]string{
		"echo my last words >&2; exit 3": "my last words",
		"exec sleep 60":                  "no window yet",
	} {
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		w, err := StartWindow(t.Context(), d, program, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		if err := w.WaitFor(ctx, "heading", "Sign in"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
		cancel()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := StartWindow(t.Context(), MustDesktop(t), program, nil); err == nil {
		t.Error("a window without a screen")
	}
}

func TestCloseLeavesNoDesktop(t *testing.T) {
	t.Parallel()
	d := MustDesktop(t)
	pids := d.pids()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d after Close: %v", pid, err)
		}
	}
	if exists(d.runtime) {
		t.Errorf("%s is left", d.runtime)
	}
}

func (d *Desktop) pids() []int {
	var pids []int
	for _, c := range d.children {
		pids = append(pids, c.cmd.Process.Pid)
	}
	return pids
}

// A program that is killed runs no clean-up; its desktop must end all the same, the services of its bus
// included.
func TestKilledParentLeavesNoDesktop(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0], "-test.run=^TestBeTheKilledDesktop$")
	parent.Env = append(os.Environ(), "DEVNET_TEST_DESKTOP="+t.TempDir(), "TMPDIR="+t.TempDir())
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	var runtime string
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "ready"; {
		var pid int
		if _, err := fmt.Sscanf(lines.Text(), "process %d", &pid); err == nil {
			pids = append(pids, pid)
		}
		if path, ok := strings.CutPrefix(lines.Text(), "runtime "); ok {
			runtime = path
		}
	}
	if runtime == "" {
		t.Error("the parent started no desktop")
	}
	pids = append(pids, inSession(t, runtime, pids)...)
	if len(pids) < 5 { // the screen, two buses, the keyring, and what started the second bus
		t.Errorf("the desktop has the processes %v only", pids)
	}
	var exited []<-chan error
	for _, pid := range pids {
		exited = append(exited, awaitExit(t, pid))
	}
	if err := parent.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = parent.Wait() // it was killed
	for _, exit := range exited {
		if err := <-exit; err != nil {
			t.Error(err)
		}
	}
}

func TestBeTheKilledDesktop(t *testing.T) {
	dir := os.Getenv("DEVNET_TEST_DESKTOP")
	if dir == "" {
		return // this is the child of TestKilledParentLeavesNoDesktop
	}
	d, err := StartDesktop(t.Context(), DesktopOptions{Dir: dir, Display: true})
	if err != nil {
		t.Fatal(err)
	}
	// The accessibility bus starts on demand; its address is the demand.
	out, err := d.command(t.Context(), "gdbus", "call", "--session", "-d", "org.a11y.Bus", "-o", "/org/a11y/bus",
		"-m", "org.a11y.Bus.GetAddress").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fmt.Println("runtime " + d.runtime)
	for _, pid := range d.pids() {
		fmt.Printf("process %d\n", pid)
	}
	fmt.Println("ready")
	select {}
}

// inSession finds the other processes that belong to a session, by their environment.
func inSession(t *testing.T, runtime string, known []int) []int {
	t.Helper()
	environments, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range environments {
		data, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(data), "\x00"), "XDG_RUNTIME_DIR="+runtime) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(file, "/proc/%d/", &pid); err == nil && !slices.Contains(known, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}
