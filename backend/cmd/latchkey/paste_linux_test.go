package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	latchkey "latchkey/backend"
)

// asPaster makes this test binary ask for an address as a login does, and take only one.
const asPaster = "TEST_AS_PASTER"

const lastPage = "http://127.0.0.1:1/callback?state=canary&code=canary"

func init() { plays[asPaster] = playPaster }

func playPaster() {
	out := &printer{out: os.Stdout, err: os.Stderr}
	ask := newTerminal("Address of the last page: ", "")
	ask.askAddress(context.Background(), out, os.Getenv(asPaster) == "remote", func(_ context.Context, address latchkey.Secret) error {
		if string(address) != lastPage {
			return latchkey.NewError(latchkey.CallbackInvalid, nil)
		}
		return nil
	})
	ask.leave()
	fmt.Println("over")
}

const (
	pasteHint   = "If the last page does not load in your browser, copy its address and paste it here. It will not be shown.\n"
	remoteHint  = "You are at another computer, so no browser was opened on this one. Open the address in yours.\n"
	lastPageAsk = "Address of the last page: "
)

// A wrong address is said and asked for once more, and nothing that is pasted is shown.
func TestPasteAtTheTerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, asPaster+"=here")
	s := h.terminal(t, nil)
	s.answer(t, lastPageAsk, "canary\n")
	wrong := "latchkey: callback_invalid: " + latchkey.CallbackInvalid.Sentence() + "\n"
	s.answer(t, strings.TrimSuffix(wrong, "\n")+"\r\n"+lastPageAsk, "\n")
	s.answer(t, lastPageAsk+"\r\n"+lastPageAsk, lastPage+"\n")
	got := s.end(t)
	want := pasteHint + lastPageAsk + "\n" + wrong + lastPageAsk + "\n" + lastPageAsk + "\nover\n"
	if got != (outcome{err: want}) {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// From another computer it says so first; afterwards the echo is back.
func TestPasteFromAnotherComputer(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, asPaster+"=remote")
	s := h.terminal(t, nil)
	s.answer(t, lastPageAsk, lastPage+"\n")
	if got := s.end(t); got.status != 0 || !strings.HasPrefix(got.err, remoteHint+pasteHint) || !strings.HasSuffix(got.err, "over\n") {
		t.Errorf("got %+v", got)
	}
	if state, err := unix.IoctlGetTermios(int(s.keyboard.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal was left without an echo, %v", err)
	}
}

// Without a terminal nothing is asked, and the way is said all the same.
func TestPasteWithoutATerminal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, asPaster+"=remote")
	if got := h.run(t); got != (outcome{out: "over\n", err: remoteHint}) {
		t.Errorf("got %+v", got)
	}
	var elsewhere bytes.Buffer
	if got := h.terminal(t, &elsewhere).end(t); got.err != "over\n" || elsewhere.String() != remoteHint {
		t.Errorf("got %+v and %q", got, elsewhere.String())
	}
}
