//go:build !windows

package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machine is one that setup.sh is run on: nothing is in its PATH but the tools that setup.sh is written with, and
// stand-ins for what installs and for what has to be there beforehand.
type machine struct {
	t         *testing.T
	dir, root string // root is the checkout
}

// standIns of a machine on which everything goes well. They keep what they did in $STATE.
var standIns = map[string]string{
	"go":         `echo go1.99.3`,
	"node":       `echo v20.19.0`,
	"id":         `echo 0`,
	"dpkg":       `:`,
	"dpkg-query": `for p in $(cat "$STATE/installed"); do echo "$p installed"; done`,
	"apt-get":    `case "$*" in *install*) echo "apt-get $(id -u)" >>"$STATE/calls"; for p; do echo "$p" >>"$STATE/installed"; done ;; esac`,
	"npm":        `echo npm >>"$STATE/calls"; rm -rf node_modules; mkdir -p node_modules/whole`,
}

// somebody is not root.
const somebody = `echo 1000`

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, dir: t.TempDir()}
	m.root = filepath.Join(m.dir, "checkout")
	for _, file := range []string{"build/setup.sh", "go.mod", "frontend/package.json", "frontend/package-lock.json", "backend/devnet/node/package.json", "backend/devnet/node/package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		must(t, err)
		m.write(filepath.Join(m.root, file), string(text))
	}
	for _, tool := range []string{"sh", "awk", "cat", "cksum", "dirname", "env", "grep", "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tail", "tr", "true"} {
		path, err := exec.LookPath(tool)
		must(t, err)
		m.write(filepath.Join(m.dir, "bin", tool), "#!/bin/sh\nexec "+path+` "$@"`+"\n")
	}
	m.write(filepath.Join(m.dir, "state", "installed"), "")
	return m
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	must(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(m.t, os.WriteFile(path, []byte(text), 0o755))
}

