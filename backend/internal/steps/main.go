//go:build unix

// Command steps runs the make targets that a longer target consists of, several at once, and prints at its end how
// long each took:
//
//	steps -at-once 2 setup lint:setup programs:setup test:lint+programs
//
// A target starts as soon as those after its colon are done and a place is free; who stands first goes first. What
// they print is shown line by line with the target's name before it. The first target that fails ends all others, and
// so do Ctrl-C and a terminal that is closed. Exit status: 0 when all are done; 1 when one failed; 2 wrong usage; 130 interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// grace is how long a step that was told to end may take for it.
const grace = 15 * time.Second

func main() {
	atOnce := flag.Int("at-once", 1, "how many steps run at the same time")
	flag.Parse()
	steps, err := parse(flag.Args())
	if err != nil || *atOnce < 1 {
		fmt.Fprintf(os.Stderr, "steps: %v; see steps -help\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = run(ctx, os.Stdout, steps, *atOnce, target)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case interrupted:
		os.Exit(130)
	case err != nil:
		fmt.Fprintf(os.Stderr, "steps: %v\n", err)
		os.Exit(1)
	}
}

// target is the command of a step. Variables of the command line are in MAKEFLAGS, which make sets.
func target(ctx context.Context, name string) *exec.Cmd {
	program := os.Getenv("MAKE")
	if program == "" {
		program = "make"
	}
	return exec.CommandContext(ctx, program, "--no-print-directory", name) // #nosec G204 -- the targets of our own Makefile
}

// step is one target, and what became of it.
type step struct {
	name  string
	needs []string
	began time.Time
	outcome
}

// outcome is how a step ended; the zero value if it did not.
type outcome struct {
	ended  time.Time
	cpu    time.Duration
	result string
	tail   []string // the end of what it printed
}

const (
	done    = "done"
	stopped = "stopped"
)

// parse reads "name" or "name:need+need". A step needs steps that stand before it, so there is no circle.
func parse(args []string) ([]*step, error) {
	var steps []*step
	for _, arg := range args {
		name, needs, some := strings.Cut(arg, ":")
		s := &step{name: name}
		if some {
			s.needs = strings.Split(needs, "+")
		}
		if name == "" || find(steps, name) != nil {
			return nil, fmt.Errorf("the step %q has no name, or one that another has", arg)
		}
		for _, need := range s.needs {
			if find(steps, need) == nil {
				return nil, fmt.Errorf("the step %q needs %q, which is not before it", name, need)
			}
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return nil, errors.New("no steps are named")
	}
	return steps, nil
}

func find(steps []*step, name string) *step {
	i := slices.IndexFunc(steps, func(s *step) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return steps[i]
}

// run runs the steps and prints the table. Its error names the step that failed first.
func run(ctx context.Context, out io.Writer, steps []*step, atOnce int, command func(ctx context.Context, name string) *exec.Cmd) error {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	width := 0
	for _, s := range steps {
		width = max(width, len(s.name))
	}
	screen := &screen{out: out}
	ended := make(chan func() *step)
	var failed *step
	for running := 0; ; running-- {
		for ; running < atOnce && ctx.Err() == nil; running++ {
			next := ready(steps)
			if next == nil {
				break
			}
			next.began = time.Now()
			go func() {
				o := do(ctx, command(ctx, next.name), screen.lines(fmt.Sprintf("%-*s | ", width, next.name)))
				ended <- func() *step { next.outcome = o; return next }
			}()
		}
		if running == 0 {
			break
		}
		if s := (<-ended)(); s.result != done && s.result != stopped && failed == nil {
			failed = s
			cancel()
		}
	}
	table(out, steps, time.Since(began), width)
	switch {
	case failed != nil:
		_, _ = fmt.Fprintf(out, "\n%s failed (%s). The end of what it printed:\n\n%s\n", failed.name, failed.result, strings.Join(failed.tail, "\n"))
		return fmt.Errorf("%s failed: %s", failed.name, failed.result)
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(out, "\ninterrupted")
		return context.Cause(ctx)
	}
	return nil
}

// ready is the first step that did not begin and whose needs are done; nil if there is none.
func ready(steps []*step) *step {
	for _, s := range steps {
		waits := slices.ContainsFunc(s.needs, func(need string) bool { return find(steps, need).result != done })
		if s.began.IsZero() && !waits {
			return s
		}
	}
	return nil
}

// do runs the command of a step in a process group of its own, and ends what is left of that.
func do(ctx context.Context, cmd *exec.Cmd, out *lines) outcome {
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	out.flush()
	o := outcome{ended: time.Now(), tail: out.tail, result: done}
	if cmd.ProcessState != nil {
		o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		o.result = stopped
	default:
		o.result = err.Error()
	}
	return o
}

func table(out io.Writer, steps []*step, whole time.Duration, width int) {
	width = max(width, len("whole"))
	var cpu time.Duration
	_, _ = fmt.Fprintf(out, "\n%-*s  seconds  CPU seconds\n", width, "step")
	for _, s := range steps {
		cpu += s.cpu
		if s.result == "" {
			_, _ = fmt.Fprintf(out, "%-*s        -            -  not begun\n", width, s.name)
			continue
		}
		_, _ = fmt.Fprintf(out, "%-*s  %7.1f  %11.1f  %s\n", width, s.name, s.ended.Sub(s.began).Seconds(), s.cpu.Seconds(), s.result)
	}
	_, _ = fmt.Fprintf(out, "%-*s  %7.1f  %11.1f\n", width, "whole", whole.Seconds(), cpu.Seconds())
}
