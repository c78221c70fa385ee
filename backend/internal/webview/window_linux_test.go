//go:build devnet

package webview

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/backend/devnet"
)

// The tags of the window are those of the Makefile (WINDOW_TAGS) and the one of development builds.
const windowTags = "desktop,production,webkit2_41,devnet"

// mustBuild builds a program with a window, of a package of this module.
func mustBuild(t *testing.T, of string) string {
	t.Helper()
	return mustBuildWith(t, windowTags, of)
}

func mustBuildWith(t *testing.T, tags, of string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "window")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", tags, "-o", program, of) // #nosec G204 -- arguments of this test
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// mustScreen runs a desktop with a screen for a test.
func mustScreen(t *testing.T) *devnet.Desktop {
	t.Helper()
	desktop, err := devnet.StartDesktop(t.Context(), devnet.DesktopOptions{Dir: t.TempDir(), Display: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := desktop.Close(); err != nil {
			t.Error(err)
		}
	})
	return desktop
}

// mustOpen starts a program with a window for a test.
func mustOpen(t *testing.T, desktop *devnet.Desktop, program string, env ...string) *devnet.Window {
	t.Helper()
	window, err := devnet.StartWindow(t.Context(), desktop, program, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := window.Close(); err != nil {
			t.Error(err)
		}
	})
	return window
}

// patiently bounds one step in the window.
func patiently(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// canary is a listener that nobody has any business with.
type canary struct {
	address string
	visits  atomic.Int64
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	c := &canary{address: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.visits.Add(1)
			request := make([]byte, 200)
			n, _ := conn.Read(request)
			t.Logf("the canary was visited: %q", request[:n])
			_ = conn.Close()
		}
	}()
	return c
}

// mustLog reads what a window wrote.
func mustLog(t *testing.T, window *devnet.Window) string {
	t.Helper()
	log, err := os.ReadFile(window.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// A script in the page, be it there, leads the window nowhere, reaches nobody, and learns and changes no
// more than a person in front of it.
// hostile: 58, 59, 60, 62, 63
func TestHostilePage(t *testing.T) {
	t.Parallel()
	network := newCanary(t)
	desktop := mustScreen(t)
	window := mustOpen(t, desktop, mustBuild(t, "./backend/internal/webview/page"), "TARGET=http://"+network.address)
	if err := window.WaitFor(patiently(t), "heading", "Finished"); err != nil {
		t.Fatal(err)
	}
	said, err := window.Text(patiently(t), "status bar", "results")
	if err != nil {
		t.Fatal(err)
	}
	var results map[string]string
	if err := json.Unmarshal([]byte(said), &results); err != nil {
		t.Fatalf("%v: %q", err, said)
	}
	tried := 0
	for name, result := range results {
		if want, exact := outcomes[name]; exact && result != want {
			t.Errorf("%s: %q, want %q", name, result, want)
		}
		tried++
		if slices.Contains([]string{"ran", "loaded", "opened", "rebased", "there are some", "set"}, result) {
			t.Errorf("%s: it %s", name, result)
		}
	}
	if n := network.visits.Load(); n != 0 || tried < 120 {
		t.Errorf("the target was visited %d times in %d attempts", n, tried)
	}
	var violations map[string]int
	if err := json.Unmarshal([]byte(results["violations"]), &violations); err != nil {
		t.Fatal(err)
	}
	for _, directive := range []string{"frame-src", "object-src", "connect-src", "img-src", "script-src-elem", "script-src-attr", "form-action", "base-uri", "require-trusted-types-for"} {
		if violations[directive] == 0 {
			t.Errorf("nothing was refused by %s: %v", directive, violations)
		}
	}
	if log := mustLog(t, window); strings.Contains(log, "canary-argument") || !strings.Contains(log, `msg="the web view" said=`) {
		t.Errorf("of what the page sends is logged:\n%s", log)
	}
	t.Logf("figure: the window: %s calls with junk, %d other attempts of a hostile page, reached elsewhere %d", results["calls"], tried, network.visits.Load())
}

// outcomes are what the hostile page must find.
var outcomes = map[string]string{
	"accounts":       "[]",
	"attempt":        "null",
	"notices":        "[]",
	"inline at load": "refused",
	"script element": "refused",
	"title":          "Hostile",
	"fetch":          "refused: TypeError",
	"eval":           "refused: EvalError",
	"markup":         "refused: TypeError",
}
