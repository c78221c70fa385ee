//go:build devnet

package webview

import (
	"errors"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"latchkey/backend/devnet"
)

// The keys and the click that open developer tools open none, where a build with the tag devtools has them. Nor does
// the environment make WebKit serve them to whoever connects.
// hostile: 65
func TestDeveloperTools(t *testing.T) {
	t.Parallel()
	for name, build := range map[string]struct {
		tags  string
		tools bool
	}{
		"as it is given away": {windowTags, false},
		"with the tools":      {windowTags + ",devtools", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desktop := mustScreen(t)
			inspector := freeAddress(t)
			window := mustOpen(t, desktop, mustBuildWith(t, build.tags, "."), "WEBKIT_INSPECTOR_SERVER="+inspector, "WEBKIT_INSPECTOR_HTTP_SERVER="+inspector)
			if err := window.WaitFor(patiently(t), "heading", "Sign in"); err != nil {
				t.Fatal(err)
			}
			before := windows(t, desktop)
			for _, press := range [][]string{
				{"key", "F12"}, {"key", "ctrl+shift+i"}, {"key", "ctrl+shift+c"}, {"mousemove", "240", "400", "click", "3"}, {"key", "Escape"}, {"key", "shift+F10"}, {"key", "Menu"},
				{"key", "ctrl+shift+F12"},
			} {
				do(t, desktop, "xdotool", press...)
			}
			if build.tools {
				if err := window.Read(patiently(t), func(said []string) error {
					if !inspects(said) && windows(t, desktop) == before {
						return errors.New("there are no developer tools")
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				return
			}
			// What the keys did is seen by now: the window has taken others since.
			if err := window.Type(patiently(t), "entry", "Who are you?", "alice.test"); err != nil {
				t.Fatal(err)
			}
			if err := window.Read(patiently(t), func(said []string) error {
				if inspects(said) {
					t.Errorf("the window has developer tools: %q", said)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if after := windows(t, desktop); after != before {
				t.Errorf("there were the windows %q, now there are %q", before, after)
			}
			if conn, err := net.Dial("tcp", inspector); err == nil {
				_ = conn.Close()
				t.Error("the window can be inspected from outside")
			}
		})
	}
}

// freeAddress is one on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// inspects tells whether what a window says is said by WebKit's inspector.
func inspects(said []string) bool {
	return slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "Inspector") || strings.Contains(s, "Inspect Element") })
}

// windows are those on the screen, menus included.
func windows(t *testing.T, desktop *devnet.Desktop) string {
	t.Helper()
	return do(t, desktop, "xdotool", "search", "--onlyvisible", "--name", "")
}

func do(t *testing.T, desktop *devnet.Desktop, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...) // #nosec G204 -- arguments of this test
	cmd.Env = desktop.Env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
