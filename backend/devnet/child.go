package devnet

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// child is a process that ends with us, whichever way we end.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; to be read after ended
}

func startChild(cmd *exec.Cmd) (*child, error) {
	tether(cmd)
	c := &child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error, 1)
	// The goroutine ends with the process, which stop waits for.
	go func() {
		// The tether is to the thread that started the process, so that one stays until the process is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("devnet: cannot run %s; run: make setup: %w", cmd.Args[0], err)
	}
	return c, nil
}

// Run runs a command until it ends, or until ctx does: the command and what it started are then asked to end,
// and the command is killed when that takes longer than patience. It also ends, on Linux, with this process.
func Run(ctx context.Context, cmd *exec.Cmd, patience time.Duration) error {
	c, err := startChild(cmd)
	if err != nil {
		return err
	}
	select {
	case <-c.ended:
		return c.err
	case <-ctx.Done():
		c.stopWithin(patience)
		return context.Cause(ctx)
	}
}

// stop asks the process to end and insists after five seconds. It returns when the process is gone.
func (c *child) stop() { c.stopWithin(5 * time.Second) }

func (c *child) stopWithin(patience time.Duration) {
	select {
	case <-c.ended: // its number may be somebody else's by now
		return
	default:
		askToEnd(c.cmd)
	}
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// await runs wait, which blocks until the process is ready, and gives up when the process or ctx ends first.
func (c *child) await(ctx context.Context, wait func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-c.ended:
			cancel(fmt.Errorf("%s ended before it was ready: %s", c.cmd.Args[0], c.cmd.ProcessState))
		case <-done:
		}
	}()
	if err := wait(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// endOf returns the end of a file, for error messages.
func endOf(file string) string {
	const enough = 4096 // bytes
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() > enough {
		_, _ = f.Seek(-enough, io.SeekEnd)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
