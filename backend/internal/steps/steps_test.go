//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// scripts makes a step of each script.
func scripts(all map[string]string) func(context.Context, string) *exec.Cmd {
	return func(ctx context.Context, name string) *exec.Cmd {
		return exec.CommandContext(ctx, "sh", "-ec", all[name])
	}
}

func mustParse(t *testing.T, args ...string) []*step {
	t.Helper()
	steps, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// mustMatch checks that these patterns are found in this order.
func mustMatch(t *testing.T, out string, patterns ...string) {
	t.Helper()
	if !regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`)).MatchString(out) {
		t.Errorf("no %q in\n%s", patterns, out)
	}
}

func TestOrderAndTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	err := run(t.Context(), &out, mustParse(t, "a", "long-b:a", "c:a+long-b"), 2, scripts(map[string]string{
		"a":      "cd " + dir + "; echo first; mkdir a",
		"long-b": "cd " + dir + "; rmdir a; printf 'without '; printf 'an end'; mkdir b",
		"c":      "cd " + dir + "; rmdir b",
	}))
	if err != nil {
		t.Error(err)
	}
	mustMatch(t, out.String(), `^a      \| first\n`, `long-b \| without an end\n`, `\nstep +seconds`,
		`\na +\d+\.\d +\d+\.\d  done\n`, `long-b +\d+\.\d +\d+\.\d  done\n`, `c +\d+\.\d +\d+\.\d  done\n`, `whole +\d+\.\d +\d+\.\d\n$`)
}

// mustPipe makes a named pipe: who opens one end waits for who opens the other.
func mustPipe(t *testing.T) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	return pipe
}

// Two that wait for each other end only if they run at the same time.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	here, there := mustPipe(t), mustPipe(t)
	all := scripts(map[string]string{"a": "echo >" + here + "; read x <" + there, "b": "read x <" + here + "; echo >" + there})
	if err := run(t.Context(), &bytes.Buffer{}, mustParse(t, "a", "b"), 2, all); err != nil {
		t.Error(err)
	}
}

// alive waits until a process writes to the pipe, and returns a channel that is closed when it has ended.
func alive(t *testing.T, pipe string) <-chan struct{} {
	t.Helper()
	f, err := os.Open(pipe)
	if err != nil {
		t.Error(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, f)
		_ = f.Close()
	}()
	return gone
}

// The first that fails ends the others, with all that they started, and is named.
func TestFailureEndsTheOthers(t *testing.T) {
	t.Parallel()
	dir, child, signal := t.TempDir(), mustPipe(t), mustPipe(t)
	gone := make(chan (<-chan struct{}), 1)
	go func() {
		gone <- alive(t, child)
		if err := os.WriteFile(signal, []byte("\n"), 0); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	err := run(t.Context(), &out, mustParse(t, "waits", "fails", "later", "never:fails"), 2, scripts(map[string]string{
		"waits": "sleep 600 >" + child + " & wait",
		"fails": "read x <" + signal + "; echo 'the roof leaks'; exit 3",
		"later": "touch " + dir + "/later",
		"never": "touch " + dir + "/never",
	}))
	if err == nil || err.Error() != "fails failed: exit status 3" {
		t.Errorf("got %v", err)
	}
	<-<-gone
	mustMatch(t, out.String(), `fails \| the roof leaks\n`, `\nwaits +\d+\.\d +\d+\.\d  stopped\n`, `fails +\d+\.\d +\d+\.\d  exit status 3\n`,
		`later +- +-  not begun\n`, `never +- +-  not begun\n`, `\nfails failed \(exit status 3\).*\n\nthe roof leaks\n$`)
	for _, name := range []string{"later", "never"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was begun", name)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child := mustPipe(t)
	go func() {
		alive(t, child)
		cancel()
	}()
	var out bytes.Buffer
	if err := run(ctx, &out, mustParse(t, "waits", "later"), 1, scripts(map[string]string{"waits": "exec sleep 600 >" + child})); err == nil {
		t.Error("it ended well")
	}
	mustMatch(t, out.String(), `waits +\d+\.\d +\d+\.\d  stopped\n`, `later +- +-  not begun\n`, `\ninterrupted\n$`)
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {""}, {"a", "a"}, {"a:b", "b"}, {"a:a"}, {"a", "b:"}, {"a", "b:a+"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
