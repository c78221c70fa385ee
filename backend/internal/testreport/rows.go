package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	rowComment = regexp.MustCompile(`\bhostile: (\d+(?:, \d+)*)`)
	moduleLine = regexp.MustCompile(`(?m)^module (\S+)$`)
)

// namedRows reads the comments of all tests below root: which rows each names, by the test's package and
// name.
func namedRows(root string) (map[string][]int, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	module := moduleLine.FindSubmatch(mod)
	if module == nil {
		return nil, fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
	}
	named := map[string][]int{}
	var astray []string
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "node_modules" || file != root && strings.HasPrefix(name, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		lost, err := readRows(file, path.Join(string(module[1]), filepath.ToSlash(folder)), named)
		astray = append(astray, lost...)
		return err
	})
	if err == nil && len(astray) > 0 {
		err = fmt.Errorf("comments that belong to no test: %s", sorted(astray))
	}
	return named, err
}

// readRows adds the rows that one file names, and answers where comments belong to no test.
func readRows(file, pkg string, named map[string][]int) (astray []string, err error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, group := range parsed.Comments {
		for _, comment := range group.List {
			for _, m := range rowComment.FindAllStringSubmatch(comment.Text, -1) {
				test := testAround(parsed, comment.Pos())
				if test == "" {
					astray = append(astray, files.Position(comment.Pos()).String())
					continue
				}
				for number := range strings.SplitSeq(m[1], ", ") {
					n, err := strconv.Atoi(number)
					if err != nil {
						return nil, err
					}
					named[pkg+"."+test] = append(named[pkg+"."+test], n)
				}
			}
		}
	}
	return astray, nil
}

// testAround is the test or fuzz target that a position lies in, its own comment included; "" for none.
func testAround(file *ast.File, at token.Pos) string {
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		if from <= at && at <= f.End() {
			return f.Name.Name
		}
	}
	return ""
}
