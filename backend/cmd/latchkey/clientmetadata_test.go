package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

// The brand of this tree has no identity of its own, and insists: there is no document, and the check says what that
// means.
func TestClientMetadataWithoutOne(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.program = build(t, "", nil)
	if got := h.run(t, "client-metadata"); got.status != 1 || got.out != "" || !strings.HasPrefix(got.err, `latchkey: config_invalid: build/brand/brand.json: "client_id" is "loopback"`) {
		t.Errorf("got %+v", got)
	}
	got, object := h.run(t, "client-metadata", "check"), h.run(t, "client-metadata", "check", "--json")
	lines := objects(t, object.out)
	if len(lines) != 1 || lines[0]["rule"] != "loopback" || lines[0]["copy"] != "build" || lines[0]["field"] != "client_id" || lines[0]["severity"] != "warning" {
		t.Fatalf("got %+v", object)
	}
	if want := "  ?  build, client_id: " + lines[0]["message"].(string) + "\n ok  Servers take it, with the warnings above.\n"; got.out != want || !strings.Contains(want, "in development") {
		t.Errorf("got %q, want %q", got.out, want)
	}
	if got.status != 0 || object.status != 0 || got.err+object.err != "" {
		t.Errorf("statuses %d and %d, %s", got.status, object.status, got.err+object.err)
	}
	for _, args := range [][]string{{"client-metadata", "lint"}, {"client-metadata", "check", "a", "b"}, {"client-metadata", "check", "--offline", "https://app.acme.com/x"}} {
		if got := h.run(t, args...); got.status != 2 || got.out != "" || got.err == "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	// What is no address at all is not fetched either.
	if got := h.run(t, "client-metadata", "check", "file:///etc/passwd"); got.status != 1 || !strings.Contains(got.out, "  !  hosted, document: The document must be hosted at an https address.\n") {
		t.Errorf("got %+v", got)
	}
}

// build makes this program as a packager does, of the brand of this tree with some keys set.
func build(t *testing.T, version string, change map[string]any) string {
	t.Helper()
	brand, err := filepath.Abs("../../../build/brand/brand.json")
	must(t, err)
	data, err := os.ReadFile(brand) // #nosec G304 -- a file of this tree
	must(t, err)
	var keys map[string]any
	must(t, json.Unmarshal(data, &keys))
	for key, value := range change {
		keys[key] = value
	}
	dir := t.TempDir()
	write := func(name string, value any) string {
		data, err := json.Marshal(value)
		must(t, err)
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, data, 0o600))
		return path
	}
	overlay := write("overlay.json", map[string]any{"Replace": map[string]string{brand: write("brand.json", keys)}})
	program := filepath.Join(dir, "latchkey.exe")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-ldflags", "-X latchkey/backend/config.version="+version, "-o", program, ".") // #nosec G204 -- arguments of this test
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// A package without an identity of its own does nothing but say so; where its packager insisted, or gave it one, it
// works.
func TestRelease(t *testing.T) {
	t.Parallel()
	const client = "https://app.acme.com/oauth-client-metadata.json"
	for name, c := range map[string]struct {
		change  map[string]any
		whoami  latchkey.Code
		trouble map[string]latchkey.Code // that doctor finds
		check   int
	}{
		"loopback":  {map[string]any{"loopback_release": false}, latchkey.ConfigInvalid, map[string]latchkey.Code{"config": latchkey.ConfigInvalid}, 1},
		"insisting": {nil, latchkey.NotSignedIn, map[string]latchkey.Code{"client": latchkey.ClientUnnamed, "keys": latchkey.KeychainUnavailable}, 0},
		"its own":   {map[string]any{"client_id": client, "name": "Acme Notes"}, latchkey.NotSignedIn, map[string]latchkey.Code{"keys": latchkey.KeychainUnavailable}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, h := build(t, "1.2.3", c.change), newHome(t)
			run := func(args ...string) outcome {
				cmd := exec.CommandContext(t.Context(), program, args...)
				cmd.Env = h.environment
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				var exit *exec.ExitError
				if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				return outcome{status: cmd.ProcessState.ExitCode(), out: stdout.String(), err: stderr.String()}
			}
			if got := run("version"); got.out != "latchkey 1.2.3\n" {
				t.Errorf("version: %+v", got)
			}
			if got := run("whoami"); got.status != 1 || !strings.HasPrefix(got.err, "latchkey: "+string(c.whoami)+": ") {
				t.Errorf("whoami: %+v", got)
			}
			troubles := map[string]latchkey.Code{}
			for _, line := range objects(t, run("doctor", "--json").out) {
				if problem, ok := line["error"].(map[string]any); ok {
					troubles[line["name"].(string)] = latchkey.Code(problem["code"].(string))
				}
			}
			mustBe(t, troubles, c.trouble)
			if got := run("client-metadata", "check", "--offline"); got.status != c.check {
				t.Errorf("check: %+v", got)
			}
			if name != "its own" {
				if got := run("client-metadata"); got.status != 1 || got.out != "" {
					t.Errorf("client-metadata: %+v", got)
				}
				return
			}
			if d := objects(t, run("client-metadata", "--json").out)[0]; d["client_id"] != client || d["client_name"] != "Acme Notes" {
				t.Errorf("client-metadata: %v", d)
			}
		})
	}
}
