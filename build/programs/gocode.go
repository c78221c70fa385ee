package programs

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// code is the Go code of a module: for each declaration what it refers to and what it starts. It is read without the
// packages of others, so nothing needs to be installed and half a second is enough. Declarations are known by their positions.
type code struct {
	root, module string
	context      build.Context
	files        *token.FileSet
	packages     map[string]*goPackage // by folder
	refers       map[token.Pos][]token.Pos
	starts       map[token.Pos][]start
	methods      map[token.Pos][]*ast.FuncDecl // by type
	called       map[string]bool               // the names of unexported methods of interfaces
	wrappers     map[token.Pos]parameter       // functions that start what they are told to
}

type goPackage struct {
	dir            string
	imports        []string // folders of the module, and paths of others
	files, tests   []*ast.File
	external       []*ast.File // of the tests that are a package of their own
	checked        *types.Package
	always         []token.Pos // what runs wherever the package is imported
	functions      map[string]token.Pos
	testFunctions  []token.Pos
	importsOfTests []string
}

// parameter is the one that names a program: itself, or its first element.
type parameter struct {
	index   int
	element bool
	prefix  string // of the program, for a function that names it in its own way
}

// start is a program that is started. Where the code does not say which, unclear says where that is.
type start struct {
	program, unclear string
	arguments        []string // the literal ones
	pure             bool     // without the C compiler
	where            string
}

func readCode(root, module string, known table, tags []string) (*code, error) {
	c := &code{root: root, module: module, context: build.Default, files: token.NewFileSet(), packages: map[string]*goPackage{},
		refers: map[token.Pos][]token.Pos{}, starts: map[token.Pos][]start{}, methods: map[token.Pos][]*ast.FuncDecl{},
		called: map[string]bool{}, wrappers: map[token.Pos]parameter{}}
	c.context.GOOS, c.context.GOARCH, c.context.CgoEnabled, c.context.BuildTags = "linux", "amd64", true, tags
	if err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"node_modules", "testdata", ".git"}, d.Name()) || file == filepath.Join(root, "build", "bin") || file == filepath.Join(root, "build", "demo")):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(file) != ".go":
			return nil
		}
		return c.read(file)
	}); err != nil {
		return nil, err
	}
	var units []unit
	for _, dir := range slices.Sorted(maps.Keys(c.packages)) {
		units = append(units, c.check(c.packages[dir])...)
	}
	for _, u := range units {
		c.declarations(u)
	}
	for name, p := range known.wrappers {
		at, err := c.function(name)
		if err != nil {
			return nil, err
		}
		c.wrappers[at] = p
	}
	// A function that hands on what it was told to start is one to look at the callers of, and so on.
	for known := -1; known != len(c.wrappers); {
		known = len(c.wrappers)
		clear(c.starts)
		for _, u := range units {
			c.findStarts(u)
		}
	}
	return c, nil
}

func (c *code) read(file string) error {
	dir, name := filepath.Split(file)
	if fits, err := c.context.MatchFile(dir, name); err != nil || !fits {
		return err
	}
	parsed, err := parser.ParseFile(c.files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	relative, err := filepath.Rel(c.root, filepath.Clean(dir))
	if err != nil {
		return err
	}
	relative = filepath.ToSlash(relative)
	p := c.packages[relative]
	if p == nil {
		p = &goPackage{dir: relative, functions: map[string]token.Pos{}}
		c.packages[relative] = p
	}
	imports := &p.imports
	switch {
	case !strings.HasSuffix(name, "_test.go"):
		p.files = append(p.files, parsed)
	case strings.HasSuffix(parsed.Name.Name, "_test"):
		imports, p.external = &p.importsOfTests, append(p.external, parsed)
	default:
		imports, p.tests = &p.importsOfTests, append(p.tests, parsed)
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		*imports = append(*imports, c.folder(imported))
	}
	return nil
}

// folder returns the folder of an import path of the module, and other paths as they are.
func (c *code) folder(imported string) string {
	if imported == c.module {
		return "."
	}
	return strings.TrimPrefix(imported, c.module+"/")
}

// unit is what was checked at once.
type unit struct {
	of    *goPackage
	files []*ast.File
	info  *types.Info
}

func (c *code) check(p *goPackage) []unit {
	p.checked, _ = c.Import(p.dir) // it is there
	units := []unit{{p, append(slices.Clone(p.files), p.tests...), nil}, {p, p.external, nil}}
	for i := range units {
		_, units[i].info = c.checkFiles(p, units[i].files)
	}
	return units
}

// Import implements [types.Importer] for the packages of the module; the others stay unknown.
func (c *code) Import(imported string) (*types.Package, error) {
	p := c.packages[c.folder(imported)]
	if p == nil {
		return nil, errors.New("not of this module")
	}
	if p.checked == nil {
		p.checked, _ = c.checkFiles(p, p.files)
	}
	return p.checked, nil
}

func (c *code) checkFiles(p *goPackage, files []*ast.File) (*types.Package, *types.Info) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: c, FakeImportC: true, Error: func(error) {}}
	checked, _ := config.Check(path.Join(c.module, p.dir), c.files, files, info) // what others declare is missing on purpose
	return checked, info
}

