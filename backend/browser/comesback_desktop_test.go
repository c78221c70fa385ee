//go:build !windows && !darwin

package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEntryStarts(t *testing.T) {
	t.Parallel()
	program, _ := script(t, "program", "0")
	other, _ := script(t, "other", "0")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	mine := entries(t, map[string]string{
		"own.desktop": program + " %u", "link.desktop": link + " %U", "other.desktop": other + " %u", "more.desktop": program + " --open %u",
		"nothing.desktop": program, "gone.desktop": program + "-gone %u", "hiding.desktop": other + " %u", "deleted.desktop": program + " %u",
	})
	deleted := filepath.Join(mine, "deleted.desktop")
	text, err := os.ReadFile(deleted) // #nosec G304 -- of this test
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(deleted, []byte(strings.Replace(string(text), "Terminal=false", "Hidden=true", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	all := entries(t, map[string]string{"hiding.desktop": program + " %u", "deleted.desktop": program + " %u", "all.desktop": program + " %u"})
	for id, want := range map[string]bool{
		"own.desktop": true, "link.desktop": true, "all.desktop": true,
		"other.desktop": false, "more.desktop": false, "nothing.desktop": false, "gone.desktop": false, "hiding.desktop": false,
		"deleted.desktop": false, "missing.desktop": false, "": false, "own.desktop;all.desktop": false,
	} {
		if got := entryStarts([]string{mine, all}, id, program); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}
