package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path that all packages of this house begin with.
const module = "latchkey"

var (
	adapters = []string{"backend/oauth", "backend/identity", "backend/clientid", "backend/clientauth", "backend/profile", "backend/loopback", "backend/browser", "backend/sqlite", "backend/keychain", "backend/vault"}
	// faces see the service, what builds it, and the nouns.
	faces = []string{"backend", "backend/auth", "backend/config", "backend/wire"}
	// tools are for tests and development; nothing that is shipped imports them.
	tools = []string{"backend/devnet", "backend/internal", "build/release", "build/licences", "build/package", "build/programs"}
)

// rooms says what each package may import of this module. A new package belongs in here.
var rooms = func() map[string][]string {
	m := map[string][]string{
		"":                     {"app", "frontend"},
		"app":                  faces,
		"backend/cmd/latchkey": faces,
		"backend/wire":         append([]string{"backend", "backend/auth", "backend/config", "backend/redact", "backend/safehttp"}, adapters...),
		// The server of an organisation is a program of its own; nothing that people install imports it.
		"backend/assertion":              {"backend/clientauth", "backend/clientid", "backend/safehttp"},
		"backend/cmd/latchkey-assertion": {"backend/assertion", "backend/clientauth", "backend/redact"},
		"backend/auth":                   {"backend"},
		"backend/config":                 {"backend/safehttp", "build"},
		"backend/redact":                 {"backend"},
		"backend/safehttp":               {"backend"},
		"backend":                        {},
		"build":                          {},
		"frontend":                       {},
	}
	for _, a := range adapters {
		m[a] = []string{"backend", "backend/safehttp"}
	}
	return m
}()

// listed is what these tests look at of a package, named as go list names it.
type listed struct {
	ImportPath, Name, Doc string
	Imports               []string
	GoFiles, CgoFiles     []string
	Standard              bool
}

// room is the path of a package inside the module.
func room(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func isTool(room string) bool {
	return slices.ContainsFunc(tools, func(t string) bool { return room == t || strings.HasPrefix(room, t+"/") })
}

// faults are all breaches of the rules of the house.
func faults(packages []listed) []string {
	var found []string
	for _, p := range packages {
		complain := func(format string, args ...any) {
			found = append(found, p.ImportPath+" "+fmt.Sprintf(format, args...))
		}
		own, ok := room(p.ImportPath)
		if !ok || len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue
		}
		if p.Doc == "" {
			complain("has no doc comment")
		}
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "models"}, p.Name) {
			complain("is named %s, which says nothing", p.Name)
		}
		if isTool(own) {
			continue
		}
		may, known := rooms[own]
		if !known {
			complain("has no place among the rooms")
			continue
		}
		for _, path := range p.Imports {
			if other, ours := room(path); ours && !slices.Contains(may, other) {
				complain("imports %s", path)
			}
			first, _, _ := strings.Cut(path, "/")
			foreign := strings.Contains(first, ".")
			if own == "backend" && foreign && path != "github.com/bluesky-social/indigo/atproto/syntax" {
				complain("imports %s", path)
			}
		}
	}
	return found
}

