package devnet

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed window.py
var windowScript string

// Window is a program with a window on the screen of a [Desktop], used as a blind person would: elements
// are found by their role (as AT-SPI calls it: heading, entry, push button, status bar, notification) and
// their accessible name or, where they have none, their text. Its methods are not for concurrent use.
//
// Methods wait for what they need until their context ends; the error then tells what was on the screen.
type Window struct {
	desktop *Desktop
	program *child
	log     string

	driver  *child
	asks    io.WriteCloser
	said    *os.File // what it answers
	answers *json.Decoder
}

// StartWindow starts a program, with these environment variables in addition to those of the desktop. End
// it with Quit or Close; it also ends, whatever happens, with this process. What the program writes goes
// to the file LogFile.
func StartWindow(ctx context.Context, desktop *Desktop, binary string, env []string) (*Window, error) {
	program := exec.Command(binary)
	program.Env = env
	return StartWindowOf(ctx, desktop, program)
}

// StartWindowOf is StartWindow for a command whose arguments, folder or standard input matter, or that starts the
// program with the window. Its Env is in addition to that of the desktop.
func StartWindowOf(ctx context.Context, desktop *Desktop, program *exec.Cmd) (*Window, error) {
	if desktop.display == "" {
		return nil, errors.New("devnet: this desktop has no screen; set DesktopOptions.Display")
	}
	w := &Window{desktop: desktop, log: filepath.Join(desktop.dir, "window.log")}
	if err := w.start(program); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, ctx.Err()
}

