package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

var (
	targetLine = regexp.MustCompile(`(?m)^([a-z][a-z-]*):.*##`)
	condition  = regexp.MustCompile(`\$\((?:if|or) \$\(([A-Z_]+)\)`)
	again      = regexp.MustCompile(`^\t.*\$[({]MAKE[)}]`)
	alone      = regexp.MustCompile(`^\t@?\$\(MAKE\) [^;&|` + "`" + `\\]*$`)
	fromShell  = regexp.MustCompile(`\$\(shell ([^\n]+)`)
)

// makeTargets returns the targets that the Makefile in a folder offers, and what its variables start whatever the target is.
func makeTargets(root string) (targets []string, always []start, err error) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile")) // #nosec G304 -- the project's own
	if err != nil {
		return nil, nil, err
	}
	for _, m := range targetLine.FindAllSubmatch(text, -1) {
		targets = append(targets, string(m[1]))
	}
	for _, m := range fromShell.FindAllSubmatch(text, -1) {
		program, _, _ := strings.Cut(string(m[1]), " ")
		always = append(always, start{program: program, where: "Makefile"})
	}
	return targets, always, nil
}

// recipe returns what make would run for a target, without any variable set and with all of those set that the Makefile
// asks about. The makes that it would start in turn are among it.
func recipe(ctx context.Context, root, target string) ([]start, error) {
	text, err := os.ReadFile(filepath.Join(root, "Makefile")) // #nosec G304 -- the project's own
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if again.MatchString(line) && !alone.MatchString(line) {
			return nil, fmt.Errorf("%q has to be a line of its own: make runs it even when it is asked what it would do", strings.TrimSpace(line))
		}
	}
	var set []string
	for _, m := range condition.FindAllSubmatch(text, -1) {
		set = append(set, string(m[1])+"=1")
	}
	var all []start
	for _, variables := range [][]string{nil, set} {
		// What calls make again is run even now, so it is told to print itself.
		cmd := exec.CommandContext(ctx, "make", append([]string{"--dry-run", "--always-make", "--no-print-directory", "MAKE=echo make", target}, variables...)...) // #nosec G204 -- names of the Makefile
		cmd.Dir = root
		cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=") })
		out, err := cmd.Output()
		if err != nil {
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				err = fmt.Errorf("%w: %s", err, failed.Stderr)
			}
			return nil, fmt.Errorf("make %s: %w", target, err)
		}
		found, err := shellStarts(string(out), "make "+target)
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", target, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// parts are what build/setup.sh can be asked for.
type parts struct {
	packages, npm map[string][]string // by part: Debian packages, and folders with npm packages
	usual         []string            // those that are meant where none is named
}

// readSetup reads the parts of setup.sh: what each branch of its case adds to packages and npm_dirs.
func readSetup(path string) (parts, error) {
	p := parts{packages: map[string][]string{}, npm: map[string][]string{}}
	file, err := os.Open(path) // #nosec G304 -- the project's own
	if err != nil {
		return p, err
	}
	defer func() { _ = file.Close() }()
	script, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(file, path)
	if err != nil {
		return p, err
	}
	syntax.Walk(script, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 2 && literal(n.Args[0]) == "set" && literal(n.Args[1]) == "--" {
				for _, word := range n.Args[2:] {
					p.usual = append(p.usual, literal(word))
				}
			}
		case *syntax.CaseItem:
			part := literal(n.Patterns[0])
			if part == "*" {
				return true
			}
			p.packages[part], p.npm[part] = nil, nil
			for _, statement := range n.Stmts {
				syntax.Walk(statement, func(n syntax.Node) bool {
					if a, ok := n.(*syntax.Assign); ok && a.Value != nil {
						words := slices.DeleteFunc(strings.Fields(literal(a.Value)), func(w string) bool { return w == "$" })
						switch a.Name.Value {
						case "packages":
							p.packages[part] = append(p.packages[part], words...)
						case "npm_dirs":
							p.npm[part] = append(p.npm[part], words...)
						}
					}
					return true
				})
			}
		}
		return true
	})
	if len(p.usual) == 0 || len(p.packages) == 0 {
		return p, fmt.Errorf("%s: the parts can't be read", path)
	}
	return p, nil
}
