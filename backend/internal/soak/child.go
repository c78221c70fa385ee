package soak

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long Hear waits. Only a broken test waits that long.
const patience = 2 * time.Minute

// program is the name of the environment variable that makes a test program a child.
const program = "SOAK_PROGRAM"

// Programs are what a child can be, by name. A child ends when its program returns.
type Programs map[string]func(*Parent)

// Main runs the tests, or in a child the program that it was started as. It returns after tests only.
func Main(m *testing.M, programs Programs) {
	Be(programs)
	m.Run()
}

// Be is Main for a package with a Main of its own: in a child it does not return.
func Be(programs Programs) {
	name := os.Getenv(program)
	if name == "" {
		return
	}
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "there is no program %q\n", name)
		os.Exit(2)
	}
	run(newParent())
	os.Exit(0) // finds what the race detector saw
}

// Parent is the test, as its child sees it.
type Parent struct {
	orders chan json.RawMessage
	saying sync.Mutex
}

// newParent listens on standard input, which is the child's lease of life: the system closes it when
// the parent dies.
func newParent() *Parent {
	p := &Parent{orders: make(chan json.RawMessage)}
	go func() {
		for orders := json.NewDecoder(os.Stdin); ; {
			var order json.RawMessage
			if err := orders.Decode(&order); err != nil {
				os.Exit(1)
			}
			p.orders <- order
		}
	}()
	return p
}

// Read takes the next thing that the parent said; the first is the input.
func (p *Parent) Read(v any) {
	if err := json.Unmarshal(<-p.orders, v); err != nil {
		p.Fail(err)
	}
}

// Say tells the parent something. It has left this process when Say returns, so that a child that is
// killed has said it.
func (p *Parent) Say(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		p.Fail(err)
	}
	p.saying.Lock()
	defer p.saying.Unlock()
	if _, err := os.Stdout.Write(append(line, '\n')); err != nil {
		os.Exit(1) // nobody listens
	}
}

// Fail ends the child, and with it the test.
func (p *Parent) Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Child is another process. What it writes to standard error fails the test.
type Child struct {
	// Said is everything that the child says, as JSON. It is closed when all of it was read and the child
	// has ended.
	Said <-chan json.RawMessage

	tb     testing.TB
	cmd    *exec.Cmd
	input  io.WriteCloser
	stderr bytes.Buffer
	ended  bool
}

// Start starts a program of this test program and gives it its input. It ends with the test, at the
// latest.
func Start(tb testing.TB, name string, input any) *Child {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	c := &Child{tb: tb, cmd: exec.Command(self)} // #nosec G204 -- ourselves
	c.cmd.Env = append(os.Environ(), program+"="+name)
	c.cmd.Stderr = &c.stderr
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	// Not StdoutPipe: what a killed child has said is read after its end.
	output, theirs, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	c.cmd.Stdout = theirs
	err = c.cmd.Start()
	_ = theirs.Close() // the child has its own; when that ends, so does the pipe
	if err != nil {
		_ = output.Close()
		tb.Fatal(err)
	}
	said := make(chan json.RawMessage)
	c.Said = said
	go func() {
		defer close(said)
		defer func() { _ = output.Close() }()
		for words := json.NewDecoder(output); ; {
			var word json.RawMessage
			if words.Decode(&word) != nil {
				return
			}
			said <- word
		}
	}()
	tb.Cleanup(func() {
		if !c.ended {
			c.Kill()
		}
		for range c.Said {
		}
	})
	c.Order(input)
	return c
}

// Order tells the child something.
func (c *Child) Order(v any) {
	c.tb.Helper()
	if err := json.NewEncoder(c.input).Encode(v); err != nil {
		c.tb.Fatalf("a child does not listen: %v", err)
	}
}

// Hear waits for the next thing that the child says.
func (c *Child) Hear(v any) {
	c.tb.Helper()
	select {
	case word, ok := <-c.Said:
		if !ok {
			c.tb.Fatal("a child ended")
		}
		if err := json.Unmarshal(word, v); err != nil {
			c.tb.Fatal(err)
		}
	case <-time.After(patience):
		c.tb.Fatal("a child is silent")
	}
}

// Kill ends the child as kill -9 does: it can do nothing about it. What it said before is still in Said.
func (c *Child) Kill() {
	c.tb.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.tb.Errorf("a child ended before it was killed: %v", err)
	}
	if err := c.wait(); err == nil {
		c.tb.Error("a child ended well before it was killed")
	}
}

// Finish waits for a child whose program returns.
func (c *Child) Finish() {
	c.tb.Helper()
	if err := c.wait(); err != nil {
		c.tb.Errorf("a child ended badly: %v", err)
	}
}

func (c *Child) wait() error {
	c.tb.Helper()
	c.ended = true
	err := c.cmd.Wait()
	if c.stderr.Len() > 0 {
		c.tb.Errorf("a child complained: %s", c.stderr.Bytes())
	}
	return err
}
