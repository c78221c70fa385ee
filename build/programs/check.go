package programs

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// project is what is checked, and what is known of it that its sources don't say.
type project struct {
	root, module string
	code         *code // of what is built to be tested
	released     *code // of what is built without tags
	setup        parts
	known        table
	built        map[string]string // folders of the programs that recipes build, by their paths
	used         map[string]bool   // the rows of the table that were of use
}

// need is a package that a target needs, and why.
type need struct {
	pack string // a Debian package, or "npm " and a folder
	why  string
}

// check returns what is wrong: programs that nobody knows, those that the target which starts them does not install,
// packages without use, and rows of the table without use.
func check(ctx context.Context, root, module string, known table) ([]string, error) {
	setup, err := readSetup(filepath.Join(root, "build", "setup.sh"))
	if err != nil {
		return nil, err
	}
	c, err := readCode(root, module, known, known.tags)
	if err != nil {
		return nil, err
	}
	released, err := readCode(root, module, known, nil)
	if err != nil {
		return nil, err
	}
	p := &project{root, module, c, released, setup, known, map[string]string{}, map[string]bool{}}
	targets, always, err := makeTargets(root)
	if err != nil {
		return nil, err
	}
	recipes := map[string][]start{}
	for _, target := range targets {
		if recipes[target], err = recipe(ctx, root, target); err != nil {
			return nil, err
		}
		recipes[target] = append(recipes[target], always...)
		p.noteBuilt(recipes[target])
	}
	for name, script := range known.scripts {
		recipes[name] = []start{{program: name, where: name}}
		for _, part := range script {
			recipes[name] = append(recipes[name], start{program: "build/setup.sh", arguments: []string{part}, where: name})
		}
	}
	var wrong []string
	useful := map[string]bool{} // packages
	for _, target := range slices.Sorted(maps.Keys(recipes)) {
		f := &follow{project: p, seen: map[string]bool{}, parts: map[string]bool{}}
		f.all(ctx, recipes[target])
		for _, complaint := range f.wrong {
			wrong = append(wrong, target+": "+complaint)
		}
		installed := map[string]bool{}
		for part := range f.parts {
			if _, there := setup.packages[part]; !there {
				wrong = append(wrong, fmt.Sprintf("%s: build/setup.sh has no part %s", target, part))
			}
			for _, pack := range setup.packages[part] {
				installed[pack] = true
			}
			for _, folder := range setup.npm[part] {
				installed["npm "+folder] = true
			}
		}
		for _, n := range f.needs {
			again := useful[target+" "+n.pack]
			useful[n.pack], useful[target+" "+n.pack] = true, true
			switch {
			case again, installed[n.pack], known.there[n.pack]:
			case known.without[target+" "+n.pack] != "":
				p.used["without "+target+" "+n.pack] = true
			default:
				wrong = append(wrong, fmt.Sprintf("%s: build/setup.sh does not install %s for it, which has %s", target, n.pack, n.why))
			}
		}
		if _, is := known.scripts[target]; is {
			continue
		}
		if first := slices.IndexFunc(recipes[target], func(s start) bool { return s.program == "build/setup.sh" }); known.bare[target] == (first >= 0) ||
			first >= 0 && slices.ContainsFunc(recipes[target][:first], func(s start) bool { return !known.there[known.packages[s.program]] || known.looked[s.program] }) {
			wrong = append(wrong, target+": it has to run build/setup.sh before it starts anything else")
		}
	}
	for _, part := range slices.Sorted(maps.Keys(setup.packages)) {
		for _, pack := range setup.packages[part] {
			if known.libraries[pack] != "" {
				p.used["library "+pack] = true
			} else if !useful[pack] {
				wrong = append(wrong, fmt.Sprintf("build/setup.sh installs %s (%s), of which nothing is started", pack, part))
			}
		}
	}
	wrong = append(wrong, p.unused()...)
	slices.Sort(wrong)
	return slices.Compact(wrong), nil
}

