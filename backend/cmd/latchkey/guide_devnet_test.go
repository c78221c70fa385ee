//go:build devnet

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/backend/config"
)

// The packager's guide says what to type for a key on computers; it is typed here as it stands there.
func TestGuideToKeys(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../build/README.md")
	must(t, err)
	_, section, ok := strings.Cut(string(guide), "\n### The key on your computers\n")
	script := regexp.MustCompile("(?s)```sh [a-z]+\n(.*?)```").FindStringSubmatch(section)
	if !ok || script == nil {
		t.Fatal("the guide has no such section, or nothing to type in it")
	}
	program, err := os.Executable()
	must(t, err)
	h := newHome(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", "latchkey() { '"+program+"' \"$@\"; }\n"+script[1]) // #nosec G204 -- what stands in the guide
	cmd.Dir = h.path("here")
	must(t, os.Mkdir(cmd.Dir, 0o700))
	cmd.Env = append(h.environment, config.Variable("CLIENT_ID")+"=https://app.acme.com/oauth-client-metadata.json", config.Variable("CLIENT_KEY")+"=machine", config.Variable("JWKS_URI")+"=https://app.acme.com/jwks.json")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), " ok  Servers take it.\n") {
		t.Errorf("%v: %s", err, out)
	}
	for name, begins := range map[string]string{"key.json": "{\n  \"kty\"", "jwks.json": "{\n  \"keys\"", "oauth-client-metadata.json": "{\n  \"client_id\"", "callback.html": "<!doctype html>"} {
		if data, err := os.ReadFile(filepath.Join(cmd.Dir, name)); err != nil || !strings.HasPrefix(string(data), begins) { // #nosec G304 -- of this test
			t.Errorf("%s: %.40q, %v", name, data, err)
		}
	}
	for _, place := range []string{"/etc/xdg/ID/client-key.json", "client-key import"} {
		if !strings.Contains(section, place) {
			t.Errorf("the guide does not name %s", place)
		}
	}
}
