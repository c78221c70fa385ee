package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

// prompter suggests one account for every text.
type prompter struct{}

func (prompter) Suggest(_ context.Context, host, _ string) ([]latchkey.Suggestion, error) {
	return []latchkey.Suggestion{{DID: "did:plc:x", Handle: "alice.test", Name: "Alice", Avatar: host + "/a.png"}, {DID: "did:web:localhost%3A1", Handle: "bob.test"}}, nil
}

func (prompter) SuggestedPicture(context.Context, string) (latchkey.Picture, error) {
	return latchkey.Picture{Type: "image/png", Data: []byte("pixels")}, nil
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, func(c *config.Config) { c.Brand.Suggestions = "https://offered.example.com" })
	a.service.Suggestions = prompter{}
	mustSuggest := func(want string) {
		t.Helper()
		found, err := a.Suggest("ali")
		data, jsonErr := json.Marshal(found)
		if err != nil || jsonErr != nil || string(data) != want {
			t.Errorf("got  %s, %v\nwant %s", data, err, want)
		}
	}
	mustSet := func(want string) {
		t.Helper()
		if s, err := a.Settings(); err != nil || s.SuggestionHost != want || s.SuggestionsOffered != "https://offered.example.com" {
			t.Errorf("settings: %+v, %v, want %q", s, err, want)
		}
	}
	mustSet("") // offered is not chosen
	mustSuggest(`[]`)
	if host, err := a.ChooseSuggestions("asked.example.com"); err != nil || host != "https://asked.example.com" {
		t.Errorf("chose %s, %v", host, err)
	}
	mustSet("https://asked.example.com")
	mustSuggest(`[{"did":"did:plc:x","handle":"alice.test","name":"Alice","avatar":"/suggested/did:plc:x"},` +
		`{"did":"did:web:localhost%3A1","handle":"bob.test","name":"","avatar":""}]`)
	if _, err := a.ChooseSuggestions("http://asked.example.com"); latchkey.CodeOf(err) != latchkey.NotAnATProtoServer {
		t.Errorf("over http: %v", err)
	}
	for path, want := range map[string]int{
		"/suggested/did:plc:x":               http.StatusOK,
		"/suggested/did:plc:x?https://x/":    http.StatusOK, // whatever it says
		"/suggested/did:web:localhost%253A1": http.StatusNotFound,
		"/suggested/https://127.0.0.1/x.png": http.StatusNotFound, // hostile: 61
		"/suggested/":                        http.StatusNotFound,
		"/avatar/did:plc:x":                  http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		a.avatars(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if host, err := a.ChooseSuggestions(""); err != nil || host != "" {
		t.Errorf("off: %s, %v", host, err)
	}
	mustSet("")
	mustSuggest(`[]`)
}

func TestRecent(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	if used, err := a.Recent(); err != nil || used == nil || len(used) != 0 {
		t.Errorf("at first: %+v, %v", used, err)
	}
	account := save(t, a, "alice", time.Now())
	if err := a.service.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	used, err := a.Recent()
	if err != nil || len(used) != 1 || used[0] != (UsedAccount{DID: account.DID.String(), Handle: account.Handle.String(), Server: host(account.Server)}) {
		t.Errorf("after a sign-out: %+v, %v", used, err)
	}
	if err := a.Forget(account.DID.String()); err != nil {
		t.Error(err)
	}
	if err := a.Forget("<script>"); err != nil {
		t.Error(err)
	}
	if used, err := a.Recent(); err != nil || len(used) != 0 {
		t.Errorf("forgotten: %+v, %v", used, err)
	}
	broken, _ := newTestApp(t, func(c *config.Config) { c.Paths.Data = "/dev/null/nowhere" })
	for name, err := range map[string]error{
		"Recent": second(broken.Recent()), "Forget": broken.Forget(""),
		"Suggest": second(broken.Suggest("ali")), "ChooseSuggestions": second(broken.ChooseSuggestions("")),
	} {
		if latchkey.CodeOf(err) != latchkey.StorageFailed {
			t.Errorf("%s without a service: %v", name, err)
		}
	}
}
