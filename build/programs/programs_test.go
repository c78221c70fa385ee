package programs

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What the project starts by name is installed for the target that starts it.
func TestProgramsAreInstalled(t *testing.T) {
	t.Parallel()
	wrong, err := check(t.Context(), "../..", "latchkey", ours)
	if err != nil {
		t.Fatal(err)
	}
	for _, complaint := range wrong {
		t.Error(complaint)
	}
}

// The code of others is not read, but what of it can start programs is known.
func TestOthersThatStartPrograms(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "-tags", strings.Join(ours.tags, ","),
		"-f", `{{if not .Standard}}{{$p := .ImportPath}}{{range .Imports}}{{if eq . "os/exec"}}{{$p}}{{end}}{{end}}{{end}}`, "./...")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	listed := slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool {
		return p == "latchkey" || strings.HasPrefix(p, "latchkey/") || strings.HasSuffix(p, "]") || strings.HasPrefix(p, "[latchkey")
	})
	slices.Sort(listed)
	if known := slices.Sorted(maps.Keys(starting)); !slices.Equal(slices.Compact(listed), known) {
		t.Errorf("these can start programs: %q\nthe table knows: %q", listed, known)
	}
}

// A project in which all is well: its tests start one program, its Makefile another.
var small = map[string]string{
	"Makefile": `test: ## test
	build/setup.sh tools
	awk 1 && go test ./...
small: ## run
	build/setup.sh letters
	go build -o build/bin/small ./small
	build/bin/small
`,
	"build/setup.sh": `[ $# -gt 0 ] || set -- tools
for part in "$@"; do
	case $part in
	tools) packages="$packages hammer-utils"; npm_dirs="$npm_dirs page" ;;
	letters) packages="$packages letters" ;;
	esac
done
`,
	"page/package.json": `{"scripts": {"look": "vite look", "shot": "node shots/run.mjs"}, "private": true}`,
	"page/shots/run.mjs": `launch()
`,
	"script.sh": "#!/bin/sh\n",
	"small/main.go": `package main

import "os/exec"

type desk struct{}

func (desk) run(name string, args ...string) { all(append([]string{name}, args...)...); _ = exec.Command(name, args...) }

func all(words ...string) { _ = exec.Command(words[0], words[1:]...) }

func main() { desk{}.run("letter") }
`,
	"small/main_test.go": `package main

import "testing"

func TestHammer(t *testing.T) { desk{}.run("hammer", "-v") }
`,
}

var smallTable = table{
	packages:    by(map[string]string{"mawk": "awk sh", "go": "go", "npm": "npm node", "hammer-utils": "hammer", "letters": "letter", "saws": "saw"}),
	there:       set("mawk go npm"),
	libraries:   map[string]string{"letters": "for the look of it"},
	looked:      set("go"),
	npmPrograms: set("vite"),
	compiler:    []string{"cc"},
}

