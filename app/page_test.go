package app

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wailsapp/wails/v2/pkg/logger"

	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// releasePolicy is what every release has had. Whoever changes it weakens or strengthens a promise.
const releasePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'none'; " +
	"object-src 'none'; worker-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html; frame-ancestors 'none'"

// The page is served under the policy, and says the same of itself in the build.
// hostile: 59
func TestPolicy(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	handler := newOptions(a, fstest.MapFS{}).AssetServer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the page")
	}))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	got := w.Result().Header
	if policy != releasePolicy || got.Get("Content-Security-Policy") != policy || got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("the page is served with %v", got)
	}
	for _, lax := range []string{"unsafe", "*", "data:", "blob:", "http:", "https:"} {
		if strings.Contains(policy, lax) {
			t.Errorf("the policy allows %s", lax)
		}
	}
	vite, err := os.ReadFile("../frontend/vite.config.ts")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(vite), "const policy = [")
	list, _, _ = strings.Cut(list, "]")
	var own []string
	for _, m := range regexp.MustCompile(`(?m)^  (?:"(.*)"|'(.*)'),$`).FindAllStringSubmatch(list, -1) {
		own = append(own, m[1]+m[2])
	}
	if page := strings.Join(append(own, "frame-ancestors 'none'"), "; "); page != policy {
		t.Errorf("the page says\n%s\nand is served under\n%s", page, policy)
	}
}

// What the page emits is heard by nobody: this package emits events and subscribes to none.
// hostile: 62
func TestNobodyHearsThePage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	emits := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := s.X.(*ast.Ident); !ok || of.Name != "runtime" {
				return true
			}
			switch {
			case s.Sel.Name == "EventsEmit":
				emits++
			case strings.HasPrefix(s.Sel.Name, "EventsOn"), strings.HasPrefix(s.Sel.Name, "OnFileDrop"):
				t.Errorf("%s uses runtime.%s", file, s.Sel.Name)
			}
			return true
		})
	}
	if emits != 1 {
		t.Errorf("%d ways to emit events found, want 1", emits)
	}
}

// hostile: 63
func TestNothingOfThePageIsLogged(t *testing.T) {
	t.Parallel()
	options := newOptions(newApp(config.Config{}), nil)
	if _, ok := options.Logger.(quiet); !ok || options.LogLevel != logger.ERROR || options.LogLevelProduction != logger.ERROR {
		t.Errorf("Wails logs to %T, from %v and %v on", options.Logger, options.LogLevel, options.LogLevelProduction)
	}
	var log bytes.Buffer
	q := quiet{wire.Logger(&log, slog.LevelDebug)}
	for _, write := range []func(string){q.Print, q.Trace, q.Debug, q.Info, q.Warning} {
		write("canary")
	}
	if log.Len() != 0 {
		t.Errorf("below errors: %s", &log)
	}
	// The errors of Wails 2.15 that repeat what the page sent.
	for _, message := range []string{
		`process message error: C{"name":"app.App.PasteAddress","args":["canary"]} -> json: cannot unmarshal`,
		"process message error: canary", "method 'canary' not registered", "Unknown message from front end: canary",
		`failed to get origin for URL "canary": no`, "Blocked request from unauthorized origin: https://canary",
		"a long one " + strings.Repeat("x", 200) + "canary",
	} {
		q.Error(message)
		q.Fatal(message)
	}
	if said := log.String(); strings.Contains(said, "canary") || strings.Count(said, "\n") != 14 || !strings.Contains(said, "process message error") {
		t.Errorf("of errors: %s", said)
	}
}

// Neither the options nor the tags of a build that is given away bring developer tools or the web view's menu.
// hostile: 58, 65
func TestNoDeveloperTools(t *testing.T) {
	t.Parallel()
	options := newOptions(newApp(config.Config{}), nil)
	if options.EnableDefaultContextMenu || options.Debug.OpenInspectorOnStartup || options.BindingsAllowedOrigins != "" || !options.DragAndDrop.DisableWebViewDrop || options.DragAndDrop.EnableFileDrop {
		t.Errorf("%+v", options)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	tags := regexp.MustCompile(`(?m)^WINDOW_TAGS := (.*)$`).FindSubmatch(makefile)
	if tags == nil || string(tags[1]) != "desktop,production,webkit2_41" {
		t.Errorf("the window is built with %s", tags)
	}
	for _, tag := range []string{"devtools", "debug"} {
		if regexp.MustCompile(`-(tags|ldflags)\b[^\n]*\b` + tag + `\b`).Match(makefile) {
			t.Errorf("something is built with %s", tag)
		}
	}
}
