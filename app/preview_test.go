package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

func TestPreviewOfNothing(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	for text, want := range map[string]latchkey.Code{
		"": latchkey.IdentifierMissing, "<script>": latchkey.InvalidIdentifier, "https://127.0.0.1": latchkey.ServerUnsafe, "alice@example.org": "",
	} {
		if p, err := a.Preview(text); latchkey.CodeOf(err) != want || p.Warnings == nil {
			t.Errorf("%q: %+v, %v", text, p, err)
		}
	}
	if err := a.CancelPreview(); err != nil {
		t.Error(err)
	}
	broken, _ := newTestApp(t, func(c *config.Config) { c.Paths.Data = "/dev/null/nowhere" })
	if _, err := broken.Preview("alice.test"); latchkey.CodeOf(err) != latchkey.StorageFailed {
		t.Errorf("without a service: %v", err)
	}
	if err := broken.CancelPreview(); latchkey.CodeOf(err) != latchkey.StorageFailed {
		t.Errorf("without a service: %v", err)
	}
}

func TestPreviewView(t *testing.T) {
	t.Parallel()
	view := newPreview(latchkey.Preview{
		Kind: latchkey.KindHandle, Identity: latchkey.Identity{DID: "did:plc:x", Handle: "alice.test", Server: "https://pds.example.com"},
		Ready: true, Profile: latchkey.Profile{Name: "Alice", Avatar: "bafy"},
		Warnings: []*latchkey.Error{latchkey.NewError(latchkey.HandleLooksAlike, errors.New("the cause")).About("bob.test")},
	})
	data, err := json.Marshal(view)
	want := `{"kind":"handle","did":"did:plc:x","handle":"alice.test","server":"pds.example.com","name":"Alice","avatar":"/avatar/did:plc:x?bafy","ready":true,` +
		`"warnings":[{"code":"handle_looks_alike","message":"This handle only looks like bob.test. Make sure that it is the right account.","subject":"bob.test"}]}`
	if err != nil || string(data) != want {
		t.Errorf("got  %s, %v\nwant %s", data, err, want)
	}
	if view := newPreview(latchkey.Preview{Kind: latchkey.KindServer, Server: "https://pds.example.com"}); view.Server != "pds.example.com" || view.Avatar != "" || view.DID != "" {
		t.Errorf("a server: %+v", view)
	}
	if account := newAccount(latchkey.Account{DID: "did:plc:x", Profile: latchkey.Profile{Name: "Alice", Avatar: "bafy"}}); account.Name != "Alice" || account.Avatar != "/avatar/did:plc:x?bafy" {
		t.Errorf("an account: %+v", account)
	}
}

// Pictures come before the page's own files, and of nobody whom the page merely names.
// hostile: 61
func TestAvatars(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	handler := newOptions(a, fstest.MapFS{}).AssetServer.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the page")
	}))
	for path, want := range map[string]int{
		"/":           http.StatusOK,
		"/index.html": http.StatusOK,
		"/avatar/":    http.StatusNotFound,
		"/avatar/did:plc:ewvi7nxzyoun6zhxrhs64oiz":            http.StatusNotFound,
		"/avatar/https://127.0.0.1/x.png":                     http.StatusNotFound,
		"/avatar/..%2f..%2fetc%2fpasswd":                      http.StatusNotFound,
		"/avatar/did:plc:ewvi7nxzyoun6zhxrhs64oiz?https://x/": http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || strings.Contains(w.Body.String(), "the page") != (want == http.StatusOK) {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/avatar/did:plc:x", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	broken, _ := newTestApp(t, func(c *config.Config) { c.Paths.Data = "/dev/null/nowhere" })
	w = httptest.NewRecorder()
	broken.avatars(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/avatar/did:plc:x", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("without a service: %d", w.Code)
	}
}

// What a picture is served with, when there is one.
func TestAvatarHeaders(t *testing.T) {
	t.Parallel()
	a, events := newTestApp(t, nil)
	a.service.Profiles = painter{}
	account := save(t, a, "alice", time.Now())
	mustHear(t, events, "added", account.DID)
	a.service.Check(t.Context(), account.DID) // there is no session, and the profile is public
	mustHear(t, events, "changed", account.DID)
	w := httptest.NewRecorder()
	a.avatars(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, avatarOf(account.DID, latchkey.Profile{Avatar: "bafy"}), nil))
	got := w.Result().Header
	if w.Code != http.StatusOK || w.Body.String() != "pixels" || got.Get("Content-Type") != "image/png" || got.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", w.Code, got)
	}
}

// painter has a picture of everybody.
type painter struct{}

func (painter) Profile(context.Context, latchkey.Identity) (latchkey.Profile, error) {
	return latchkey.Profile{Name: "Alice", Avatar: "bafy"}, nil
}

func (painter) Picture(context.Context, latchkey.Identity, string) (latchkey.Picture, error) {
	return latchkey.Picture{Type: "image/png", Data: []byte("pixels")}, nil
}
