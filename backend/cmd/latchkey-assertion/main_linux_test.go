package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// asProgram makes this test binary behave as the program itself.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	m.Run()
}

// Whoever runs services ends them with SIGTERM.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	document, key := folder(t)
	program, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), program, "-listen", "127.0.0.1:0", "-metadata", document, "-key", key) // #nosec G204 -- this test binary
	cmd.Env = append(os.Environ(), asProgram+"=1")
	log, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	address := listening(t, log)
	if code, _ := get(t, address, "/healthz"); code != 200 {
		t.Errorf("status %d", code)
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
