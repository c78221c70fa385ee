package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README is a contract: each target, path and command that it names is there.
func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^make ([a-z]+)`).FindAllStringSubmatch(string(text), -1)
	if len(targets) != 8 {
		t.Errorf("%d make commands found, want 8", len(targets))
	}
	for _, m := range targets {
		if !strings.Contains(string(makefile), "\n.PHONY: "+m[1]+"\n") {
			t.Errorf("make %s is not a target", m[1])
		}
	}
	_, layout, _ := strings.Cut(string(text), "## Layout")
	paths := regexp.MustCompile(`(?m)^([a-z][a-z./]*) +\S`).FindAllStringSubmatch(layout, -1)
	if len(paths) != 11 {
		t.Errorf("%d paths in the layout, want 11", len(paths))
	}
	for _, m := range paths {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("layout: %v", err)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("link: %v", err)
		}
	}
	_, commands, ok := strings.Cut(string(text), "the terminal face: latchkey ")
	if !ok {
		t.Fatal("the README does not name the terminal face's commands")
	}
	commands, _, _ = strings.Cut(commands, "\n")
	program := filepath.Join(t.TempDir(), "latchkey")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./backend/cmd/latchkey").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for command := range strings.SplitSeq(commands, ", ") {
		out, err := exec.CommandContext(t.Context(), program, command, "--help").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "latchkey "+command) {
			t.Errorf("latchkey %s --help: %v\n%s", command, err, out)
		}
	}
}