func TestCheck(t *testing.T) {
	t.Parallel()
	const test, start = "small/main_test.go", `desk{}.run("hammer", "-v")`
	lacks := func(why string) []string {
		return []string{"test: build/setup.sh does not install saws for it, which has saw (" + why + ")"}
	}
	unclear := func(where, what string, targets ...string) []string {
		var all []string
		for _, target := range append(targets, "test") {
			all = append(all, target+": "+where+": what is started here can't be read from the sources; say it in table.go: "+what)
		}
		return all
	}
	tests := []struct {
		name           string
		file, from, to string // what is another in which file
		want           []string
	}{
		{name: "all is well", file: test, from: start, to: start},
		{name: "a package that is missing", file: test, from: start, to: start + `; desk{}.run("saw")`, want: lacks("small/main_test.go:5")},
		{name: "a program that nobody knows", file: test, from: start, to: start + `; desk{}.run("axe")`,
			want: []string{"test: small/main_test.go:5: nobody knows which package has axe; say it in table.go"}},
		{name: "a package without use", file: "build/setup.sh", from: "letters\"", to: "letters nails\"",
			want: []string{"build/setup.sh installs nails (letters), of which nothing is started"}},
		{name: "a part that is not there", file: "Makefile", from: "setup.sh letters", to: "setup.sh letters leters",
			want: []string{"small: build/setup.sh has no part leters"}},
		{name: "a target that installs nothing", file: "Makefile", from: "\tbuild/setup.sh letters\n", to: "",
			want: []string{"small: build/setup.sh does not install letters for it, which has letter (small/main.go:11)", "small: it has to run build/setup.sh before it starts anything else"}},
		{name: "in the program only", file: "small/main.go", from: "main() { ", to: `main() { desk{}.run("hammer"); `,
			want: []string{"small: build/setup.sh does not install hammer-utils for it, which has hammer (small/main.go:11)"}},
		{name: "by way of an interface", file: "small/main.go", from: "func main", to: `type sawer interface { saw() }
func (d desk) saw() { d.run("saw") }
var _ sawer = desk{}
func main`,
			want: []string{"small: build/setup.sh does not install saws for it, which has saw (small/main.go:12)", "test: build/setup.sh does not install saws for it, which has saw (small/main.go:12)"}},
		{name: "a method that nobody calls", file: "small/main.go", from: "func main", to: `func (d desk) saw() { d.run("saw") }
func main`},
		{name: "a row without use", file: "small/main.go", from: `"letter"`, to: `"letter-opener"`,
			want: []string{"small: small/main.go:11: nobody knows which package has letter-opener; say it in table.go", "the table has a row without use: program letter"}},
		{name: "a constant", file: test, from: start, to: start + `; const name = "saw"; desk{}.run(name)`, want: lacks("small/main_test.go:5")},
		{name: "a path", file: test, from: start, to: start + `; desk{}.run("/usr/bin/saw")`, want: lacks("small/main_test.go:5")},
		{name: "a variable", file: test, from: start, to: start + `; name := "hammer"; if t != nil { name = "saw" }; desk{}.run(name)`, want: lacks("small/main_test.go:5")},
		{name: "a list", file: test, from: start, to: start + `; for _, c := range [][]string{{"hammer"}, {"saw", "x"}} { desk{}.run(c[0], c[1:]...) }`, want: lacks("small/main_test.go:5")},
		{name: "a spread list", file: test, from: start, to: start + `; all([]string{"saw", "x"}...)`, want: lacks("small/main_test.go:5")},
		{name: "a function in a variable", file: test, from: start, to: start + `; do := func(name string) { desk{}.run(name) }; do("saw")`, want: lacks("small/main_test.go:5")},
		{name: "a script in a text", file: test, from: start, to: start + `; write("#!/bin/sh\nexec saw '" + t.Name() + "'\n")`, want: lacks("small/main_test.go:5")},
		{name: "a command of the shell", file: test, from: start, to: start + `; desk{}.run("sh", "-ec", "cd / && saw")`, want: lacks("small/main_test.go:5")},
		{name: "a script in a file", file: "script.sh", from: "\n", to: "\nf() { shift; time \"$@\"; }\nif true; then x=$(f 1 saw); fi\n", want: lacks("script.sh:3")},
		{name: "a recipe", file: "Makefile", from: "awk 1", to: "timeout 5 saw", want: append(lacks("make test:2"), "test: make test:2: nobody knows which package has timeout; say it in table.go")},
		{name: "a recipe with a variable", file: "Makefile", from: "awk 1", to: "$(if $(SAW),saw,awk) 1", want: lacks("make test:2")},
		{name: "make again", file: "Makefile", from: "awk 1 && go", to: "$(MAKE) small\n\tgo", want: []string{"test: make test:3: nobody knows which package has make; say it in table.go"}},
		{name: "a script of Node", file: "page/shots/run.mjs", from: "launch()", to: `launch({ executablePath: '/usr/bin/saw' })`, want: lacks("page/shots/run.mjs")},
		{name: "a child of Node", file: "page/shots/run.mjs", from: "launch()", to: `import { spawn } from 'node:child_process'`, want: unclear("page/shots/run.mjs", `"page/shots/run.mjs"`)},
		{name: "a script of npm", file: "page/package.json", from: "vite look", to: "saw look", want: []string{"test: page/package.json:1: nobody knows which npm package has saw; say it in table.go"}},
		{name: "the race detector", file: "Makefile", from: "go test", to: "go test -race", want: []string{"test: build/setup.sh does not install cc for it, which has what the compiler needs (make test:2)"}},
		{name: "what is not written out", file: test, from: start, to: start + `; desk{}.run(t.Name())`, want: unclear("small/main_test.go:5", `"small.TestHammer: t.Name()"`)},
		{name: "what is handed over", file: test, from: start, to: start + `; run := desk{}.run; run("saw")`, want: unclear("small/main_test.go:5", `"small.TestHammer: run"`)},
		{name: "a function of another package", file: "small/main.go", from: "func main", to: "var start = exec.Command\n\nfunc main", want: unclear("small/main.go:11", `"small.start: exec.Command"`, "small")},
		{name: "a command without the function", file: "small/main.go", from: "func main", to: "var saw = exec.Cmd{Path: \"saw\"}\n\nfunc main", want: unclear("small/main.go:11", `"small.saw: exec.Cmd"`, "small")},
		{name: "a variable of the shell", file: "script.sh", from: "\n", to: "\n$SAW 1\n", want: unclear("script.sh:2", `"script.sh: $"`)},
		{name: "what stands in a script", file: test, from: start, to: start + `; desk{}.run("sh", "-c", t.Name()+" 1")`, want: unclear("small/main_test.go:5", `"small.TestHammer: __hidden__"`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			files := maps.Clone(small)
			// The scripts are a part of what the tests run.
			files["Makefile"] = strings.Replace(files["Makefile"], "go test ./...", "go test ./...\n\t./script.sh && npm --prefix page run look && npm --prefix page run shot", 1)
			if !strings.Contains(files[test.file], test.from) {
				t.Fatalf("%s has no %q", test.file, test.from)
			}
			files[test.file] = strings.Replace(files[test.file], test.from, test.to, 1)
			for name, text := range files {
				file := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			wrong, err := check(t.Context(), root, "small", smallTable)
			if err != nil {
				t.Fatal(err)
			}
			wrong = slices.DeleteFunc(wrong, func(w string) bool { return w == "the table has a row without use: program saw" })
			if !slices.Equal(wrong, test.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(wrong, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// Make would run what stands beside a further make, even when it is only asked what it would do.
func TestRecipeRunsNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	made := filepath.Join(root, "made")
	for _, line := range []string{"$(MAKE) other && touch made", "touch made; $(MAKE) other"} {
		if err := os.WriteFile(filepath.Join(root, "Makefile"), []byte("test:\n\t"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := recipe(t.Context(), root, "test"); err == nil || !strings.Contains(err.Error(), "a line of its own") {
			t.Errorf("%s: %v", line, err)
		}
		if _, err := os.Stat(made); err == nil {
			t.Fatalf("%s: it ran", line)
		}
	}
}
