package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// workflow is what we look at of one (https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax).
// What we do not know in it is an error.
type workflow struct {
	Name string `yaml:"name"`
	On   struct {
		Dispatch struct {
			Inputs map[string]struct {
				Description string `yaml:"description"`
				Type        string `yaml:"type"`
				Default     any    `yaml:"default"`
			} `yaml:"inputs"`
		} `yaml:"workflow_dispatch"`
	} `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]job    `yaml:"jobs"`
}

type job struct {
	RunsOn      string   `yaml:"runs-on"`
	Container   string   `yaml:"container"`
	Timeout     int      `yaml:"timeout-minutes"`
	Needs       oneOrAll `yaml:"needs"`
	If          string   `yaml:"if"`
	Environment string   `yaml:"environment"`
	Steps       []step   `yaml:"steps"`
}

type step struct {
	Uses string            `yaml:"uses"`
	With map[string]any    `yaml:"with"`
	Run  string            `yaml:"run"`
	Env  map[string]string `yaml:"env"`
}

// oneOrAll is a list that may be written as its only entry.
type oneOrAll []string

func (all *oneOrAll) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*all = oneOrAll{node.Value}
		return nil
	}
	var list []string
	defer func() { *all = list }()
	return node.Decode(&list)
}

func readWorkflow(t *testing.T) (workflow, string) {
	t.Helper()
	text, err := os.ReadFile(".github/workflows/release.yml")
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	var w workflow
	if err := decoder.Decode(&w); err != nil {
		t.Fatal(err)
	}
	return w, string(text)
}

// Nobody but the packager starts it, and unless they say otherwise nothing gets signed; the keys are seen by the jobs
// alone that wait for an approval, after a rehearsal.
func TestReleaseIsProtected(t *testing.T) {
	t.Parallel()
	w, text := readWorkflow(t)
	if input, ok := w.On.Dispatch.Inputs["dry_run"]; !ok || input.Type != "boolean" || input.Default != true || len(w.On.Dispatch.Inputs) != 1 {
		t.Errorf("the inputs: %+v", w.On.Dispatch.Inputs)
	}
	if !maps.Equal(w.Permissions, map[string]string{"contents": "read"}) {
		t.Errorf("permissions: %v", w.Permissions)
	}
	needs := map[string][]string{"test": nil, "audit": nil, "macos": nil, "rehearse": {"test", "audit", "macos"}, "sign-macos": {"rehearse"}, "sign": {"sign-macos"}}
	if len(w.Jobs) != len(needs) {
		t.Errorf("%d jobs, want %d", len(w.Jobs), len(needs))
	}
	secrets := 0
	for name, j := range w.Jobs {
		if !slices.Equal(j.Needs, needs[name]) || j.Timeout == 0 {
			t.Errorf("%s needs %q, and may take %d minutes", name, j.Needs, j.Timeout)
		}
		signs := strings.HasPrefix(name, "sign")
		if protected := j.Environment == "release" && j.If == "${{ !inputs.dry_run }}"; protected != signs || !signs && j.Environment+j.If != "" {
			t.Errorf("%s has the environment %q, and runs if %q", name, j.Environment, j.If)
		}
		for _, s := range j.Steps {
			if strings.Contains(s.Run+fmt.Sprint(s.With), "${{") {
				t.Errorf("%s: what others wrote gets into a command: %q %v", name, s.Run, s.With)
			}
			for variable, value := range s.Env {
				if strings.Contains(value, "secrets.") {
					secrets++
				}
				if !signs {
					t.Errorf("%s sees %s", name, variable)
				}
			}
		}
	}
	guide, err := os.ReadFile("build/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:secrets|vars)\.(\w+)`).FindAllStringSubmatch(text, -1) {
		if _, release, _ := strings.Cut(string(guide), "## A release"); !strings.Contains(release, "`"+m[1]+"`") {
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
	w, _ := readWorkflow(t)
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	makefile, sources := read("Makefile"), ""
	for _, folder := range []string{"build/package", "build/release"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				sources += read(file)
			}
		}
	}
	var targets, up, down []string
	scripts, variables := 0, 0
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		for _, s := range w.Jobs[name].Steps {
			// A tag: a commit can't be looked up from here, see build/README.md.
			if s.Uses != "" && !regexp.MustCompile(`^actions/(checkout|setup-go|setup-node|upload-artifact|download-artifact)@v[0-9]+$`).MatchString(s.Uses) {
				t.Errorf("%s uses %s", name, s.Uses)
			}
			artifact := fmt.Sprint(s.With["name"], " ", s.With["path"])
			switch action, _, _ := strings.Cut(s.Uses, "@"); action {
			case "actions/upload-artifact":
				up = append(up, artifact)
				if s.With["if-no-files-found"] != "error" || !strings.Contains(makefile, " "+fmt.Sprint(s.With["path"])+"\n") {
					t.Errorf("%s passes on %v", name, s.With)
				}
			case "actions/download-artifact":
				down = append(down, artifact)
			}
			for _, m := range regexp.MustCompile(`\bmake ([a-z]+)((?: [A-Z_]+=\S+)*)`).FindAllStringSubmatch(s.Run, -1) {
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
			for _, script := range regexp.MustCompile(`\bbuild/[a-z]+\.sh\b`).FindAllString(s.Run, -1) {
				scripts++
				if info, err := os.Stat(script); err != nil || info.Mode()&0o100 == 0 {
					t.Errorf("%s: %s can't be run: %v", name, script, err)
				}
			}
			// A variable is read by the script of the step, or by our programs.
			given := slices.Collect(maps.Keys(s.Env))
			for _, m := range regexp.MustCompile(`\b([A-Z_]+)="\$RUNNER_TEMP/[^"]*" `).FindAllStringSubmatch(s.Run, -1) {
				given = append(given, m[1])
			}
			for _, variable := range given {
				variables++
				if !strings.Contains(sources, `"`+variable+`"`) && !regexp.MustCompile(`printenv `+variable+`\b|\$`+variable+`\b`).MatchString(s.Run) {
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
