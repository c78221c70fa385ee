package auth_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
)

// signedIn is a house where alice is signed in and her access token has just ended.
func signedIn(t *testing.T, net *hostile.Server, changes ...furnish) *house {
	t.Helper()
	h := newHouse(t, net, changes...)
	h.mustLogin("alice.example.net")
	net.EndAccess()
	return h
}

// refreshes counts the requests to the token endpoint since the sign-in.
func (h *house) refreshes() int { return h.net.Requests("token") - 1 }

// session reads a session as it lies in the database.
func (h *house) session(did syntax.DID) latchkey.Session {
	h.tb.Helper()
	id, err := h.store.SessionID(h.tb.Context(), did)
	if err != nil || id == "" {
		h.tb.Fatalf("session of %s: %q, %v", did, id, err)
	}
	keys, err := h.keychain.Get(h.tb.Context(), id)
	if err != nil {
		h.tb.Fatal(err)
	}
	session, err := h.store.Session(h.tb.Context(), id, keys)
	if err != nil {
		h.tb.Fatal(err)
	}
	return session
}

func (h *house) mustNeedSignIn(reason latchkey.Code) {
	h.tb.Helper()
	a := h.mustAccount(hostile.AliceDID)
	if a.Status != latchkey.NeedsSignIn || a.Reason != reason || a.Handle != hostile.AliceHandle {
		h.tb.Errorf("account: %+v, want the reason %s", a, reason)
	}
	mustCode(h.tb, h.call(h.tb.Context(), hostile.AliceDID), reason)
	if story := h.events.story(); !slices.Contains(story, string(latchkey.AccountNeedsSignIn)) {
		h.tb.Errorf("events: %v", story)
	}
}

func (h *house) mustBeActive() {
	h.tb.Helper()
	if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active {
		h.tb.Errorf("account: %+v", a)
	}
	if err := h.call(h.tb.Context(), hostile.AliceDID); err != nil {
		h.tb.Errorf("call: %v", err)
	}
	if n := h.net.Replays(); n != 0 {
		h.tb.Errorf("%d refresh tokens were used again", n)
	}
}

// hostile: 33, 34
func TestManyCallsRefreshOnce(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	houses := []*house{h, h.neighbour()} // the second stands for another process
	var work sync.WaitGroup
	for i := range 64 {
		work.Go(func() {
			if err := houses[i%2].call(t.Context(), hostile.AliceDID); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	h.mustBeActive()
}

// One client is for many calls at once, and for those that the server passes on to another.
func TestClientIsShared(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	client, err := h.Client(t.Context(), hostile.AliceDID)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			if err := client.WithService("did:web:api.example.net#service").Get(t.Context(), "com.example.whoami", nil, nil); err != nil {
				t.Error(err)
			}
			if err := client.Get(t.Context(), "com.example.whoami", nil, nil); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
}

// hostile: 40
func TestRefreshRejected(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	h.net.EndSessions()
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionRejected)
	h.mustNeedSignIn(latchkey.SessionRejected)
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	h.mustLogin("alice.example.net")
	h.mustBeActive()
	h.settle()
	if items := h.keychain.ids(); len(items) != 1 {
		t.Errorf("keychain items: %v", items)
	}
}

// A server that is out of order, or whose answer is no answer, signs nobody out.
func TestRefreshThatDidNotWorkKeepsTheSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		token http.HandlerFunc
		want  latchkey.Code
	}{
		"500":                   {hostile.Body(500, "application/json", `{"error":"server_error"}`), latchkey.ServerBusy},  // hostile: 40
		"502 without a word":    {hostile.Body(502, "text/html", ""), latchkey.ServerBusy},                                 // hostile: 40
		"503 with a wrong code": {hostile.Body(503, "application/json", `{"error":"invalid_grant"}`), latchkey.ServerBusy}, // hostile: 40
		"429":                   {hostile.Body(429, "application/json", `{"error":"rate_limit"}`), latchkey.ServerBusy},    // hostile: 32
		"another refusal":       {hostile.Body(400, "application/json", `{"error":"invalid_request"}`), latchkey.ServerRefused},
		"redirect":              {redirect, latchkey.ResponseInvalid},                                                         // hostile: 18
		"empty":                 {hostile.Body(200, "application/json", `{}`), latchkey.ResponseInvalid},                      // hostile: 26
		"page":                  {hostile.Body(200, "text/html", "<h1>Hello"), latchkey.ResponseInvalid},                      // hostile: 26
		"bearer":                {hostile.Body(200, "application/json", `{"token_type":"Bearer"}`), latchkey.ResponseInvalid}, // hostile: 26
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := signedIn(t, hostile.New(t))
			before := h.session(hostile.AliceDID)
			h.net.Change(func() { h.net.Token = test.token })
			for range 3 {
				mustCode(t, h.call(t.Context(), hostile.AliceDID), test.want)
			}
			if after := h.session(hostile.AliceDID); after.Tokens != before.Tokens || after.Unconfirmed != 0 {
				t.Error("the session was changed")
			}
			// A server that has no time is not asked by each call.
			if n := h.refreshes(); test.want == latchkey.ServerBusy && n != 1 || test.want != latchkey.ServerBusy && n != 3 {
				t.Errorf("%d refreshes", n)
			}
			h.net.Change(func() { h.net.Token = nil })
			h.waitUntil(func() bool { return h.call(t.Context(), hostile.AliceDID) == nil })
			h.mustBeActive()
		})
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, hostile.Other+"/oauth/token", http.StatusTemporaryRedirect)
}

