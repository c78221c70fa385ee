package auth_test

import (
	"context"
	"image"
	"image/png"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/profile"
	"latchkey/backend/safehttp"
)

// typeahead makes the network's second PDS the host that suggests alice, with a picture.
type typeahead struct {
	mu       sync.Mutex
	asked    []string
	pictures int
	before   func(r *http.Request, q string) // what an answer waits for; may be nil
}

func (a *typeahead) on(net *hostile.Server) *typeahead {
	net.XRPC = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/xrpc/picture" {
			a.mu.Lock()
			a.pictures++
			a.mu.Unlock()
			_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 2, 2)))
			return
		}
		if r.URL.Path != "/xrpc/app.bsky.actor.searchActorsTypeahead" {
			net.HonestXRPC(w, r)
			return
		}
		q := r.URL.Query().Get("q")
		a.mu.Lock()
		a.asked = append(a.asked, q)
		a.mu.Unlock()
		if a.before != nil {
			a.before(r, q)
		}
		if q == "nobody" {
			hostile.JSON(w, http.StatusOK, map[string]any{"actors": []any{}})
			return
		}
		hostile.JSON(w, http.StatusOK, map[string]any{"actors": []any{map[string]string{
			"did": hostile.AliceDID.String(), "handle": hostile.AliceHandle.String(), "displayName": "Alice", "avatar": hostile.PDS + "/xrpc/picture",
		}}})
	}
	return a
}

func (a *typeahead) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func withSuggestions(h *house, rooms *auth.Rooms, _ *auth.Settings) {
	rooms.Suggestions = profile.New(safehttp.New(h.net.Exceptions(), "test"))
}

func (h *house) mustChooseSuggestions(address, want string) {
	h.tb.Helper()
	if got, err := h.ChooseSuggestionHost(h.tb.Context(), address); err != nil || got != want {
		h.tb.Fatalf("chose %q, %v, want %q", got, err, want)
	}
	if got, err := h.SuggestionHost(h.tb.Context()); err != nil || got != want {
		h.tb.Fatalf("the host is %q, %v, want %q", got, err, want)
	}
}

func (h *house) mustSuggest(text string, want ...syntax.DID) {
	h.tb.Helper()
	found, err := h.Suggest(h.tb.Context(), text)
	got := []syntax.DID{}
	for _, s := range found {
		got = append(got, s.DID)
	}
	if err != nil || found == nil || !slices.Equal(got, want) {
		h.tb.Errorf("suggestions for %q: %v, %v, want %v", text, got, err, want)
	}
}

// Nobody is asked anything before the person wants it, nor afterwards.
func TestSuggestionsAreOffAtFirst(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	host := (&typeahead{}).on(net)
	h := newHouse(t, net, withSuggestions)
	h.mustSuggest("alice")
	h.mustChooseSuggestions(hostile.PDS, hostile.PDS)
	h.mustChooseSuggestions(" ", "")
	h.mustSuggest("alice")
	if asked := host.questions(); len(asked) != 0 {
		t.Errorf("asked %q", asked)
	}
	without := newHouse(t, net) // no adapter for it
	without.mustChooseSuggestions(hostile.PDS, hostile.PDS)
	without.mustSuggest("alice")
}