// declarations notes what each declaration refers to.
func (c *code) declarations(u unit) {
	for _, file := range u.files {
		test := strings.HasSuffix(c.files.Position(file.Pos()).Filename, "_test.go")
		for _, declaration := range file.Decls {
			for at, node := range declared(declaration) {
				f, isFunction := declaration.(*ast.FuncDecl)
				switch {
				case test:
					u.of.testFunctions = append(u.of.testFunctions, at)
				case isFunction && f.Name.Name == "init", !isFunction && declaration.(*ast.GenDecl).Tok == token.VAR && !asserts(node):
					u.of.always = append(u.of.always, at)
				}
				if isFunction {
					u.of.functions[nameOf(node)] = at
				}
				if isFunction && f.Recv != nil {
					if receiver := u.info.Uses[receiverName(f)]; receiver != nil {
						c.methods[receiver.Pos()] = append(c.methods[receiver.Pos()], f)
					}
				}
				ast.Inspect(node, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.Ident:
						if used := u.info.Uses[n]; used != nil && used.Pos().IsValid() {
							c.refers[at] = append(c.refers[at], used.Pos())
						}
					case *ast.InterfaceType:
						for _, method := range n.Methods.List {
							for _, name := range method.Names {
								c.called[name.Name] = true
							}
						}
					}
					return true
				})
			}
		}
	}
}

// declared are the names that a declaration declares, by their positions, each with its part of it.
func declared(declaration ast.Decl) map[token.Pos]ast.Node {
	all := map[token.Pos]ast.Node{}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		all[d.Name.Pos()] = d
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				all[s.Name.Pos()] = s
			case *ast.ValueSpec:
				for _, name := range s.Names {
					all[name.Pos()] = s
				}
			}
		}
	}
	return all
}

// asserts reports whether a variable is there for the compiler alone: var _ Interface = Type{}.
func asserts(node ast.Node) bool {
	spec, ok := node.(*ast.ValueSpec)
	return ok && len(spec.Names) == 1 && spec.Names[0].Name == "_"
}

func receiverName(f *ast.FuncDecl) *ast.Ident {
	expression := f.Recv.List[0].Type
	for {
		switch e := expression.(type) {
		case *ast.StarExpr:
			expression = e.X
		case *ast.IndexExpr:
			expression = e.X
		case *ast.Ident:
			return e
		default:
			return nil
		}
	}
}

// function returns where a function or a method is declared, by its folder and name.
func (c *code) function(name string) (token.Pos, error) {
	folder, base := path.Split(name)
	base, function, _ := strings.Cut(base, ".")
	if p := c.packages[path.Join(folder, base)]; p != nil {
		if declared, there := p.functions[function]; there {
			return declared, nil
		}
	}
	return token.NoPos, fmt.Errorf("there is no function %s", name)
}

// reach returns what is started by the given declarations and all that they refer to. A method counts where it is
// called, and where its type is used if others may call it: because it is exported, or by way of an interface. What was
// seen is left out.
func (c *code) reach(from []token.Pos, seen map[token.Pos]bool) []start {
	var found []start
	for queue := slices.Clone(from); len(queue) > 0; {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		found = append(found, c.starts[at]...)
		queue = append(queue, c.refers[at]...)
		for _, method := range c.methods[at] {
			if method.Name.IsExported() || c.called[method.Name.Name] {
				queue = append(queue, method.Name.Pos())
			}
		}
	}
	return found
}

// closure returns the folders of the module that a package imports, itself included, and what it imports of others.
func (c *code) closure(dir string, tests bool) (ours, others []string) {
	queue := []string{dir}
	if p := c.packages[dir]; tests && p != nil {
		queue = append(queue, p.importsOfTests...)
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if seen[next] {
			continue
		}
		seen[next] = true
		if p := c.packages[next]; p != nil {
			ours, queue = append(ours, next), append(queue, p.imports...)
		} else {
			others = append(others, next)
		}
	}
	return ours, others
}

// runs returns what the program or the tests in a folder may start. A program begins at one of its functions.
func (c *code) runs(dir, function string, tests bool, stops map[string]string) ([]start, error) {
	p := c.packages[dir]
	if p == nil {
		return nil, fmt.Errorf("there is no Go package in %s", dir)
	}
	if tests && len(p.testFunctions) == 0 {
		return nil, nil // nor does anything else of it run
	}
	var from []token.Pos
	ours, _ := c.closure(dir, tests)
	for _, imported := range ours {
		from = append(from, c.packages[imported].always...)
	}
	seen := map[token.Pos]bool{}
	if tests {
		for stop := range stops {
			at, err := c.function(stop)
			if err != nil {
				return nil, err
			}
			seen[at] = true
		}
		return c.reach(append(from, p.testFunctions...), seen), nil
	}
	at, there := p.functions[function]
	if !there {
		return nil, fmt.Errorf("there is no function %s in %s", function, dir)
	}
	return c.reach(append(from, at), seen), nil
}
