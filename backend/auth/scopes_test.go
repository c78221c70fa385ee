package auth_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// asked keeps the scopes of each pushed request that the server took.
type asked struct {
	mu     sync.Mutex
	scopes []string
}

func newAsked(net *hostile.Server) *asked {
	a := &asked{}
	net.Push = func(w http.ResponseWriter, r *http.Request) {
		net.HonestPush(&tookIt{w, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.scopes = append(a.scopes, r.PostForm.Get("scope"))
		}}, r)
	}
	return a
}

type tookIt struct {
	http.ResponseWriter
	took func()
}

func (w *tookIt) WriteHeader(status int) {
	if status == http.StatusCreated {
		w.took()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (a *asked) must(tb testing.TB, want ...string) {
	tb.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.scopes, want) {
		tb.Errorf("the server was asked for %q, want %q", a.scopes, want)
	}
}

const (
	own      = "atproto transition:generic" // what a house asks for by itself
	chat     = "transition:chat.bsky"
	pictures = "blob:image/*"
)

func (h *house) mustHaveScopes(raised ...string) {
	h.tb.Helper()
	a := h.mustAccount(hostile.AliceDID)
	if !slices.Equal(a.Raised, append([]string{}, raised...)) {
		h.tb.Errorf("raised to %q, want %q", a.Raised, raised)
	}
	if want := append(strings.Fields(own), raised...); !slices.Equal(a.Scopes, want) {
		h.tb.Errorf("scopes %q, want %q", a.Scopes, want)
	}
}

// What was asked for once is asked for again, so that nothing is lost on the way.
// hostile: 43
func TestRaisedScopes(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	saw := newAsked(net)
	h := newHouse(t, net)
	want := []string{}
	for _, step := range []struct {
		do     func() (latchkey.Account, error)
		asks   string
		raised []string
	}{
		{func() (latchkey.Account, error) { return h.Login(t.Context(), "alice.example.net") }, own, nil},
		{func() (latchkey.Account, error) { return h.Login(t.Context(), "alice.example.net", chat) }, own + " " + chat, []string{chat}},
		{func() (latchkey.Account, error) { return h.Renew(t.Context(), hostile.AliceDID, pictures) }, own + " " + pictures + " " + chat, []string{pictures, chat}},
		{func() (latchkey.Account, error) { return h.Renew(t.Context(), hostile.AliceDID) }, own + " " + pictures + " " + chat, []string{pictures, chat}},
		// Nothing is asked for twice.
		{func() (latchkey.Account, error) {
			return h.Login(t.Context(), "@alice.example.net", "atproto", chat, chat)
		}, own + " " + chat + " " + pictures, []string{chat, pictures}},
	} {
		a, err := step.do()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, step.asks)
		saw.must(t, want...)
		h.mustHaveScopes(step.raised...)
		if !slices.Equal(a.Scopes, strings.Fields(step.asks)) {
			t.Errorf("scopes: %q", a.Scopes)
		}
		h.mustBeActive()
	}
	h.settle()
	h.mustHaveSessions(hostile.AliceDID)
	if n := net.Requests("revoke"); n != len(want)-1 || len(h.keychain.ids()) != 1 {
		t.Errorf("%d revocations, keychain items %v", n, h.keychain.ids())
	}
}

// A sign-in that knows only a server asks for the product's scopes, but forgets nothing.
func TestRaisedScopesOutliveASignInByServer(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	saw := newAsked(net)
	h := newHouse(t, net)
	if _, err := h.Login(t.Context(), "alice.example.net", chat); err != nil {
		t.Fatal(err)
	}
	h.mustLogin(hostile.PDS)
	if _, err := h.Renew(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	saw.must(t, own+" "+chat, own, own+" "+chat)
	h.mustHaveScopes(chat)
}

// A scope that does not exist is refused before anybody is asked for anything.
func TestScopeInvalid(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	h := newHouse(t, net, func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = hostile.PDS })
	h.mustLogin("alice.example.net")
	before, events := net.AllRequests(), len(h.events.story())
	for name, login := range map[string]func() (latchkey.Account, error){
		"handle": func() (latchkey.Account, error) { return h.Login(t.Context(), "bob.example.net", chat, "nonsense") },
		"email": func() (latchkey.Account, error) {
			return h.Login(t.Context(), "bob@mail.example.net", "nonsense")
		},
		"server": func() (latchkey.Account, error) { return h.Login(t.Context(), hostile.PDS, "nonsense") },
		"renew":  func() (latchkey.Account, error) { return h.Renew(t.Context(), hostile.AliceDID, "nonsense") },
	} {
		_, err := login()
		mustCode(t, err, latchkey.ScopeInvalid)
		if text := latchkey.AsError(err).Message(); !strings.Contains(text, "nonsense") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if after := net.AllRequests(); total(after) != total(before) {
		t.Errorf("requests: %v, before %v", after, before)
	}
	if n := len(h.events.story()); n != events || h.browser.Count() != 1 {
		t.Errorf("events: %v, browser opened %d times", h.events.story(), h.browser.Count())
	}
	h.mustBeActive()
}

func total(requests map[string]int) (n int) {
	for _, m := range requests {
		n += m
	}
	return n
}

// A raise that does not come about leaves the session as it was.
// hostile: 43
func TestRaiseThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		net  func(*hostile.Server)
		want latchkey.Code
	}{
		"denied":          {refuseWith("access_denied"), latchkey.Denied},
		"scope refused":   {refuseWith("invalid_scope"), latchkey.ServerRefused},
		"another account": {approveBob, latchkey.SubjectMismatch},
		"push refused": {func(n *hostile.Server) {
			n.Push = hostile.Body(400, "application/json", `{"error":"invalid_scope"}`)
		}, latchkey.ServerRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			before := h.session(hostile.AliceDID)
			h.net.Change(func() { test.net(h.net) })
			_, err := h.Renew(t.Context(), hostile.AliceDID, chat)
			mustCode(t, err, test.want)
			h.mustBeActive()
			h.mustHaveScopes()
			h.settle()
			if after := h.session(hostile.AliceDID); after.ID != before.ID || after.Tokens != before.Tokens {
				t.Error("another session")
			}
			h.mustHaveSessions(hostile.AliceDID)
			if items := h.keychain.ids(); len(items) != 1 {
				t.Errorf("keychain items: %v", items)
			}
		})
	}
}

func TestRenewOfAnUnknownAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	for _, did := range []syntax.DID{hostile.AliceDID, ""} {
		_, err := h.Renew(t.Context(), did, chat)
		mustCode(t, err, latchkey.AccountUnknown)
	}
	if n := total(h.net.AllRequests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}
