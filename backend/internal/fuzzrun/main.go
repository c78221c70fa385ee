// Command fuzzrun runs every fuzz target of the module below the current folder, one after the other, and
// says of each how many inputs it was tried with, and whether one of them made it panic or showed a broken
// promise:
//
//	fuzzrun -each 10s
//
// An input that does is written to the target's testdata/fuzz. Commit it: it is tried by every "go test"
// from then on. Exit status 1 when there was one.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	each := flag.String("each", "10s", "how long to try each target, or with how many inputs: 2000x")
	tags := flag.String("tags", "", "build tags, with commas between them")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, ".", *each, *tags); err != nil {
		fmt.Fprintf(os.Stderr, "fuzzrun: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, root, each, tags string) error {
	packages, err := list(ctx, root, tags)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fuzzrun")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	tried, failed := 0, 0
	for _, p := range packages {
		targets, err := p.targets()
		if err != nil {
			return err
		}
		if len(targets) == 0 {
			continue
		}
		// Compiled once for all targets of the package. Without -fuzz the compiler would not put in what
		// tells the fuzzer which inputs reach new code.
		program := filepath.Join(work, strings.ReplaceAll(p.ImportPath, "/", "-")+".test")
		build := command(ctx, root, "go", "test", "-c", "-fuzz=.", "-tags", tags, "-o", program, p.ImportPath)
		if said, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", p.ImportPath, err, said)
		}
		for _, target := range targets {
			o := fuzz(ctx, p.Dir, program, target, each, filepath.Join(work, "found"))
			_, _ = fmt.Fprintf(out, "figure: fuzz %s.%s: inputs %s, panics %d, broken promises %d\n", path.Base(p.ImportPath), target, o.inputs, o.panics, o.broken)
			tried++
			if o.panics+o.broken > 0 {
				failed++
				_, _ = fmt.Fprintf(out, "%s\n", o.said)
			}
		}
	}
	switch {
	case tried == 0:
		return errors.New("there is no fuzz target")
	case failed > 0:
		return fmt.Errorf("%d of %d targets failed", failed, tried)
	}
	return nil
}

// outcome is what became of one target. A run ends with the first input that fails.
type outcome struct {
	inputs         string
	panics, broken int
	said           []byte
}

var (
	inputs = regexp.MustCompile(`execs: (\d+)`)
	// panicked is a panic, or what ends the whole process: a deadlock, a stack without end, no memory left.
	panicked = regexp.MustCompile(`panic: |terminated unexpectedly`)
)

func fuzz(ctx context.Context, dir, program, target, each, found string) outcome {
	// What an earlier run found interesting is left out: each run tries as much as the other.
	said, err := command(ctx, dir, program, "-test.run=^$", "-test.fuzz=^"+target+"$", "-test.fuzztime="+each, "-test.fuzzcachedir="+found).CombinedOutput()
	o := outcome{inputs: "0", said: said}
	if all := inputs.FindAllSubmatch(said, -1); all != nil {
		o.inputs = string(all[len(all)-1][1])
	}
	switch {
	case err != nil && panicked.Match(said):
		o.panics = 1
	case err != nil, o.inputs == "0": // a target that is not tried holds nothing
		o.broken = 1
	}
	return o
}

// listed is what is read of the output of go list.
type listed struct {
	Dir, ImportPath           string
	TestGoFiles, XTestGoFiles []string
}

func list(ctx context.Context, root, tags string) ([]listed, error) {
	cmd := command(ctx, root, "go", "list", "-tags", tags, "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles", "./...")
	cmd.Stderr = os.Stderr
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

var target = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(`)

// targets are the names of the fuzz targets of a package.
func (p listed) targets() ([]string, error) {
	var all []string
	for _, file := range append(p.TestGoFiles, p.XTestGoFiles...) {
		text, err := os.ReadFile(filepath.Join(p.Dir, file)) // #nosec G304 -- the module's own sources
		if err != nil {
			return nil, err
		}
		for _, m := range target.FindAllSubmatch(text, -1) {
			all = append(all, string(m[1]))
		}
	}
	return all, nil
}

func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) // #nosec G204 -- the go command, and what it built
	cmd.Dir = dir
	return cmd
}
