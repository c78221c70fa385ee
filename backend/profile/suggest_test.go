package profile

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

type actor map[string]any

func actors(all ...actor) string {
	data, err := json.Marshal(map[string]any{"actors": all, "cursor": "x"})
	if err != nil {
		panic(err) // there are texts in it only
	}
	return string(data)
}

// Whatever the host answers, only accounts come out of it, each once.
// hostile: 61
func TestSuggest(t *testing.T) {
	t.Parallel()
	always := func(status int, body string) http.HandlerFunc {
		return hostile.Body(status, "application/json", body)
	}
	const did, other = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
	picture := hostile.Other + "/img/alice@jpeg"
	found := latchkey.Suggestion{DID: did, Handle: "alice.example.net"}
	with := func(change func(*latchkey.Suggestion)) []latchkey.Suggestion {
		s := found
		change(&s)
		return []latchkey.Suggestion{s}
	}
	var many []actor
	for i := range 20 {
		many = append(many, actor{"did": fmt.Sprintf("did:plc:%024d", i), "handle": fmt.Sprintf("a%d.example.net", i)})
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   []latchkey.Suggestion
		code   latchkey.Code
	}{
		"whole": {always(200, actors(actor{"did": did, "handle": "Alice.example.net", "displayName": "Alice", "avatar": picture, "labels": []any{}})),
			with(func(s *latchkey.Suggestion) { s.Name, s.Avatar = "Alice", picture }), ""},
		"nobody":                   {always(200, `{"actors":[]}`), []latchkey.Suggestion{}, ""},
		"another object":           {always(200, `{}`), []latchkey.Suggestion{}, ""},
		"no handle":                {always(200, actors(actor{"did": did, "handle": "handle.invalid"}, actor{"did": did, "handle": "<script>"}, actor{"did": did})), []latchkey.Suggestion{}, ""},
		"no DID":                   {always(200, actors(actor{"did": "alice", "handle": "alice.example.net"}, actor{"handle": "alice.example.net"})), []latchkey.Suggestion{}, ""},
		"the same DID twice":       {always(200, actors(actor{"did": did, "handle": "alice.example.net"}, actor{"did": did, "handle": "bob.example.net"})), []latchkey.Suggestion{found}, ""},
		"the same handle twice":    {always(200, actors(actor{"did": did, "handle": "alice.example.net"}, actor{"did": other, "handle": "ALICE.example.net"})), []latchkey.Suggestion{found}, ""},
		"name turned around":       {always(200, actors(actor{"did": did, "handle": "alice.example.net", "displayName": "\u202eecilA\n\u200b"})), with(func(s *latchkey.Suggestion) { s.Name = "ecilA" }), ""},   // hostile: 28
		"script stays text":        {always(200, actors(actor{"did": did, "handle": "alice.example.net", "displayName": "<b onclick=x>"})), with(func(s *latchkey.Suggestion) { s.Name = "<b onclick=x>" }), ""}, // hostile: 57
		"picture over http":        {always(200, actors(actor{"did": did, "handle": "alice.example.net", "avatar": "http://pds.example.net/x"})), []latchkey.Suggestion{found}, ""},
		"picture of a file":        {always(200, actors(actor{"did": did, "handle": "alice.example.net", "avatar": "file:///etc/passwd"})), []latchkey.Suggestion{found}, ""},
		"picture that is a script": {always(200, actors(actor{"did": did, "handle": "alice.example.net", "avatar": "javascript:alert(1)"})), []latchkey.Suggestion{found}, ""},
		"picture with user info":   {always(200, actors(actor{"did": did, "handle": "alice.example.net", "avatar": "https://a@pds.example.net/x"})), []latchkey.Suggestion{found}, ""},
		"other types":              {always(200, `{"actors":[{"did":7}]}`), nil, latchkey.ResponseInvalid},
		"page":                     {hostile.Body(200, "text/html", "<html>"), nil, latchkey.ResponseInvalid},
		"huge":                     {always(200, actors(actor{"did": did, "handle": "alice.example.net", "x": strings.Repeat("x", 70<<10)})), nil, latchkey.ResponseInvalid}, // hostile: 19
		"busy":                     {always(503, ``), nil, latchkey.ServerBusy},
		"refused":                  {always(400, ``), nil, latchkey.ResponseInvalid},
		"hangs up":                 {hostile.HangUp, nil, latchkey.ServerUnreachable},
		"redirects":                {redirect, nil, latchkey.ResponseInvalid}, // hostile: 18
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, network := newReader(t, test.answer)
			got, err := r.Suggest(t.Context(), hostile.PDS, "ali")
			mustCode(t, err, test.code)
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if n := network.Requests("xrpc"); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
	t.Run("many", func(t *testing.T) {
		t.Parallel()
		r, _ := newReader(t, always(200, actors(many...)))
		if got, err := r.Suggest(t.Context(), hostile.PDS, "a"); err != nil || len(got) != 8 || got[7].Handle != "a7.example.net" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// The host learns the text, and nothing of whoever types it.
func TestSuggestQuestion(t *testing.T) {
	t.Parallel()
	var asked []string
	r, _ := newReader(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.String())
		if r.Header.Get("Authorization") != "" || r.Header.Get("DPoP") != "" || r.Header.Get("Cookie") != "" {
			t.Error("the question says who asks")
		}
		http.NotFound(w, r)
	})
	_, _ = r.Suggest(t.Context(), hostile.PDS, "al&limit=100#ice")
	want := []string{"pds.example.net/xrpc/app.bsky.actor.searchActorsTypeahead?limit=8&q=al%26limit%3D100%23ice"}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

// Pictures of suggestions go through the same checks as all others; TestPicture has them all.
func TestSuggestedPicture(t *testing.T) {
	t.Parallel()
	r, _ := newReader(t, hostile.Body(200, "image/jpeg", encoded(t, asJPEG, 8, 8)))
	if got, err := r.SuggestedPicture(t.Context(), hostile.PDS+"/xrpc/x"); err != nil || got.Type != "image/jpeg" {
		t.Errorf("got %s, %v", got.Type, err)
	}
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	r, _ = newReader(t, hostile.Body(200, "image/png", svg))
	_, err := r.SuggestedPicture(t.Context(), hostile.PDS+"/xrpc/x")
	mustCode(t, err, latchkey.ResponseInvalid)
	_, err = r.SuggestedPicture(t.Context(), "https://127.0.0.1/x.png") // hostile: 17
	mustCode(t, err, latchkey.ServerUnsafe)
	_, err = r.SuggestedPicture(t.Context(), "http://pds.example.net/x.png")
	mustCode(t, err, latchkey.ResponseInvalid)
}

// hostile: 19
func TestSlowSuggestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := New(safehttp.New(safehttp.Exceptions{}, "test"))
		r.suggestions.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: dripping{req}, Request: req}, nil
		})
		began := time.Now()
		_, err := r.Suggest(t.Context(), hostile.PDS, "ali")
		mustCode(t, err, latchkey.ServerUnreachable)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took) // by the clock of the bubble
		}
	})
}
