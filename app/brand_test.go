package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/backend/config"
)

// The page gets the accent and the mark of its brand, under the policy of all that it gets.
func TestPageHasTheBrand(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Mark: "<svg>the mark</svg>"}
	cfg.Brand.Accent = config.Accent{Light: "#0b4f6c", Dark: "#6cc5e8", LightTint: "#0b4f6c1c", DarkTint: "#203040"}
	handler := newOptions(newApp(cfg), fstest.MapFS{}).AssetServer.Middleware(http.NotFoundHandler())
	get := func(path, kind string) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if h := w.Result().Header; w.Code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), kind) || h.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: %d, %v", path, w.Code, h)
		}
		return w.Body.String()
	}
	style := get("/brand.css", "text/css")
	for want, times := range map[string]int{
		"--accent: #0b4f6c;": 1, "--accent-tint: #0b4f6c1c;": 1, "--accent: #6cc5e8;": 2, "--accent-tint: #203040;": 2, "url('/mark.svg')": 1, "{{": 0,
	} {
		if strings.Count(style, want) != times {
			t.Errorf("not %d times %s in %s", times, want, style)
		}
	}
	if got := get("/mark.svg", "image/svg+xml"); got != cfg.Mark {
		t.Errorf("the mark is %s", got)
	}
}
