package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const top = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// SECURITY.md has every promise once, in order, and names packages whose tests are for it. The Makefile counts as many.
func TestPromises(t *testing.T) {
	t.Parallel()
	named, err := namedRows(top)
	if err != nil {
		t.Fatal(err)
	}
	tested := map[int][]string{} // packages, by the number of the promise
	for test, rows := range named {
		for _, n := range rows {
			tested[n] = append(tested[n], strings.TrimPrefix(test[:strings.LastIndexByte(test, '.')], "latchkey/"))
		}
	}
	promises := regexp.MustCompile("(?m)^\\| (\\d+) \\| \\S.* \\| ((?:`[a-z/]+` ?)+)\\|$").FindAllStringSubmatch(read(t, "SECURITY.md"), -1)
	for i, m := range promises {
		if want := strconv.Itoa(i + 1); m[1] != want {
			t.Fatalf("promise %s stands where %s should", m[1], want)
		}
		for pkg := range strings.FieldsSeq(strings.ReplaceAll(m[2], "`", "")) {
			if in := tested[i+1]; !slices.Contains(in, pkg) {
				t.Errorf("promise %d: no test of %s names it, but %v", i+1, pkg, in)
			}
		}
	}
	many := strconv.Itoa(len(promises))
	for n := range tested {
		if n < 1 || n > len(promises) {
			t.Errorf("a test names promise %d, of %s", n, many)
		}
	}
	if words := "testreport -rows " + many + "\n"; !strings.Contains(read(t, "Makefile"), words) {
		t.Errorf("the Makefile does not say %q", words)
	}
}