// unused are the rows of the table that say something of what is not there.
func (p *project) unused() []string {
	var wrong []string
	rows := map[string]bool{}
	for row := range p.known.unclear {
		rows["unclear "+row] = true
	}
	for row := range p.known.without {
		rows["without "+row] = true
	}
	for row := range p.known.libraries {
		rows["library "+row] = true
	}
	for program, pack := range p.known.packages {
		rows["program "+program] = !p.known.there[pack]
	}
	for row, counts := range rows {
		if counts && !p.used[row] {
			wrong = append(wrong, "the table has a row without use: "+row)
		}
	}
	return wrong
}

// noteBuilt notes which program is built where.
func (p *project) noteBuilt(recipe []start) {
	for _, s := range recipe {
		if s.program != "go" || len(s.arguments) == 0 || s.arguments[0] != "build" {
			continue
		}
		if at := slices.Index(s.arguments, "-o"); at >= 0 && at+1 < len(s.arguments) {
			p.built[s.arguments[at+1]] = path.Clean(s.arguments[len(s.arguments)-1])
		}
	}
}

// follow follows what a target starts.
type follow struct {
	*project
	seen  map[string]bool // what was followed
	parts map[string]bool
	needs []need
	wrong []string
}

func (f *follow) all(ctx context.Context, starts []start) {
	for _, s := range starts {
		f.one(ctx, s)
	}
}

func (f *follow) complain(s start, format string, a ...any) {
	f.wrong = append(f.wrong, s.where+": "+fmt.Sprintf(format, a...))
}

// once reports whether something was not followed yet.
func (f *follow) once(what string) bool {
	if f.seen[what] {
		return false
	}
	f.seen[what] = true
	return true
}

func (f *follow) one(ctx context.Context, s start) {
	if s.unclear != "" {
		row, ok := f.known.unclear[s.unclear]
		if !ok {
			f.complain(s, "what is started here can't be read from the sources; say it in table.go: %q", s.unclear)
			return
		}
		f.used["unclear "+s.unclear] = true
		for _, what := range row.starts {
			f.named(ctx, start{program: what, where: s.where})
		}
		return
	}
	f.named(ctx, s)
}

// named follows a program that is known by its name, or by one of the forms that the table has: "run FOLDER" is the
// program of ours in a folder, "test FOLDER" are its tests, "npm FOLDER" what npm installed there, "guide BLOCK" the
// commands of a block in the packager's guide.
func (f *follow) named(ctx context.Context, s start) {
	kind, rest, _ := strings.Cut(s.program, " ")
	file := filepath.Join(f.root, filepath.FromSlash(s.program))
	switch {
	case kind == "run" && rest != "":
		f.run(ctx, s, rest, "main")
	case kind == "test" && rest != "":
		f.goCommand(ctx, start{program: "go", arguments: []string{"test", "-tags", "devnet", rest}, where: s.where})
	case kind == "npm" && rest != "":
		f.needs = append(f.needs, need{s.program, "what " + s.where + " starts"})
		f.scripts(ctx, s, rest)
	case kind == "guide" && rest != "":
		f.guide(ctx, s, rest)
	case f.built[s.program] == f.known.steps && f.known.steps != "":
		f.steps(ctx, s)
	case f.built[s.program] != "":
		f.run(ctx, s, f.built[s.program], "main")
	case s.program == "build/setup.sh":
		for _, part := range s.arguments {
			f.parts[part] = true
		}
		for _, part := range f.setup.usual {
			f.parts[part] = f.parts[part] || len(s.arguments) == 0
		}
		maps.DeleteFunc(f.parts, func(_ string, is bool) bool { return !is })
		f.script(ctx, s, file)
	case strings.Contains(s.program, "/") && !path.IsAbs(s.program) && f.known.packages[path.Base(s.program)] == "":
		f.script(ctx, s, file)
	default:
		f.program(ctx, s, path.Base(s.program))
	}
}

func (f *follow) program(ctx context.Context, s start, name string) {
	pack, known := f.known.packages[name]
	if !known {
		f.complain(s, "nobody knows which package has %s; say it in table.go", name)
		return
	}
	f.used["program "+name] = true
	f.needs = append(f.needs, need{pack, name + " (" + s.where + ")"})
	switch name {
	case "go":
		f.goCommand(ctx, s)
	case "make":
		f.make(ctx, s)
	case "npm":
		f.npm(ctx, s)
	case "node":
		if len(s.arguments) > 0 && !strings.HasPrefix(s.arguments[0], "-") {
			f.scripts(ctx, s, path.Dir(s.arguments[0]))
		}
	}
}