// The PDS answers, its authorization server refuses connections: nothing was sent, so nothing is lost.
func TestRefreshOffline(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Issuer = hostile.Other
	h := signedIn(t, net).neighbour(func(_ *house, r *auth.Rooms, _ *auth.Settings) {
		x := net.Exceptions()
		x.Resolve["other.example.org:443"] = safehttp.Target{Address: hostile.ClosedPort(t)}
		r.Protocol = oauth.New(safehttp.New(x, "test"))
	})
	before := net.Requests("token")
	for range 3 {
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
	}
	if s := h.session(hostile.AliceDID); s.Unconfirmed > 0 {
		t.Errorf("%d refreshes are thought to be on their way", s.Unconfirmed)
	}
	if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active || net.Requests("token") != before {
		t.Errorf("account: %+v", a)
	}
}

// hostile: 36
func TestRefreshWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	t.Run("always", func(t *testing.T) {
		t.Parallel()
		h := signedIn(t, hostile.New(t))
		h.net.Change(func() { h.net.Token = hostile.HangUp })
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
		if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active {
			t.Errorf("after the first loss: %+v", a)
		}
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.RenewalUnknown)
		h.mustNeedSignIn(latchkey.RenewalUnknown)
		if n := h.refreshes(); n != 2 {
			t.Errorf("%d refreshes were sent", n)
		}
	})
	t.Run("once, before the server heard it", func(t *testing.T) {
		t.Parallel()
		h := signedIn(t, hostile.New(t))
		h.net.Change(func() { h.net.Token = hostile.HangUp })
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
		h.net.Change(func() { h.net.Token = nil })
		h.mustBeActive()
		if s := h.session(hostile.AliceDID); s.Unconfirmed != 0 {
			t.Errorf("%d refreshes are thought to be on their way", s.Unconfirmed)
		}
	})
	t.Run("once, after the server heard it", func(t *testing.T) {
		t.Parallel()
		h := signedIn(t, hostile.New(t))
		h.net.Change(func() {
			h.net.Token = hostile.Edit(h.net.HonestToken, func(map[string]any) { panic(http.ErrAbortHandler) })
		})
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
		h.net.Change(func() { h.net.Token = nil })
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.RenewalUnknown)
		h.mustNeedSignIn(latchkey.RenewalUnknown)
		h.mustLogin("alice.example.net")
		if err := h.call(t.Context(), hostile.AliceDID); err != nil {
			t.Error(err)
		}
	})
}

// hostile: 37
func TestRefreshIsSavedWhateverTheCallerDoes(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(h *house, cancel func()) (wait func()){
		"cancel": func(_ *house, cancel func()) func() { cancel(); return func() {} },
		"quit": func(h *house, _ func()) func() {
			closed := make(chan error)
			go func() { closed <- h.Close(context.Background()) }()
			return func() {
				if err := <-closed; err != nil {
					h.tb.Error(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := signedIn(t, hostile.New(t))
			next := h.neighbour()
			came, letGo := make(chan struct{}, 1), make(chan struct{})
			h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- h.call(ctx, hostile.AliceDID) }()
			<-came
			wait := leave(h, cancel)
			if name == "cancel" {
				mustCode(t, <-done, latchkey.Cancelled)
			}
			close(letGo)
			wait()
			h.settle()
			next.mustBeActive()
			if n := h.refreshes(); n != 1 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

func TestTokensThatAreNeverAccepted(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.XRPC = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `DPoP error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}
	h := newHouse(t, net)
	h.mustLogin("alice.example.net")
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.AccessEnded)
	if n, calls := h.refreshes(), net.Requests("xrpc"); n != 1 || calls != 2 {
		t.Errorf("%d refreshes, %d calls", n, calls)
	}
}
