package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	latchkey "latchkey/backend"
)

// screen is a terminal with a program on it: what the program wrote, and the keyboard.
type screen struct {
	keyboard *os.File
	program  *exec.Cmd

	mu      sync.Mutex
	changed *sync.Cond
	text    bytes.Buffer
	ended   bool
}

// terminal starts the program on a terminal of its own, where its complaints may go elsewhere.
func (h *home) terminal(t *testing.T, complaints io.Writer, args ...string) *screen {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	t.Cleanup(func() { _ = ours.Close() })
	must(unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	must(err)
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	must(err)
	program, err := os.Executable()
	must(err)
	s := &screen{keyboard: ours, program: exec.CommandContext(t.Context(), program, args...)}
	s.changed = sync.NewCond(&s.mu)
	s.program.Env = h.environment
	s.program.Stdin, s.program.Stdout, s.program.Stderr = theirs, theirs, theirs
	if complaints != nil {
		s.program.Stderr = complaints
	}
	s.program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	must(s.program.Start())
	must(theirs.Close())
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := ours.Read(buffer)
			s.mu.Lock()
			s.text.Write(buffer[:n])
			s.ended = err != nil // EIO: nobody has the other end any more
			s.changed.Broadcast()
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// answer waits for a question and types.
func (s *screen) answer(t *testing.T, question, keys string) {
	t.Helper()
	s.mu.Lock()
	for !strings.Contains(s.text.String(), question) && !s.ended {
		s.changed.Wait()
	}
	asked := strings.Contains(s.text.String(), question)
	s.mu.Unlock()
	if !asked {
		t.Fatalf("never asked %q: %s", question, s.text.String())
	}
	// The question comes before the echo is off.
	for {
		state, err := unix.IoctlGetTermios(int(s.keyboard.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if state.Lflag&unix.ECHO == 0 {
			break
		}
	}
	if _, err := s.keyboard.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the program.
func (s *screen) end(t *testing.T) outcome {
	t.Helper()
	var exit *exec.ExitError
	if err := s.program.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ended {
		s.changed.Wait()
	}
	return outcome{status: s.program.ProcessState.ExitCode(), err: strings.ReplaceAll(s.text.String(), "\r\n", "\n")}
}

// Nothing that is typed is shown.
func TestPassphraseAtTheTerminal(t *testing.T) {
	t.Parallel()
	const first, again = "Choose a passphrase: ", "The same once more: "
	h := newHome(t)
	s := h.terminal(t, nil, "vault", "create")
	s.answer(t, first, "four words of mine\n")
	s.answer(t, again, "four words of yours\n")
	want := first + "\n" + again + "\nlatchkey: " + string(latchkey.PassphraseDiffers) + ": " + latchkey.PassphraseDiffers.Sentence() + "\n"
	if got := s.end(t); got != (outcome{status: 1, err: want}) {
		t.Errorf("got %+v", got)
	}

	s = h.terminal(t, nil, "vault", "create")
	s.answer(t, first, "short\n")
	s.answer(t, again, "short\n")
	want = first + "\n" + again + "\nlatchkey: " + string(latchkey.PassphraseWeak) + ": " + latchkey.PassphraseWeak.Sentence() + "\n"
	if got := s.end(t); got != (outcome{status: 1, err: want}) {
		t.Errorf("got %+v", got)
	}

	// A question that nobody sees is not asked.
	var elsewhere bytes.Buffer
	s = h.terminal(t, &elsewhere, "vault", "create")
	if got := s.end(t); got != (outcome{status: 1}) || !strings.HasPrefix(elsewhere.String(), "latchkey: "+string(latchkey.VaultLocked)+": ") {
		t.Errorf("got %+v and %q", got, elsewhere.String())
	}

	// Ctrl-C while the echo is off: the terminal is put back.
	s = h.terminal(t, nil, "vault", "create")
	s.answer(t, first, "\x03")
	got := s.end(t)
	if got.status != 1 || !strings.Contains(got.err, string(latchkey.Cancelled)) {
		t.Errorf("got %+v", got)
	}
	if state, err := unix.IoctlGetTermios(int(s.keyboard.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal was left without an echo, %v", err)
	}
	if _, err := os.Lstat(h.vault(t)); err == nil {
		t.Error("a file was made")
	}
}
