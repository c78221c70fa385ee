package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// actionlint knows the syntax of workflows; the tests in this file are for what only we demand of ours.
const workflows = ".github/workflows/"

func TestWorkflowsLint(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(workflows + "*")
	if err != nil || len(files) != 2 {
		t.Fatalf("%q %v, want ci.yml and release.yml", files, err)
	}
	// Its outside programs (shellcheck, pyflakes) are not everywhere, so they are left out.
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// It knows the inputs of an action by its tag, and not by a commit.
	pin := regexp.MustCompile(`@[0-9a-f]{40} # (v\d+)\S*`)
	for _, file := range files {
		found, err := linter.Lint(file, []byte(pin.ReplaceAllString(read(t, file), "@$1")), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range found {
			t.Error(fault)
		}
	}
}

func readWorkflow(t *testing.T, name string) (*actionlint.Workflow, string) {
	t.Helper()
	text := read(t, workflows+name)
	w, faults := actionlint.Parse([]byte(text))
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return w, text
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// value is that of a key that may be missing.
func value(s *actionlint.String) string {
	if s == nil {
		return ""
	}
	return s.Value
}

// parts are those of a step that our demands are about, whatever kind of step it is.
func parts(s *actionlint.Step) (run, uses string, with, env map[string]string) {
	with, env = map[string]string{}, map[string]string{}
	switch exec := s.Exec.(type) {
	case *actionlint.ExecRun:
		run = value(exec.Run)
	case *actionlint.ExecAction:
		uses = value(exec.Uses)
		for _, input := range exec.Inputs {
			with[input.Name.Value] = value(input.Value)
		}
	}
	if s.Env != nil {
		for _, v := range s.Env.Vars {
			env[v.Name.Value] = value(v.Value)
		}
	}
	return run, uses, with, env
}

// Of both workflows: the tokens can read and nothing else, every job ends by itself, what others wrote gets into no
// command, and actions are named by commit. A key that can loosen any of this is not used.
func TestWorkflowsAreHarmless(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^actions/(checkout|setup-go|setup-node|upload-artifact|download-artifact)@[0-9a-f]{40}$`)
	tagged := regexp.MustCompile(`uses: (\S+) # v\d+\.\d+\.\d+\n`)
	commits := map[string]string{} // each action has one, in all workflows
	for _, file := range []string{"ci.yml", "release.yml"} {
		w, text := readWorkflow(t, file)
		if w.Permissions == nil || w.Permissions.All != nil || len(w.Permissions.Scopes) != 1 ||
			w.Permissions.Scopes["contents"] == nil || w.Permissions.Scopes["contents"].Value.Value != "read" {
			t.Errorf("%s has other permissions than contents: read", file)
		}
		if w.Env != nil || w.Defaults != nil {
			t.Errorf("%s sets something for all jobs", file)
		}
		uses := 0
		for name, j := range w.Jobs {
			if j.TimeoutMinutes == nil || j.TimeoutMinutes.Value <= 0 {
				t.Errorf("%s: %s has no timeout", file, name)
			}
			if j.Permissions != nil || j.Env != nil || j.Defaults != nil || j.Services != nil || j.WorkflowCall != nil || j.Snapshot != nil ||
				j.ContinueOnError != nil || j.Outputs != nil {
				t.Errorf("%s: %s sets what our jobs don't", file, name)
			}
			if j.Container != nil && (j.Container.Image.Value != "debian:12" || j.Container.Credentials != nil || j.Container.Env != nil || j.Container.Options != nil || j.Container.Volumes != nil) {
				t.Errorf("%s: %s runs in another container", file, name)
			}
			for _, s := range j.Steps {
				run, action, with, _ := parts(s)
				if s.ContinueOnError != nil || s.If != nil {
					t.Errorf("%s: %s has a step that may fail or be left out: %q", file, name, run+action)
				}
				if strings.Contains(run+fmt.Sprint(with), "${{") {
					t.Errorf("%s: %s: what others wrote gets into a command: %q %v", file, name, run, with)
				}
				if action == "" {
					continue
				}
				uses++
				repository, commit, _ := strings.Cut(action, "@")
				if known, ok := commits[repository]; !pinned.MatchString(action) || ok && known != commit {
					t.Errorf("%s: %s uses %s", file, name, action)
				}
				commits[repository] = commit
			}
		}
		if said := len(tagged.FindAllString(text, -1)); said != uses || uses == 0 {
			t.Errorf("%s: %d of %d actions say which version their commit is", file, said, uses)
		}
	}
}

// It runs on what was pushed and on what is proposed, and what others propose meets no secret.
func TestCI(t *testing.T) {
	t.Parallel()
	w, text := readWorkflow(t, "ci.yml")
	var events []string
	for _, e := range w.On {
		events = append(events, e.EventName())
	}
	if slices.Sort(events); !slices.Equal(events, []string{"pull_request", "push"}) {
		t.Errorf("it runs on %q", events)
	}
	if strings.Contains(text, "secrets.") || strings.Contains(text, "github.token") {
		t.Error("it sees a secret")
	}
	runs := map[string][]string{}
	for name, j := range w.Jobs {
		if j.If != nil || j.Environment != nil || len(j.Needs) > 0 {
			t.Errorf("%s is left out or waits", name)
		}
		for _, s := range j.Steps {
			run, _, _, _ := parts(s)
			runs[name] = append(runs[name], strings.Split(run, "\n")...)
		}
	}
	systems := ""
	if s := w.Jobs["systems"]; s != nil && s.Strategy != nil && s.Strategy.Matrix != nil && s.Strategy.Matrix.Rows["os"] != nil {
		for _, v := range s.Strategy.Matrix.Rows["os"].Values {
			systems += v.String()
		}
	}
	if !regexp.MustCompile(`^"windows-\w+""macos-\w+"$`).MatchString(systems) {
		t.Errorf("the other systems are %s", systems)
	}
	// A test that is left out on a system is one that there is, and the file says why.
	comment, _, _ := strings.Cut(text, "\nname: ")
	left := 0
	for _, m := range regexp.MustCompile(`skip: \^Test\(?([A-Za-z|]+)\)?\$\n`).FindAllStringSubmatch(text, -1) {
		for test := range strings.SplitSeq(m[1], "|") {
			left++
			if !strings.Contains(comment, "Test"+test) {
				t.Errorf("it does not say why Test%s is left out", test)
			}
			if out, err := exec.CommandContext(t.Context(), "git", "grep", "-q", `^func Test`+test+`(t \*testing`, "--", "backend/*_test.go").CombinedOutput(); err != nil {
				t.Errorf("there is no Test%s: %v %s", test, err, out)
			}
		}
	}
	if left != 8 {
		t.Errorf("%d tests are left out, want 8", left)
	}
	makefile := read(t, "Makefile")
	for name, wanted := range map[string][]string{
		"linux":   {"make check", "make test"},
		"systems": {"go vet ./backend/...", `go test -skip "$SKIP" ./backend/...`, "npm --prefix frontend ci --ignore-scripts", "npm --prefix frontend run build", "go build -tags desktop,production -o build/bin/ ."},
	} {
		last := -1
		for _, command := range wanted {
			at := slices.Index(runs[name], command)
			if at <= last {
				t.Errorf("%s does not run %q in its place among %q", name, command, runs[name])
			}
			last = at
			if target, ok := strings.CutPrefix(command, "make "); ok && !strings.Contains(makefile, "\n.PHONY: "+target+"\n") {
				t.Errorf("%s is not a target", command)
			}
		}
	}
	if len(w.Jobs) != 2 {
		t.Errorf("%d jobs, want 2", len(w.Jobs))
	}
}

// Nobody but the packager starts it, and unless they say otherwise nothing gets signed; the keys are seen by the jobs
// alone that wait for an approval, after a rehearsal.
func TestReleaseIsProtected(t *testing.T) {
	t.Parallel()
	w, text := readWorkflow(t, "release.yml")
	if dispatch, ok := w.On[0].(*actionlint.WorkflowDispatchEvent); !ok || len(w.On) != 1 || len(dispatch.Inputs) != 1 {
		t.Errorf("it is started by %v", w.On)
	} else if input := dispatch.Inputs["dry_run"]; input == nil || input.Type != actionlint.WorkflowDispatchEventInputTypeBoolean || value(input.Default) != "true" {
		t.Errorf("the inputs: %+v", dispatch.Inputs)
	}
	needs := map[string][]string{"test": nil, "audit": nil, "macos": nil, "rehearse": {"test", "audit", "macos"}, "sign-macos": {"rehearse"}, "sign": {"sign-macos"}}
	if len(w.Jobs) != len(needs) {
		t.Errorf("%d jobs, want %d", len(w.Jobs), len(needs))
	}
	secrets := 0
	for name, j := range w.Jobs {
		var before []string
		for _, n := range j.Needs {
			before = append(before, n.Value)
		}
		if !slices.Equal(before, needs[name]) || j.Strategy != nil {
			t.Errorf("%s needs %q", name, before)
		}
		environment := ""
		if j.Environment != nil {
			environment = value(j.Environment.Name)
		}
		signs := strings.HasPrefix(name, "sign")
		if protected := environment == "release" && value(j.If) == "${{ !inputs.dry_run }}"; protected != signs || !signs && environment+value(j.If) != "" {
			t.Errorf("%s has the environment %q, and runs if %q", name, environment, value(j.If))
		}
		for _, s := range j.Steps {
			_, _, _, env := parts(s)
			for variable, value := range env {
				if strings.Contains(value, "secrets.") {
					secrets++
				}
				if !signs {
					t.Errorf("%s sees %s", name, variable)
				}
			}
		}
	}
	_, release, _ := strings.Cut(read(t, "build/README.md"), "## A release")
	for _, m := range regexp.MustCompile(`(?:secrets|vars)\.(\w+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(release, "`"+m[1]+"`") {
			t.Errorf("the guide does not name %s", m[1])
		}
	}
	if all := strings.Count(text, "secrets."); secrets == 0 || all != secrets {
		t.Errorf("%d secrets, %d of them for a step that signs", all, secrets)
	}
}

// Whatever it names is there: targets, their settings, scripts, variables, folders and files that pass from job to job.
func TestReleaseNames(t *testing.T) {
	t.Parallel()
	w, _ := readWorkflow(t, "release.yml")
	makefile, sources := read(t, "Makefile"), ""
	for _, folder := range []string{"build/package", "build/release"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				sources += read(t, file)
			}
		}
	}
	var targets, up, down []string
	scripts, variables := 0, 0
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		for _, s := range w.Jobs[name].Steps {
			run, uses, with, env := parts(s)
			artifact := with["name"] + " " + with["path"]
			switch action, _, _ := strings.Cut(uses, "@"); action {
			case "actions/upload-artifact":
				up = append(up, artifact)
				if with["if-no-files-found"] != "error" || !strings.Contains(makefile, " "+with["path"]+"\n") {
					t.Errorf("%s passes on %v", name, with)
				}
			case "actions/download-artifact":
				down = append(down, artifact)
			}
			for _, m := range regexp.MustCompile(`\bmake ([a-z]+)((?: [A-Z_]+=\S+)*)`).FindAllStringSubmatch(run, -1) {
				targets = append(targets, name+": make "+m[1]+m[2])
				if !strings.Contains(makefile, "\n.PHONY: "+m[1]+"\n") {
					t.Errorf("%s: make %s is not a target", name, m[1])
				}
				for setting := range strings.FieldsSeq(m[2]) {
					variable, _, _ := strings.Cut(setting, "=")
					if !strings.Contains(makefile, "$("+variable+")") {
						t.Errorf("%s: no target reads %s", name, setting)
					}
				}
			}
			for _, script := range regexp.MustCompile(`\bbuild/[a-z]+\.sh\b`).FindAllString(run, -1) {
				scripts++
				if info, err := os.Stat(script); err != nil || info.Mode()&0o100 == 0 {
					t.Errorf("%s: %s can't be run: %v", name, script, err)
				}
			}
			// A variable is read by the script of the step, or by our programs.
			given := slices.Collect(maps.Keys(env))
			for _, m := range regexp.MustCompile(`\b([A-Z_]+)="\$RUNNER_TEMP/[^"]*" `).FindAllStringSubmatch(run, -1) {
				given = append(given, m[1])
			}
			for _, variable := range given {
				variables++
				if !strings.Contains(sources, `"`+variable+`"`) && !regexp.MustCompile(`printenv `+variable+`\b|\$`+variable+`\b`).MatchString(run) {
					t.Errorf("%s: nothing reads %s", name, variable)
				}
			}
		}
	}
	want := []string{"macos: make macos UNSIGNED=1", "rehearse: make package TEST_KEYS=1 MACOS=build/dist-macos", "rehearse: make verify",
		"sign: make package MACOS=build/dist-macos", "sign: make verify", "sign-macos: make macos", "test: make test"}
	if !slices.Equal(targets, want) {
		t.Errorf("it makes %q", targets)
	}
	if scripts != 2 || variables != 19 {
		t.Errorf("%d scripts and %d variables found, want 2 and 19", scripts, variables)
	}
	if !slices.Equal(up, []string{"macos-unsigned build/dist-macos", "release build/dist", "macos build/dist-macos"}) ||
		!slices.Equal(down, []string{"macos-unsigned build/dist-macos", "macos build/dist-macos"}) {
		t.Errorf("passed on: %q, and taken: %q", up, down)
	}
}

