//go:build devnet

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runs says for each command of the README what runs it: a test, a step of "make test" or a workflow, by the file that
// does it and a text in there. Those without a file are run by TestREADME.
var runs = map[string]struct{ file, text string }{
	// The stories are the demo as it is without a display.
	"make demo":                      {"Makefile", "\n\tbuild/bin/demo -headless -story $* -window build/bin/latchkey-window-devnet"},
	"make demo EMAIL=1":              {"Makefile", "\nSTORIES := handle email "},
	"make test":                      {".github/workflows/ci.yml", "- run: make test\n"},
	"make test PKG=./backend/redact": {},
	"make run":                       {"app/run_devnet_test.go", `"make", "run"`},
	"go build -o build/bin/ ./backend/cmd/latchkey": {},
	"make dev":         {"backend/devnet/cmd/dev/dev_linux_test.go", `"make dev ACCOUNT=alice.test `},
	"make network":     {"backend/devnet/cmd/dev/network_devnet_test.go", "alone: true"},
	"make check":       {".github/workflows/ci.yml", "- run: make check\n"},
	"make screenshots": {"Makefile", "\ntest-pictures:\n\tnpm --prefix frontend run screenshots\n"},
	// Each of its tests is in "make test" as well, shorter.
	"make soak":                {"Makefile", "-run '^(TestKilled|TestCrowd)' ./backend/internal/soak ./backend/wire"},
	"make package TEST_KEYS=1": {".github/workflows/release.yml", "- run: make package TEST_KEYS=1 "},
	"make verify":              {".github/workflows/release.yml", "- run: make verify\n"},
}

// The README is a contract: each command that it names is run, and each path, link and command of the program is there.
func TestREADME(t *testing.T) {
	t.Parallel()
	text := read(t, "README.md")
	var commands []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			command, _, _ := strings.Cut(line, " #")
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	for _, m := range regexp.MustCompile("`((?:make|go|npm) [^`]*)`").FindAllStringSubmatch(text, -1) {
		commands = append(commands, m[1])
	}
	for _, command := range commands {
		if _, known := runs[command]; !known {
			t.Errorf("nothing runs %q; say in this file what does", command)
		}
	}
	for command, by := range runs {
		switch {
		case !slices.Contains(commands, command):
			t.Errorf("the README does not name %q", command)
		case by.file != "":
			if !strings.Contains(read(t, by.file), by.text) {
				t.Errorf("%s does not run %q", by.file, command)
			}
		default:
			if out, err := asAPerson(exec.CommandContext(t.Context(), "sh", "-c", command)).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	program, _, ok := strings.Cut(text, "\nIts commands: latchkey ")
	if !ok {
		t.Fatal("the README does not name the commands of the terminal program")
	}
	subcommands, _, _ := strings.Cut(text[len(program)+len("\nIts commands: latchkey "):], "\n")
	for command := range strings.SplitSeq(subcommands, ", ") {
		out, err := exec.CommandContext(t.Context(), "build/bin/latchkey", command, "--help").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "latchkey "+command) {
			t.Errorf("latchkey %s --help: %v\n%s", command, err, out)
		}
	}
}

// asAPerson takes away what the make that may run this test hands to another one.
func asAPerson(cmd *exec.Cmd) *exec.Cmd {
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=") || strings.HasPrefix(v, "BRAND") ||
			strings.HasPrefix(v, "PKG=") || strings.HasPrefix(v, "RUN=")
	})
	return cmd
}

// BRAND=folder reaches the go commands of a target, and a folder that has no brand stops it before anything is built.
func TestBrandOfMake(t *testing.T) {
	t.Parallel()
	for brand, c := range map[string]struct {
		ok   bool
		says string
	}{
		"build/package/testdata/brand": {true, "/overlay.json'\n"},
		"build/nowhere":                {false, "there is no brand in the folder"},
	} {
		out, err := asAPerson(exec.CommandContext(t.Context(), "make", "--print-data-base", "help", "BRAND="+brand)).CombinedOutput()
		if (err == nil) != c.ok || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v\n%s", brand, err, out)
		}
	}
}

// One test of one package, as "make test PKG=./backend/redact RUN=TestHandler" runs it.
func TestTestOfOnePackage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		ok   bool
		says string
	}{
		"a test":     {[]string{"./backend/redact", "TestHandler$"}, true, "redact"},
		"no package": {[]string{"./backend/nowhere", ""}, false, "there is no package 'backend/nowhere'"},
	} {
		out, err := exec.CommandContext(t.Context(), "build/test.sh", c.args...).CombinedOutput()
		if (err == nil) != c.ok || !strings.Contains(string(out), c.says) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// What the pages for newcomers name is there: targets of make, paths, and what they link to.
func TestPagesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	for page, paths := range map[string]int{"README.md": 3, "CONTRIBUTING.md": 20, "CHANGELOG.md": 2, "SECURITY.md": 20, "build/README.md": 3} {
		text := read(t, page)
		for _, m := range regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n.PHONY: "+m[1]+"\n") {
				t.Errorf("%s: make %s is not a target", page, m[1])
			}
		}
		found := 0
		for _, m := range regexp.MustCompile("`((?:app|backend|frontend|build|\\.github)/[A-Za-z0-9_./-]*|main\\.go|Makefile)`").FindAllStringSubmatch(text, -1) {
			if path := m[1]; !strings.HasPrefix(path, "build/bin") && !strings.HasPrefix(path, "build/d") {
				found++
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
		if found < paths {
			t.Errorf("%s: %d paths found, want %d", page, found, paths)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`).FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link: %v", page, err)
			}
		}
	}
}