func (w *Window) start(program *exec.Cmd) error {
	log, err := os.OpenFile(w.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	defer func() { _ = log.Close() }()
	// The web view's helpers inherit the log: with a pipe, waiting for the program would mean waiting for them.
	program.Env = append(w.desktop.Env(), program.Env...)
	program.Stdout, program.Stderr = log, log
	if w.program, err = startChild(program); err != nil {
		return err
	}

	// Debian's own Python: others lack the bindings of AT-SPI.
	driver := exec.Command("/usr/bin/python3", "-c", windowScript, strconv.Itoa(program.Process.Pid))
	// GTK, for the clipboard, would put the driver itself on the accessibility bus.
	driver.Env = append(w.desktop.Env(), "NO_AT_BRIDGE=1")
	driver.Stderr = log
	if w.asks, err = driver.StdinPipe(); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	// A pipe of our own, because Wait closes that of StdoutPipe while somebody may be reading.
	var out *os.File
	if w.said, out, err = os.Pipe(); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	driver.Stdout = out
	w.driver, err = startChild(driver)
	_ = out.Close()
	w.answers = json.NewDecoder(w.said)
	return err
}

// LogFile returns the file that the programs of this desktop write to, one after the other.
func (w *Window) LogFile() string { return w.log }

// WaitFor waits until an element is on the screen.
func (w *Window) WaitFor(ctx context.Context, role, name string) error {
	_, err := w.Text(ctx, role, name)
	return err
}

// Text returns the content of an entry, or what another element says.
func (w *Window) Text(ctx context.Context, role, name string) (string, error) {
	reply, err := w.insist(ctx, request{Do: "find", Role: role, Name: name}, nil)
	return reply.Text, err
}

// Read waits until check is content with everything that can be read: the names, descriptions and texts
// of all elements.
func (w *Window) Read(ctx context.Context, check func(said []string) error) error {
	_, err := w.insist(ctx, request{Do: "read"}, func(r reply) error { return check(r.Said) })
	return err
}

// Press presses a button once it is enabled.
func (w *Window) Press(ctx context.Context, role, name string) error {
	_, err := w.insist(ctx, request{Do: "press", Role: role, Name: name}, nil)
	return err
}

// Type types into an entry, over what is selected there, and waits until the entry holds the text.
func (w *Window) Type(ctx context.Context, role, name, text string) error {
	if _, err := w.insist(ctx, request{Do: "focus", Role: role, Name: name}, nil); err != nil {
		return err
	}
	if _, err := w.insist(ctx, request{Do: "keys", Text: text}, nil); err != nil {
		return err
	}
	_, err := w.insist(ctx, request{Do: "find", Role: role, Name: name}, func(r reply) error {
		if r.Text != text {
			return fmt.Errorf("it holds %q, not %q", r.Text, text)
		}
		return nil
	})
	return err
}

// Key presses a key, known by its name in X, wherever the focus is.
func (w *Window) Key(ctx context.Context, name string) error {
	_, err := w.insist(ctx, request{Do: "key", Name: name}, nil)
	return err
}

// Copied waits until the clipboard holds a text with this in it, and returns all of it.
func (w *Window) Copied(ctx context.Context, part string) (string, error) {
	r, err := w.insist(ctx, request{Do: "clipboard"}, func(r reply) error {
		if !strings.Contains(r.Text, part) {
			return fmt.Errorf("it holds no %q", part) // and what it does hold may be secret
		}
		return nil
	})
	return r.Text, err
}

// Screenshot writes the window, without what is around it, to a PNG file.
func (w *Window) Screenshot(ctx context.Context, file string) error {
	at, err := w.insist(ctx, request{Do: "place"}, nil)
	if err != nil {
		return err
	}
	return w.desktop.screenshot(ctx, file, "-crop", fmt.Sprintf("%dx%d+%d+%d", at.Width, at.Height, at.X, at.Y), "+repage")
}

// Quit closes the window as its close button would, and waits until the program has ended by itself.
func (w *Window) Quit(ctx context.Context) error {
	// A page can be read a moment before its window is there.
	out, err := w.desktop.command(ctx, "xdotool", "search", "--sync", "--onlyvisible", "--pid", strconv.Itoa(w.program.cmd.Process.Pid)).Output()
	if err != nil {
		return w.failure("has no window to close", err)
	}
	for id := range strings.FieldsSeq(string(out)) {
		number, err := strconv.Atoi(id)
		if err != nil {
			return fmt.Errorf("devnet: xdotool answered %q", out)
		}
		if _, err := w.insist(ctx, request{Do: "close", ID: number}, nil); err != nil {
			return err
		}
	}
	return w.Ended(ctx)
}

// Ended waits until the program has ended by itself.
func (w *Window) Ended(ctx context.Context) error {
	select {
	case <-w.program.ended:
	case <-ctx.Done():
		return w.failure("did not end", context.Cause(ctx))
	}
	if w.program.err != nil {
		return w.failure("ended badly", w.program.err)
	}
	return w.Close()
}

// Kill ends the program as a crash does: it learns nothing of it.
func (w *Window) Kill() error {
	if err := w.program.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	<-w.program.ended
	return w.Close()
}

// Close ends the program if it still runs, without the ceremony of Quit.
func (w *Window) Close() error {
	if w.driver != nil {
		_ = w.asks.Close()
		w.driver.stop()
		_ = w.said.Close()
		w.driver = nil
	}
	if w.program != nil {
		w.program.stop()
	}
	return nil
}

// failure is an error about the program, with its last words.
func (w *Window) failure(what string, cause error) error {
	return fmt.Errorf("devnet: %s %s: %w\n%s", filepath.Base(w.program.cmd.Path), what, cause, endOf(w.log))
}

// request and reply are those of window.py.
type request struct {
	Do   string `json:"do"`
	Role string `json:"role,omitempty"`
	Name string `json:"name,omitempty"`
	Text string `json:"text,omitempty"`
	ID   int    `json:"id,omitempty"`
}

type reply struct {
	Missing             string `json:"missing"`
	Text                string `json:"text"`
	Said                []string
	X, Y, Width, Height int
}

// poll is how often the window is looked at. Its changes are announced on the accessibility bus, but
// whoever acts on such an announcement still has to look whether what it needs is there.
const poll = 50 * time.Millisecond

// insist makes a request until it succeeds and check, if there is one, is content.
func (w *Window) insist(ctx context.Context, ask request, check func(reply) error) (reply, error) {
	ticks := time.NewTicker(poll)
	defer ticks.Stop()
	for {
		r, err := w.once(ask)
		if err != nil {
			return reply{}, err
		}
		var lacks error
		switch {
		case r.Missing != "":
			lacks = errors.New(r.Missing)
		case check != nil:
			lacks = check(r)
		}
		if lacks == nil {
			return r, nil
		}
		select {
		case <-ticks.C:
		case <-w.program.ended:
			return reply{}, w.failure("ended", errors.Join(w.program.err, lacks))
		case <-ctx.Done():
			return reply{}, w.failure("does not show what it should", errors.Join(context.Cause(ctx), fmt.Errorf(
				"%s %s %q: %w\n%s", ask.Do, ask.Role, ask.Name, lacks, w.tree())))
		}
	}
}

// tree is all that can be perceived of the window, for error messages.
func (w *Window) tree() string {
	r, err := w.once(request{Do: "tree"})
	if err != nil {
		return err.Error()
	}
	return r.Text + r.Missing
}

// patience is how long the script may take for one request. It normally takes milliseconds; on a computer with ten times
// as much to do as it has processors for, more than 15 s were observed.
const patience = time.Minute

// once makes one request.
func (w *Window) once(ask request) (reply, error) {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(ask); err != nil {
		return reply{}, fmt.Errorf("devnet: %w", err)
	}
	if _, err := w.asks.Write(line.Bytes()); err != nil {
		return reply{}, w.failure("can't be looked at; if AT-SPI is missing, run: make setup", err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = w.driver.cmd.Process.Kill() })
	defer watchdog.Stop()
	var r reply
	if err := w.answers.Decode(&r); err != nil {
		return reply{}, w.failure("can't be looked at; if AT-SPI is missing, run: make setup", err)
	}
	return r, nil
}
