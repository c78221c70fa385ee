//go:build devnet && linux

package app_test

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/backend/config"
)

// productName is what the window has as its title.
func productName(t *testing.T) string {
	t.Helper()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Brand.Name
}

// The command that people are told to open the window with does: it builds the program as it is released, and runs it.
func TestMakeRun(t *testing.T) {
	t.Parallel()
	s := newScreen(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// The screen's person has a home of their own, where Go would begin with empty caches.
	places, err := exec.CommandContext(ctx, "go", "env", "GOCACHE", "GOMODCACHE", "GOPATH", "GOENV").Output()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	run := exec.CommandContext(ctx, "make", "run")
	run.Dir, run.Stdout, run.Stderr, run.Env = "..", &said, &said, s.Env()
	for i, place := range strings.Split(strings.TrimSpace(string(places)), "\n") {
		run.Env = append(run.Env, []string{"GOCACHE=", "GOMODCACHE=", "GOPATH=", "GOENV="}[i]+place)
	}
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // make, and the window that it started
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	shown := make(chan error, 1)
	go func() {
		see := exec.CommandContext(ctx, "xdotool", "search", "--sync", "--onlyvisible", "--name", "^"+productName(t)+"$")
		see.Env = s.Env()
		shown <- see.Run()
	}()
	select {
	case err := <-ended:
		t.Fatalf("it ended before a window was there: %v\n%s", err, said.String())
	case err := <-shown:
		if err != nil {
			t.Error(err)
		}
	}
	cancel()
	<-ended
	if t.Failed() {
		t.Log(said.String())
	}
}