// What looks like an email, a DID or an address is nobody else's business.
func TestWhatSuggestionsAskFor(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	host := (&typeahead{}).on(net)
	h := newHouse(t, net, withSuggestions)
	h.mustChooseSuggestions(hostile.PDS, hostile.PDS)
	for _, text := range []string{
		"", " ", "@", "a", "@a", " ü ", "alice@", "alice@example.org", "@alice@example.org", "did:", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa",
		"https://pds.example.net", "pds.example.net:8443", "bsky.app/profile/alice.example.net", "at://alice.example.net", "mailto:alice",
		string(make([]byte, 254)),
	} {
		h.mustSuggest(text)
	}
	if asked := host.questions(); len(asked) != 0 {
		t.Errorf("asked %q", asked)
	}
	for _, text := range []string{" @al ", "Alice Ex", "alice.example.net", "üb"} {
		h.mustSuggest(text, hostile.AliceDID)
	}
	if asked := host.questions(); !slices.Equal(asked, []string{"al", "Alice Ex", "alice.example.net", "üb"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestChooseSuggestionHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), withSuggestions)
	h.mustChooseSuggestions("public.api.example.com", "https://public.api.example.com")
	h.mustChooseSuggestions("https://Public.API.example.com:8443/xrpc/", "https://public.api.example.com:8443")
	for text, want := range map[string]latchkey.Code{
		"http://public.api.example.com": latchkey.NotAnATProtoServer,
		"alice@example.org":             latchkey.NotAnATProtoServer,
		hostile.AliceDID.String():       latchkey.NotAnATProtoServer,
		"not a host":                    latchkey.InvalidIdentifier,
		"https://a@example.com":         latchkey.InvalidIdentifier,
		"javascript:alert(1)":           latchkey.InvalidIdentifier,
	} {
		_, err := h.ChooseSuggestionHost(t.Context(), text)
		mustCode(t, err, want)
	}
	if host, err := h.SuggestionHost(t.Context()); err != nil || host != "https://public.api.example.com:8443" {
		t.Errorf("after refusals: %s, %v", host, err)
	}
	if host, err := h.neighbour().SuggestionHost(t.Context()); err != nil || host != "https://public.api.example.com:8443" {
		t.Errorf("another process: %s, %v", host, err)
	}
}

// A host that does not answer costs no more than its suggestions.
func TestSuggestionsOfABrokenHost(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.XRPC = hostile.HangUp
	h := newHouse(t, net, withSuggestions)
	h.mustChooseSuggestions(hostile.PDS, hostile.PDS)
	h.mustSuggest("alice")
	h.mustChooseSuggestions("https://127.0.0.1", "https://127.0.0.1")
	h.mustSuggest("alice") // hostile: 17
}

// Whatever makes an answer old news ends its question, and the answer is not taken.
func TestLateSuggestions(t *testing.T) {
	t.Parallel()
	for name, newer := range map[string]func(h *house){
		"typing on":   func(h *house) { h.mustSuggest("alice", hostile.AliceDID) },
		"an email":    func(h *house) { h.mustSuggest("alice@") },
		"another one": func(h *house) { h.mustChooseSuggestions(hostile.Other, hostile.Other) },
		"off":         func(h *house) { h.mustChooseSuggestions("", "") },
		"closing":     func(h *house) { _ = h.Close(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			began, gone := make(chan struct{}), make(chan struct{})
			(&typeahead{before: func(r *http.Request, q string) {
				if q == "al" {
					close(began)
					<-r.Context().Done()
					close(gone)
				}
			}}).on(net)
			h := newHouse(t, net, withSuggestions)
			h.mustChooseSuggestions(hostile.PDS, hostile.PDS)
			older := make(chan error, 1)
			go func() {
				_, err := h.Suggest(context.Background(), "al")
				older <- err
			}()
			<-began
			newer(h)
			mustCode(t, <-older, latchkey.Cancelled)
			<-gone
		})
	}
}

// Pictures are those of the last answer, and of nobody whom the page merely names.
// hostile: 61
func TestSuggestedAvatar(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	host := (&typeahead{}).on(net)
	h := newHouse(t, net, withSuggestions)
	avatar := func(did syntax.DID, want latchkey.Code, fetched int) {
		t.Helper()
		_, err := h.SuggestedAvatar(t.Context(), did)
		mustCode(t, err, want)
		host.mu.Lock()
		defer host.mu.Unlock()
		if host.pictures != fetched {
			t.Errorf("%d pictures were fetched, want %d", host.pictures, fetched)
		}
	}
	h.mustChooseSuggestions(hostile.PDS, hostile.PDS)
	avatar(hostile.AliceDID, latchkey.AccountUnknown, 0)
	h.mustSuggest("ali", hostile.AliceDID)
	avatar(hostile.BobDID, latchkey.AccountUnknown, 0)
	avatar(hostile.AliceDID, "", 1)
	h.mustSuggest("alic", hostile.AliceDID)
	avatar(hostile.AliceDID, "", 1) // it is the same one
	_, err := h.Avatar(t.Context(), hostile.AliceDID)
	mustCode(t, err, latchkey.AccountUnknown) // it is not what the account says of itself
	h.mustSuggest("nobody")
	avatar(hostile.AliceDID, latchkey.AccountUnknown, 1)
	h.mustSuggest("ali", hostile.AliceDID)
	h.mustChooseSuggestions("", "")
	avatar(hostile.AliceDID, latchkey.AccountUnknown, 1)
}