// The script puts the commit of a tag in place of the tag, and notices when the two have parted.
func TestPin(t *testing.T) {
	t.Parallel()
	forge := t.TempDir()
	action := filepath.Join(forge, "someone", "action")
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", action, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.MkdirAll(action, 0o700); err != nil {
		t.Fatal(err)
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "first")
	first := git("rev-parse", "HEAD")
	git("tag", "v1.0.0")
	git("commit", "-q", "--allow-empty", "-m", "second")
	second := git("rev-parse", "HEAD")
	git("tag", "-a", "-m", "an object of its own", "v2.0.0")

	for name, c := range map[string]struct{ before, after, complaint string }{
		"a tag":             {"someone/action@v1.0.0", "someone/action@" + first + " # v1.0.0", ""},
		"an annotated tag":  {"someone/action/within@v2.0.0 # v1.0.0", "someone/action/within@" + second + " # v2.0.0", ""},
		"a right pin":       {"someone/action@" + first + " # v1.0.0", "", ""},
		"a tag that moved":  {"someone/action@" + second + " # v1.0.0", "", "and v1.0.0 is " + first},
		"no such tag":       {"someone/action@v3", "", "has no tag v3"},
		"a bare commit":     {"someone/action@" + first, "", "has no tag behind it"},
		"no such action":    {"someone/else@v1.0.0", "", "can't be asked"},
		"one of our own":    {"./.github/actions/ours", "", ""},
		"one of the same":   {"someone/action@v1.0.0\n      - uses: someone/action@v1.0.0", "someone/action@" + first + " # v1.0.0\n      - uses: someone/action@" + first + " # v1.0.0", ""},
		"a longer tag, too": {"someone/action@v1.0.0\n      - uses: someone/action@v1.0.0-x", "someone/action@" + first + " # v1.0.0\n      - uses: someone/action@v1.0.0-x", "has no tag v1.0.0-x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "ci.yml")
			const around = "jobs:\n  test:\n    steps:\n      - uses: %s\n      - run: make test\n"
			if err := os.WriteFile(file, fmt.Appendf(nil, around, c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "build/pin.sh", file)
			cmd.Env = append(os.Environ(), "FORGE=file://"+forge)
			out, err := cmd.CombinedOutput()
			if (err != nil) != (c.complaint != "") || !strings.Contains(string(out), c.complaint) {
				t.Errorf("%v, and it says %q", err, out)
			}
			if c.after == "" {
				c.after = c.before
			}
			if got := read(t, file); got != fmt.Sprintf(around, c.after) {
				t.Errorf("the file is now:\n%s", got)
			}
		})
	}
}
