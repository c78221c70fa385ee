package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// house is a copy of testdata/house, a module whose targets fail in each way: what is found is written
// beside them.
func house(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/house")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := run(t.Context(), &out, house(t), "50x", "")
	if err == nil || err.Error() != "3 of 4 targets failed" {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{
		`room\.FuzzGood: inputs [5-9]\d, panics 0, broken promises 0`,
		`room\.FuzzPanic: inputs \d+, panics 1, broken promises 0`,
		`room\.FuzzBroken: inputs \d+, panics 0, broken promises 1`,
		`room\.FuzzSkipped: inputs 0, panics 0, broken promises 1`,
		`not what was promised`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s is not in\n%s", want, &out)
		}
	}
}

func TestRunOfNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"no target": "package room\n", "does not compile": "package room\n\n" + "func FuzzX() { broken }\n"} {
		dir := house(t)
		if err := os.WriteFile(filepath.Join(dir, "room", "room_test.go"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), &strings.Builder{}, dir, "1x", ""); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if err := run(t.Context(), &strings.Builder{}, filepath.Join(t.TempDir(), "nowhere"), "1x", ""); err == nil {
		t.Error("no module was taken")
	}
}
