package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The table says what was checked of each file, and nothing of what was not.
func TestRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "apt"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string]int{"a.deb": 1_234_567, "apt/b": 1200, "c": 1} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), make([]byte, bytes), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := newRecords(dir)
	if err != nil {
		t.Fatal(err)
	}
	if left := all.unchecked(); !slices.Equal(left, []string{"a.deb", "apt/b", "c"}) {
		t.Errorf("before any check: %q", left)
	}
	for _, err := range []error{all.signed("minisign", "a.deb", "apt/b"), all.verified("contents", "a.deb"), all.verified("installed", "a.deb"), all.reproduced("yes", "a.deb")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := all.verified("contents", "d"); err == nil || !strings.Contains(err.Error(), "d was checked") {
		t.Errorf("a check of what is not there: %v", err)
	}
	if left := all.unchecked(); !slices.Equal(left, []string{"c"}) {
		t.Errorf("left: %q", left)
	}
	var table strings.Builder
	if err := all.table(&table); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"artefact", "size", "signed by", "verified", "reproducible"},
		{"a.deb", "1.2 MB", "minisign", "contents, installed", "yes"},
		{"apt/b", "1.2 KB", "minisign", "-", "-"},
		{"c", "1 B", "-", "-", "-"},
	}
	for i, line := range slices.Collect(strings.Lines(table.String())) {
		cells := slices.DeleteFunc(strings.Split(strings.TrimSpace(line), "  "), func(cell string) bool { return cell == "" })
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		if !slices.Equal(cells, want[i]) {
			t.Errorf("line %d: %q", i, cells)
		}
	}
}