// setup runs setup.sh with some other stand-ins and returns its exit status and what it says.
func (m *machine) setup(others map[string]string, parts ...string) (status int, said string) {
	m.t.Helper()
	for _, name := range []string{"go", "node", "id", "dpkg", "dpkg-query", "apt-get", "npm", "sudo"} {
		script, other := others[name]
		if !other {
			script = standIns[name]
		}
		if script == "" {
			must(m.t, os.RemoveAll(filepath.Join(m.dir, "bin", name)))
			continue
		}
		m.write(filepath.Join(m.dir, "bin", name), "#!/bin/sh\nset -eu\n"+script+"\n")
	}
	cmd := exec.CommandContext(m.t.Context(), filepath.Join(m.root, "build", "setup.sh"), parts...)
	temporary := filepath.Join(m.dir, "tmp")
	must(m.t, os.MkdirAll(temporary, 0o755))
	cmd.Env = []string{"PATH=" + filepath.Join(m.dir, "bin"), "STATE=" + filepath.Join(m.dir, "state"), "TMPDIR=" + temporary}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		m.t.Errorf("it left %v in the temporary folder (%v)", left, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// calls says what was installed since it was asked last: npm, once for each folder, and apt-get with the id that it ran as.
func (m *machine) calls() string {
	m.t.Helper()
	path := filepath.Join(m.dir, "state", "calls")
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	must(m.t, os.RemoveAll(path))
	calls := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	slices.Sort(calls)
	return strings.Join(calls, ", ")
}

// What may be wrong with a machine that never saw the project: one sentence says what to do, nothing is done that can't
// be completed, and once it is put right the next run installs everything.
func TestSetupOnBadMachines(t *testing.T) {
	t.Parallel()
	const packages = "gcc libc6-dev libgtk-3-dev libwebkit2gtk-4.1-dev pkg-config"
	tests := []struct {
		name     string
		standIns map[string]string
		want     string // all that is said, but for the lines that say what is being installed
		calls    string // what was installed nevertheless
	}{
		{"no Go", map[string]string{"go": ""},
			"Go is missing; install Go 1.26 or newer from https://go.dev/dl/", ""},
		{"Go of Debian 12", map[string]string{"go": `echo go1.19.8`},
			"Go 1.19.8 is too old; install Go 1.26 or newer from https://go.dev/dl/", ""},
		{"Go that can't fetch a newer one", map[string]string{"go": `[ "${GOTOOLCHAIN:-}" = local ] && [ "$PWD" = / ] || { echo "go: download go1.26.0: no network" >&2; exit 1; }; echo go1.24.1`},
			"Go 1.24.1 is too old; install Go 1.26 or newer from https://go.dev/dl/", ""},
		{"Go that does not start", map[string]string{"go": `echo "go: cannot find GOROOT" >&2; exit 2`},
			"Go does not start (go: cannot find GOROOT); install Go 1.26 or newer from https://go.dev/dl/", ""},
		{"no Node", map[string]string{"node": ""},
			"node is missing; install Node.js 20.19 or newer, with npm, from https://nodejs.org/", ""},
		{"no npm", map[string]string{"npm": ""},
			"npm is missing; install Node.js 20.19 or newer, with npm, from https://nodejs.org/", ""},
		{"Node of Debian 12", map[string]string{"node": `echo v18.20.4`},
			"Node.js 18.20.4 is too old; install Node.js 20.19 or newer, with npm, from https://nodejs.org/", ""},
		{"Node that is a little too old", map[string]string{"node": `echo v20.9.9`},
			"Node.js 20.9.9 is too old; install Node.js 20.19 or newer, with npm, from https://nodejs.org/", ""},
		{"neither root nor sudo", map[string]string{"id": somebody},
			"Debian packages are missing, and there is no sudo to install them; ask an administrator to run: apt-get install --no-install-recommends " + packages, ""},
		{"sudo that refuses", map[string]string{"id": somebody, "sudo": `exit 1`},
			"Debian packages are missing, and sudo lets you install none; ask an administrator to run: apt-get install --no-install-recommends " + packages, ""},
		{"full disk for apt", map[string]string{"apt-get": `case "$*" in *install*) echo "E: You don't have enough free space in /var/cache/apt/archives/."; exit 100 ;; esac`},
			"apt-get could not install " + packages + ", because the disk is full; make room and start again (E: You don't have enough free space in /var/cache/apt/archives/.)", "npm"},
		{"full disk for npm", map[string]string{"npm": `mkdir -p node_modules/half; echo "npm error code ENOSPC" >&2; exit 1`},
			"npm ci failed in frontend, because the disk is full; make room and start again (npm error code ENOSPC)", "apt-get 0"},
		{"full disk that npm only warns of", map[string]string{"npm": `mkdir -p node_modules/half; echo "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write" >&2`},
			"npm ci failed in frontend, because the disk is full; make room and start again (npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write)", "apt-get 0"},
		{"no network for apt", map[string]string{"apt-get": `case "$*" in *install*) echo "E: Unable to locate package gcc"; exit 100 ;; esac
			echo "W: Failed to fetch http://deb.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.example'"`},
			"apt-get could not install " + packages + ", because the network does not answer; look at your connection and your proxy, and start again (W: Failed to fetch http://deb.example/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.example')", "npm"},
		{"no network for npm", map[string]string{"npm": `mkdir -p node_modules/half; echo "npm error code EAI_AGAIN" >&2; exit 1`},
			"npm ci failed in frontend, because the network does not answer; look at your connection and your proxy, and start again (npm error code EAI_AGAIN)", "apt-get 0"},
		{"another failure of npm", map[string]string{"npm": `echo "npm error code EINTEGRITY" >&2; exit 1`},
			"npm ci failed in frontend; what it said is above", "apt-get 0"},
		{"npm that was killed", map[string]string{"npm": `mkdir -p node_modules/half; kill -9 $$`},
			"npm ci failed in frontend; what it said is above", "apt-get 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			status, said := m.setup(test.standIns, "go-window", "frontend")
			var sentences []string
			for line := range strings.Lines(said) {
				if line, ours := strings.CutPrefix(strings.TrimSpace(line), "setup: "); ours && !strings.HasPrefix(line, "installing ") {
					sentences = append(sentences, line)
				}
			}
			if status != 1 || !slices.Equal(sentences, []string{test.want}) {
				t.Errorf("status %d\n%s\nwant %q", status, said, test.want)
			}
			if got := m.calls(); got != test.calls {
				t.Errorf("installed: %q, want %q", got, test.calls)
			}
			done := test.calls == "npm"
			if _, err := os.Stat(filepath.Join(m.root, "frontend", "node_modules", ".setup-stamp")); (err == nil) != done {
				t.Errorf("the npm packages count as installed: %t, want %t", err == nil, done)
			}

			if status, said := m.setup(nil, "go-window", "frontend"); status != 0 {
				t.Errorf("when it is put right: status %d\n%s", status, said)
			}
			m.isComplete()
		})
	}
}

// isComplete reports as an error what a further run would do, or what half a run left.
func (m *machine) isComplete() {
	m.t.Helper()
	m.calls()
	if status, said := m.setup(nil, "go-window", "frontend"); status != 0 || said != "" || m.calls() != "" {
		m.t.Errorf("a further run: status %d\n%s", status, said)
	}
	modules, err := os.ReadDir(filepath.Join(m.root, "frontend", "node_modules"))
	if err != nil || len(modules) != 2 || modules[0].Name() != ".setup-stamp" || modules[1].Name() != "whole" {
		m.t.Errorf("node_modules: %v (%v)", modules, err)
	}
}

// With sudo the packages are installed as root; the npm packages stay the person's own.
func TestSetupWithSudo(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	status, said := m.setup(map[string]string{"id": `echo "${ID:-1000}"`, "sudo": `ID=0 exec "$@"`})
	if got := m.calls(); status != 0 || got != "apt-get 0, npm, npm" {
		t.Errorf("status %d, installed: %q\n%s", status, got, said)
	}
}

// A new lock file is a new installation, and one that fails does not count as the one before.
func TestSetupAfterAnUpdate(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if status, said := m.setup(nil, "go-window", "frontend"); status != 0 {
		t.Fatalf("status %d\n%s", status, said)
	}
	lock := filepath.Join(m.root, "frontend", "package-lock.json")
	before, err := os.ReadFile(lock)
	must(t, err)
	m.write(lock, "{}")
	if status, said := m.setup(map[string]string{"npm": `mkdir node_modules/half; exit 1`}, "frontend"); status != 1 {
		t.Fatalf("status %d\n%s", status, said)
	}
	m.write(lock, string(before))
	if status, said := m.setup(nil, "frontend"); status != 0 {
		t.Errorf("status %d\n%s", status, said)
	}
	m.isComplete()
}

// Where there is no dpkg the packages are named, and the rest is installed.
func TestSetupElsewhere(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	status, said := m.setup(map[string]string{"dpkg-query": "", "apt-get": ""}, "go-window", "frontend")
	if got := m.calls(); status != 0 || got != "npm" || !strings.Contains(said, "not a Debian system") || !strings.Contains(said, " gcc ") {
		t.Errorf("status %d, installed: %q\n%s", status, got, said)
	}
}

func TestSetupUnknownPart(t *testing.T) {
	t.Parallel()
	status, said := newMachine(t).setup(nil, "window")
	if status != 1 || !strings.HasPrefix(said, "setup: unknown part 'window'. The parts are: go ") {
		t.Errorf("status %d\n%s", status, said)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