// read reads all packages of the module as a build for a system with these tags would see them, of the sources alone:
// starting the go command for each would take seconds.
func read(t *testing.T, system string, tags []string) []listed {
	t.Helper()
	const root = "../.."
	target := build.Default
	target.GOOS, target.CgoEnabled, target.BuildTags = system, true, tags
	var packages []listed
	err := filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if name := entry.Name(); dir != root && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
			return filepath.SkipDir
		}
		p, err := target.ImportDir(dir, 0)
		if none := (*build.NoGoError)(nil); errors.As(err, &none) {
			return nil
		} else if err != nil {
			return err
		}
		below, err := filepath.Rel(root, dir)
		packages = append(packages, listed{
			ImportPath: path.Join(module, filepath.ToSlash(below)), Name: p.Name, Doc: p.Doc,
			Imports: p.Imports, GoFiles: p.GoFiles, CgoFiles: p.CgoFiles,
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

func TestArchitecture(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"linux", "windows", "darwin"} {
		for _, tags := range []string{"", "devnet", "desktop,production"} {
			t.Run(system+" "+tags, func(t *testing.T) {
				t.Parallel()
				packages := read(t, system, strings.Split(tags, ","))
				for own := range rooms {
					at := slices.IndexFunc(packages, func(p listed) bool { r, _ := room(p.ImportPath); return r == own })
					if at < 0 && own != "" && own != "app" && own != "frontend" {
						t.Errorf("there is no package %s", own)
					}
				}
				for _, fault := range faults(packages) {
					t.Error(fault)
				}
			})
		}
	}
}

// list lists a program of the module and all that is linked into it.
func list(t *testing.T, tags, program string) []listed {
	t.Helper()
	args := []string{"list", "-e", "-deps", "-json=ImportPath,Name,Doc,Imports,GoFiles,CgoFiles,Standard", "-tags=" + tags, program}
	cmd := exec.CommandContext(t.Context(), "go", args...) // #nosec G204 -- arguments of this test
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// The terminal face is pure Go: it runs where there is no desktop, and nothing for tests is in it.
func TestTerminalFace(t *testing.T) {
	t.Parallel()
	for _, tags := range []string{"", "devnet"} {
		t.Run(tags, func(t *testing.T) {
			t.Parallel()
			packages := list(t, tags, "./backend/cmd/latchkey")
			for _, fault := range burdens(packages) {
				t.Error(fault)
			}
			if len(packages) < 100 {
				t.Errorf("go list names only %d packages", len(packages))
			}
		})
	}
}

// burdens are the packages that a program without a window has no use for.
func burdens(packages []listed) []string {
	var found []string
	for _, p := range packages {
		own, ours := room(p.ImportPath)
		switch {
		case ours && (own == "app" || own == "frontend" || isTool(own)), p.ImportPath == "testing",
			!ours && slices.ContainsFunc([]string{"wails", "webview", "gtk"}, func(w string) bool { return strings.Contains(p.ImportPath, w) }):
			found = append(found, p.ImportPath+" is linked")
		case !p.Standard && len(p.CgoFiles) > 0:
			found = append(found, p.ImportPath+" needs cgo")
		}
	}
	return found
}

// A test of rules is worth nothing unless it can fail.
func TestArchitectureCanFail(t *testing.T) {
	t.Parallel()
	breaches := map[string]listed{
		"an adapter imports another":  {ImportPath: "latchkey/backend/oauth", Imports: []string{"latchkey/backend/identity"}},
		"an adapter imports auth":     {ImportPath: "latchkey/backend/sqlite", Imports: []string{"latchkey/backend/auth"}},
		"an adapter imports config":   {ImportPath: "latchkey/backend/keychain", Imports: []string{"latchkey/backend/config"}},
		"auth imports an adapter":     {ImportPath: "latchkey/backend/auth", Imports: []string{"latchkey/backend/sqlite"}},
		"auth imports wire":           {ImportPath: "latchkey/backend/auth", Imports: []string{"latchkey/backend/wire"}},
		"nouns import an adapter":     {ImportPath: "latchkey/backend", Imports: []string{"latchkey/backend/safehttp"}},
		"nouns import a library":      {ImportPath: "latchkey/backend", Imports: []string{"github.com/bluesky-social/indigo/atproto/identity"}},
		"wire imports a face":         {ImportPath: "latchkey/backend/wire", Imports: []string{"latchkey/app"}},
		"a face imports an adapter":   {ImportPath: "latchkey/app", Imports: []string{"latchkey/backend/sqlite"}},
		"a face imports the other":    {ImportPath: "latchkey/app", Imports: []string{"latchkey/backend/cmd/latchkey"}},
		"a tool is shipped":           {ImportPath: "latchkey/backend/wire", Imports: []string{"latchkey/backend/devnet"}},
		"a fake is shipped":           {ImportPath: "latchkey/backend/auth", Imports: []string{"latchkey/backend/internal/hostile"}},
		"main does too much":          {ImportPath: "latchkey", Imports: []string{"latchkey/backend/wire"}},
		"a package without a place":   {ImportPath: "latchkey/backend/extra"},
		"a package without a meaning": {ImportPath: "latchkey/backend/auth", Name: "util"},
		"no doc comment":              {ImportPath: "latchkey/backend/auth", Doc: "-"},
	}
	for name, p := range breaches {
		p.GoFiles = []string{"x.go"}
		if p.Doc = strings.Repeat("x", 1-len(p.Doc)); p.Name == "" {
			p.Name = "x"
		}
		if found := faults([]listed{p}); len(found) != 1 {
			t.Errorf("%s: found %q", name, found)
		}
	}
	for name, p := range map[string]listed{
		"the window":      {ImportPath: "latchkey/app"},
		"Wails":           {ImportPath: "github.com/wailsapp/wails/v2"},
		"GTK":             {ImportPath: "github.com/gotk3/gotk3/gtk"},
		"cgo":             {ImportPath: "github.com/mattn/go-sqlite3", CgoFiles: []string{"x.go"}},
		"testing":         {ImportPath: "testing", Standard: true},
		"private network": {ImportPath: "latchkey/backend/devnet"},
	} {
		if found := burdens([]listed{p}); len(found) != 1 {
			t.Errorf("%s: found %q", name, found)
		}
	}
}
