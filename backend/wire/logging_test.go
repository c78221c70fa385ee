package wire_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loud are the ways to write past the redacting handler, and the rooms that may use them all the same.
var loud = map[string][]string{
	"log.Print": {}, "log.Printf": {}, "log.Println": {}, "log.Fatal": {}, "log.Fatalf": {}, "log.Default": {},
	"log.New":             {"backend/loopback"},                               // which throws away what it gets
	"slog.NewTextHandler": {"backend/wire", "backend/cmd/latchkey-assertion"}, // each within redact.New
	"slog.NewJSONHandler": {},
	"slog.Default":        {},
	"slog.Debug":          {}, "slog.DebugContext": {},
	"slog.Info": {}, "slog.InfoContext": {},
	"slog.Warn": {}, "slog.WarnContext": {},
	"slog.Error": {}, "slog.ErrorContext": {},
	"slog.Log": {}, "slog.LogAttrs": {}, "slog.With": {},
	"fmt.Print": {}, "fmt.Printf": {}, "fmt.Println": {},
	"print": {}, "println": {},
	// The faces talk to people, and a server to whoever runs it.
	"os.Stdout": {"backend/cmd/latchkey"},
	"os.Stderr": {"app", "backend/cmd/latchkey", "backend/cmd/latchkey-assertion"},
}

// loudIn names what of that a file of a room uses.
func loudIn(room string, file *ast.File) []string {
	var found []string
	use := func(what string) {
		if may, ok := loud[what]; ok && !slices.Contains(may, room) {
			found = append(found, what)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				use(x.Name + "." + n.Sel.Name)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok {
				use(f.Name)
			}
		}
		return true
	})
	return found
}

// Every line that is logged passes package redact: nobody has another handler, or writes by other ways.
func TestEverythingLoggedIsRedacted(t *testing.T) {
	t.Parallel()
	files, sources := token.NewFileSet(), 0
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		own, err := filepath.Rel("../..", path)
		if err != nil {
			return err
		}
		own = filepath.ToSlash(own)
		if entry.IsDir() {
			if isTool(own) || strings.HasPrefix(own, "build/") || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		sources++
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		room, _, _ := strings.Cut(own, "/"+entry.Name())
		for _, what := range loudIn(room, file) {
			t.Errorf("%s uses %s", own, what)
		}
		return nil
	})
	if err != nil || sources < 100 {
		t.Errorf("%d files, %v", sources, err)
	}
	for name, source := range map[string]string{
		"a logger":   `var l = log.New(os.Stdin, "", 0)`,
		"a handler":  `var h = slog.NewJSONHandler(nil, nil)`,
		"a function": `func f() { slog.Error("x") }`,
		"a builtin":  `func f() { println("x") }`,
		"a stream":   `func f() { fmt.Fprintln(os.Stderr, "x") }`,
	} {
		file, err := parser.ParseFile(files, name, "package x\n"+source, parser.SkipObjectResolution)
		if found := loudIn("backend/auth", file); err != nil || len(found) != 1 {
			t.Errorf("%s: %s", name, fmt.Sprint(found, err))
		}
	}
}
