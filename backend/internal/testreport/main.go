// Command testreport reads what "go test -json" says and shows what a person wants to see of it: of packages
// that passed a line and the figures that they print, of others everything. At the end it says how to run again
// what failed, and counts the promises of the catalogue of hostile input whose tests ran and passed:
//
//	go test -race -json ./... | testreport -rows 66
//
// A test names the rows that it is for in comments, above it or inside, such as "// hostile: 33, 34". A
// row counts when a test that names it ran, passed, and skipped nothing. Exit status: that of the tests is
// the pipe's; this program's is 1 when a row is missing, no test ran, what it reads is no report, or a comment
// belongs to no test.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	rows := flag.Int("rows", 0, "how many rows the catalogue has; 0 counts none")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, ".", *rows); err != nil {
		fmt.Fprintf(os.Stderr, "testreport: %v\n", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, root string, rows int) error {
	named, err := namedRows(root)
	if err != nil {
		return err
	}
	r := &report{out: out, packages: map[string]*outcome{}}
	if err := r.read(in); err != nil {
		return err
	}
	for _, again := range r.again {
		_, _ = fmt.Fprintf(out, "failed; run it again: %s\n", again)
	}
	covered := map[int]bool{}
	for test, numbers := range named {
		if r.passed(test) {
			for _, n := range numbers {
				covered[n] = true
			}
		}
	}
	var missing []string
	for n := 1; n <= rows; n++ {
		if !covered[n] {
			missing = append(missing, fmt.Sprint(n))
		}
	}
	if rows == 0 {
		return nil
	}
	_, _ = fmt.Fprintf(out, "hostile: covered %d/%d\n", rows-len(missing), rows)
	if len(missing) > 0 {
		return fmt.Errorf("hostile: missing %s", strings.Join(missing, ", "))
	}
	return nil
}

// event is one line of the report (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
	ImportPath                    string  // for what the build says
}

// report is what was read so far.
type report struct {
	out      io.Writer
	packages map[string]*outcome
	again    []string // commands for what failed
}

// outcome is what became of a package and its tests.
type outcome struct {
	output          strings.Builder
	figures         []string
	failed          []string        // in the order of their ends, without what is below them
	broken          bool            // failed without a test that did
	passed, skipped map[string]bool // by the name of the test, without what is below it
}

var figure = regexp.MustCompile(`^\s+\S+\.go:\d+: (figure: .*)`)

func (r *report) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("not a line of a report: %.80q", lines.Text())
		}
		r.hear(e)
	}
	for _, p := range r.packages {
		if len(p.passed)+len(p.skipped)+len(p.failed) > 0 || p.broken {
			return lines.Err()
		}
	}
	return cmp.Or(lines.Err(), errors.New("no test ran; is there one of that name?"))
}

func (r *report) hear(e event) {
	if e.Package == "" { // the build speaks
		_, _ = io.WriteString(r.out, e.Output)
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &outcome{passed: map[string]bool{}, skipped: map[string]bool{}}
		r.packages[e.Package] = p
	}
	test, _, _ := strings.Cut(e.Test, "/")
	switch {
	case e.Action == "output":
		p.output.WriteString(e.Output)
		if m := figure.FindStringSubmatch(e.Output); m != nil {
			p.figures = append(p.figures, m[1])
		}
	case e.Action == "skip" && e.Test != "":
		p.skipped[test] = true
	case e.Action == "pass" && e.Test != "":
		p.passed[e.Test] = true
	case e.Action == "fail" && e.Test == test && test != "":
		p.failed = append(p.failed, test)
	case e.Test != "":
	case e.Action == "pass":
		for _, f := range p.figures {
			_, _ = fmt.Fprintln(r.out, f)
		}
		_, _ = fmt.Fprintf(r.out, "ok   %6.1f s  %s\n", e.Elapsed, e.Package)
	case e.Action == "fail":
		_, _ = fmt.Fprintf(r.out, "%sFAIL %6.1f s  %s\n", p.output.String(), e.Elapsed, e.Package)
		again := "make test PKG=" + e.Package
		if p.broken = len(p.failed) == 0; p.broken { // it did not compile, or ended before its tests did
			r.again = append(r.again, again)
		}
		for _, test := range p.failed {
			r.again = append(r.again, again+" RUN="+test)
		}
	}
}

// passed tells whether a test, named by its package and itself, passed whole.
func (r *report) passed(test string) bool {
	i := strings.LastIndexByte(test, '.')
	p := r.packages[test[:i]]
	return p != nil && p.passed[test[i+1:]] && !p.skipped[test[i+1:]]
}

// sorted is for complaints, so that they are the same each time.
func sorted(all []string) string {
	slices.Sort(all)
	return strings.Join(all, ", ")
}