// make follows another target, with what it installs itself.
func (f *follow) make(ctx context.Context, s start) {
	for _, target := range s.arguments {
		if strings.HasPrefix(target, "-") || strings.Contains(target, "=") || strings.Contains(target, hidden) || !f.once("make "+target) {
			continue
		}
		found, err := recipe(ctx, f.root, target)
		if err != nil {
			f.complain(s, "%v", err)
		}
		f.all(ctx, found)
	}
}

// steps follows the program of ours that makes several targets, each named with those that go before it.
func (f *follow) steps(ctx context.Context, s start) {
	f.run(ctx, s, f.known.steps, "main")
	for i, step := range s.arguments {
		if !strings.HasPrefix(step, "-") && (i == 0 || !strings.HasPrefix(s.arguments[i-1], "-")) {
			f.make(ctx, start{program: "make", arguments: strings.Split(step, ":"), where: s.where})
		}
	}
}

func (f *follow) script(ctx context.Context, s start, file string) {
	if !f.once(file) {
		return
	}
	text, err := os.ReadFile(file) // #nosec G304 -- the project's own
	if err != nil {
		f.complain(s, "%v", err)
		return
	}
	relative, err := filepath.Rel(f.root, file)
	if err != nil {
		f.complain(s, "%v", err)
	}
	found, err := shellStarts(string(text), filepath.ToSlash(relative))
	if err != nil {
		f.complain(s, "%v", err)
	}
	f.all(ctx, found)
}

var guideBlock = regexp.MustCompile("(?ms)^```sh ([a-z]+)\n(.*?)^```$")

func (f *follow) guide(ctx context.Context, s start, name string) {
	text, err := os.ReadFile(filepath.Join(f.root, "build", "README.md"))
	if err != nil {
		f.complain(s, "%v", err)
	}
	for _, m := range guideBlock.FindAllSubmatch(text, -1) {
		if string(m[1]) == name {
			found, err := shellStarts(string(m[2]), "build/README.md, "+name)
			if err != nil {
				f.complain(s, "%v", err)
			}
			f.all(ctx, found)
			return
		}
	}
	f.complain(s, "build/README.md has no commands named %s", name)
}

// withValue are the flags of the go command that have their value behind them.
var withValue = map[string]bool{"-o": true, "-ldflags": true, "-run": true, "-count": true, "-p": true, "-timeout": true, "-overlay": true, "-fuzz": true, "-fuzztime": true, "-skip": true}

// folders returns those of the module that an argument of the go command names.
func (f *follow) folders(argument string) []string {
	base, all := strings.CutSuffix(argument, "/...")
	base = path.Clean(base)
	if strings.Contains(argument, "$") {
		base, all = ".", true // any
	} else if argument != "." && !strings.HasPrefix(argument, "./") {
		return nil
	}
	if !all {
		return []string{base}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.code.packages)), func(dir string) bool {
		return base != "." && dir != base && !strings.HasPrefix(dir, base+"/")
	})
}

// goCommand follows what the go command compiles, runs and tests.
func (f *follow) goCommand(ctx context.Context, s start) {
	if len(s.arguments) == 0 || !slices.Contains([]string{"build", "run", "test", "vet", "install"}, s.arguments[0]) {
		return
	}
	if slices.Contains(s.arguments, "-race") {
		f.compiler(s, f.known.compiler)
	}
	verb, tags := s.arguments[0], ""
	var folders []string
	function := "main"
	for i := 1; i < len(s.arguments); i++ {
		argument := s.arguments[i]
		switch {
		case argument == "-tags":
			i++
			tags = s.arguments[min(i, len(s.arguments)-1)]
		case withValue[argument]:
			i++
		case strings.HasPrefix(argument, "-"):
		case verb == "run":
			if next := s.arguments[i+1:]; len(next) > 0 && slices.Contains(f.known.commands[path.Clean(argument)], next[0]) {
				function = next[0]
			}
			folders = append(folders, f.folders(argument)...)
			i = len(s.arguments)
		default:
			folders = append(folders, f.folders(argument)...)
		}
	}
	for _, folder := range folders {
		ours, others := f.code.closure(folder, verb != "run" && verb != "build")
		if len(ours) > 0 && tags != "bindings" && !s.pure && slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(o, f.known.window) }) {
			f.compiler(s, f.known.windowPackages)
		}
		switch verb {
		case "run":
			f.run(ctx, s, folder, function)
		case "test":
			code := f.released
			if strings.Contains(tags, "devnet") {
				code = f.code
			}
			if f.once("test "+tags+" "+folder) && code.packages[folder] != nil {
				f.runs(ctx, s, code, folder, "", true)
			}
		}
	}
}

