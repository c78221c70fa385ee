//go:build devnet

package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"latchkey/backend/config"
)

// The packager's guide says what to type for the server that has the key; it is typed here as it stands there.
func TestGuideToTheBackend(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../build/README.md")
	must(t, err)
	_, section, _ := strings.Cut(string(guide), "\n### The assertion backend\n")
	section, _, _ = strings.Cut(section, "\n## ")
	scripts := regexp.MustCompile("(?s)```sh [a-z]+\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(scripts) != 2 {
		t.Fatalf("the guide has %d scripts in that section, want 2", len(scripts))
	}
	program, err := os.Executable()
	must(t, err)
	h := newHome(t)
	here := h.path("here")
	must(t, os.Mkdir(here, 0o700))
	server := filepath.Join(here, "latchkey-assertion")

	cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.Replace(scripts[0][1], "-o latchkey-assertion", "-o '"+server+"'", 1)) // #nosec G204 -- what stands in the guide
	cmd.Dir = "../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	help, err := exec.CommandContext(t.Context(), server, "-help").CombinedOutput() // #nosec G204 -- built above
	must(t, err)
	flags := regexp.MustCompile("(?:^|[ `])(-[a-z]+(?:-[a-z]+)?)(?:[ `]|$)").FindAllStringSubmatch(strings.ReplaceAll(section, scripts[0][0], ""), -1)
	if len(flags) < 10 {
		t.Errorf("the guide names the flags %v", flags)
	}
	for _, flag := range flags {
		if flag[1] != "-m" && !strings.Contains(string(help), "  "+flag[1]+" ") { // install has that one
			t.Errorf("there is no flag %s", flag[1])
		}
	}

	// The server takes the place of the shell, on another port than the usual one.
	cmd = exec.CommandContext(t.Context(), "sh", "-ec", "latchkey() { '"+program+"' \"$@\"; }\nserve() { exec '"+server+"' -listen 127.0.0.1:0 \"$@\"; }\n"+ // #nosec G204 -- what stands in the guide
		strings.Replace(scripts[1][1], "latchkey-assertion ", "serve ", 1))
	cmd.Dir = here
	cmd.Env = append(h.environment, config.Variable("CLIENT_ID")+"=https://app.acme.com/oauth-client-metadata.json", config.Variable("CLIENT_KEY")+"=backend", config.Variable("ASSERTION_BACKEND")+"=https://app.acme.com")
	log, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	address, said := "", ""
	for lines := bufio.NewScanner(log); address == "" && lines.Scan(); {
		said += lines.Text() + "\n"
		if found := regexp.MustCompile(`msg=listening on=(\S+)`).FindStringSubmatch(lines.Text()); found != nil {
			address = found[1]
		}
	}
	if address == "" {
		t.Fatalf("the server does not listen: %v\n%s", cmd.Wait(), said)
	}
	for path, status := range map[string]int{"/oauth-client-metadata.json": 200, "/jwks.json": 200, "/callback": 400, "/assertion": 405} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		_ = res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