func (f *follow) compiler(s start, packages []string) {
	for _, pack := range packages {
		f.needs = append(f.needs, need{pack, "what the compiler needs (" + s.where + ")"})
	}
}

func (f *follow) run(ctx context.Context, s start, folder, function string) {
	if f.once("run " + folder + " " + function) {
		f.runs(ctx, s, f.code, folder, function, false)
	}
}

func (f *follow) runs(ctx context.Context, s start, code *code, folder, function string, tests bool) {
	found, err := code.runs(folder, function, tests, f.known.stops)
	if err != nil {
		f.complain(s, "%v", err)
	}
	f.all(ctx, found)
}

var (
	npmScript  = regexp.MustCompile(`"([a-z:]+)": "((?:[^"\\]|\\.)*)"`)
	executable = regexp.MustCompile(`['"](/usr/(?:local/)?s?bin/[^'"]+)['"]`)
	children   = regexp.MustCompile(`child_process|worker_threads.*exec|Bun\.spawn|\bsubprocess\b|os\.system|os\.exec`)
)

// npm follows a script of a package.json. What it names are programs of npm packages, or node and its scripts.
func (f *follow) npm(ctx context.Context, s start) {
	at := slices.Index(s.arguments, "--prefix")
	if at < 0 || at+1 >= len(s.arguments) {
		return // npm ci and npm audit start nothing of ours
	}
	folder := s.arguments[at+1]
	f.needs = append(f.needs, need{"npm " + folder, "npm (" + s.where + ")"})
	text, err := os.ReadFile(filepath.Join(f.root, folder, "package.json")) // #nosec G304 -- the project's own
	if err != nil {
		f.complain(s, "%v", err)
		return
	}
	_, scripts, _ := strings.Cut(string(text), `"scripts"`)
	scripts, _, _ = strings.Cut(scripts, "}")
	for _, m := range npmScript.FindAllStringSubmatch(scripts, -1) {
		if !slices.Contains(s.arguments, m[1]) || !f.once("npm "+folder+" "+m[1]) {
			continue
		}
		found, err := shellStarts(m[2], folder+"/package.json")
		if err != nil {
			f.complain(s, "%v", err)
		}
		for _, n := range found {
			if n.program == "node" && len(n.arguments) > 0 {
				f.scripts(ctx, s, path.Join(folder, path.Dir(n.arguments[0])))
			} else if _, err := os.Stat(filepath.Join(f.root, folder, "package.json")); err != nil || !f.known.npmPrograms[n.program] {
				f.complain(n, "nobody knows which npm package has %s; say it in table.go", n.program)
			}
		}
	}
}

// scripts looks through those for Node, Python and the shell in a folder.
func (f *follow) scripts(ctx context.Context, s start, folder string) {
	if !f.once("scripts " + folder) {
		return
	}
	err := filepath.WalkDir(filepath.Join(f.root, folder), func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist"):
			return fs.SkipDir
		case d.IsDir() || !slices.Contains([]string{"", ".mjs", ".js", ".ts", ".py"}, path.Ext(d.Name())):
			return nil
		}
		text, err := os.ReadFile(file) // #nosec G304 G122 -- the project's own
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(f.root, file)
		if err != nil {
			return err
		}
		where := filepath.ToSlash(relative)
		if isScript.Match(text) {
			f.script(ctx, s, file)
			return nil
		}
		for _, m := range executable.FindAllSubmatch(text, -1) {
			f.named(ctx, start{program: string(m[1]), where: where})
		}
		if children.Match(text) {
			f.one(ctx, start{unclear: where, where: where})
		}
		return nil
	})
	if err != nil {
		f.complain(s, "%v", err)
	}
}
