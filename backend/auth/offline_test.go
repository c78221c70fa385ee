package auth_test

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

func offline(is bool) func(latchkey.Event) bool {
	return func(e latchkey.Event) bool {
		return e.Kind == latchkey.AccountChanged && e.Account.Offline == is
	}
}

func (h *house) setXRPC(f http.HandlerFunc) { h.net.Change(func() { h.net.XRPC = f }) }

func (h *house) mustBeOffline(want bool) {
	h.tb.Helper()
	if who, err := h.Whoami(h.tb.Context()); err != nil || who.Offline != want {
		h.tb.Errorf("offline: %v, want %v, %v", who.Offline, want, err)
	}
}

// A server that does not answer is a state of its accounts, told once. Following asks it again and tells
// when it is back.
func TestOfflineAndBack(t *testing.T) {
	t.Parallel()
	h, _ := watcher(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.setXRPC(hostile.HangUp)
	for range 3 {
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
	}
	h.waitFor(offline(true))
	h.mustBeOffline(true)
	if n := len(h.eventsOf(latchkey.AccountChanged)); n != 1 {
		t.Errorf("told %d times", n)
	}
	asked := make(chan struct{}, 1)
	h.setXRPC(func(w http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		hostile.HangUp(w, r)
	})
	happened(t, asked) // in vain
	h.setXRPC(nil)
	h.net.EndAccess() // being asked again renews the session, too
	h.waitFor(func() func(latchkey.Event) bool {
		was := false
		return func(e latchkey.Event) bool {
			was = was || offline(true)(e)
			return was && offline(false)(e)
		}
	}())
	h.mustBeOffline(false)
	h.mustBeActive()
	told := []bool{}
	for _, e := range h.eventsOf(latchkey.AccountChanged) {
		told = append(told, e.Account.Offline)
	}
	if n := len(slices.Compact(slices.Clone(told))); n > 2 {
		t.Errorf("told: %v", told)
	}
	if n := len(h.eventsOf(latchkey.AccountNeedsSignIn)); n != 0 || h.refreshes() != 1 {
		t.Errorf("%d times a sign-in was needed, %d refreshes", n, h.refreshes())
	}
}

// eventsOf are all events of a kind so far.
func (h *house) eventsOf(kind latchkey.EventKind) []latchkey.Event {
	h.events.mu.Lock()
	defer h.events.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.events.all), func(e latchkey.Event) bool { return e.Kind != kind })
}

// An answer is an answer, whatever it says.
func TestAnswersAreNotOffline(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"500": hostile.Body(500, "application/json", `{"error":"InternalServerError"}`), // hostile: 40
		"503": hostile.Body(503, "text/html", "later"),                                  // hostile: 32
		"429": hostile.Body(429, "application/json", `{"error":"RateLimitExceeded"}`),   // hostile: 32
		"404": hostile.Body(404, "text/plain", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.setXRPC(answer)
			for range 3 {
				if err := h.call(t.Context(), hostile.AliceDID); err == nil {
					t.Error("the refusal was not told")
				}
			}
			h.mustBeOffline(false)
			if n := len(h.eventsOf(latchkey.AccountChanged)); n != 0 || h.refreshes() != 0 {
				t.Errorf("%d changes, %d refreshes", n, h.refreshes())
			}
			h.setXRPC(hostile.HangUp)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
			h.mustBeOffline(true)
			h.setXRPC(answer)
			_ = h.call(t.Context(), hostile.AliceDID)
			h.mustBeOffline(false) // it is there again
			h.setXRPC(nil)
			h.mustBeActive()
		})
	}
}

// A server that can't be reached for a refresh is offline like one that can't be called; a busy one is not.
func TestOfflineForARefresh(t *testing.T) {
	t.Parallel()
	var code atomic.Pointer[latchkey.Error]
	h := signedIn(t, hostile.New(t), hookReach(func(latchkey.Session) error {
		if e := code.Load(); e != nil {
			return e
		}
		return nil
	}))
	code.Store(latchkey.NewError(latchkey.ServerUnreachable, nil))
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
	h.mustBeOffline(true)
	code.Store(latchkey.NewError(latchkey.ServerBusy, nil))
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerBusy)
	h.mustBeOffline(false)
	code.Store(nil)
	h.waitUntil(func() bool { return h.call(t.Context(), hostile.AliceDID) == nil })
	h.mustBeActive()
}

// What needs a sign-in is not offline: there is nothing to wait for.
func TestOfflineUntilASignInIsNeeded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house) latchkey.Code{
		"answers lost": func(h *house) latchkey.Code {
			h.net.Change(func() { h.net.Token = hostile.HangUp })
			h.net.EndAccess()
			mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
			return latchkey.RenewalUnknown
		},
		"rejected": func(h *house) latchkey.Code {
			h.net.EndAccess()
			h.net.EndSessions()
			return latchkey.SessionRejected
		},
		"key gone": func(h *house) latchkey.Code {
			h.keychain.change(func() { clear(h.keychain.items) })
			return latchkey.KeychainItemMissing
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.setXRPC(hostile.HangUp)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
			h.waitFor(offline(true))
			h.setXRPC(nil)
			want := end(h)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), want)
			h.mustBeOffline(false)
			if e := h.waitFor(isAccount(latchkey.AccountNeedsSignIn, hostile.AliceDID)); e.Account.Offline || e.Account.Reason != want {
				t.Errorf("event: %+v", e.Account)
			}
			h.net.Change(func() { h.net.Token = nil })
			h.mustLogin("alice.example.net")
			h.mustBeOffline(false)
			h.mustBeActive()
		})
	}
}

// A sign-in and a sign-out end an outage as well.
func TestOfflineUntilSomethingElse(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house){
		"signed in again": func(h *house) { h.mustLogin("alice.example.net") },
		"signed out, and in by another process": func(h *house) {
			if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
				t.Error(err)
			}
			h.neighbour().mustLogin("alice.example.net")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.setXRPC(hostile.HangUp)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
			h.mustBeOffline(true)
			end(h)
			h.mustBeOffline(false)
		})
	}
}

// A call that its caller gave up says nothing about the server.
func TestCancelledCallIsNotOffline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	came := make(chan struct{}, 1)
	h.setXRPC(stuck(h.net.HonestXRPC, came, nil))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- h.call(ctx, hostile.AliceDID) }()
	happened(t, came)
	cancel()
	if err := happened(t, done); err == nil {
		t.Error("the call came through")
	}
	h.mustBeOffline(false)
	if n := len(h.eventsOf(latchkey.AccountChanged)); n != 0 {
		t.Errorf("%d changes", n)
	}
}

// Check renews what the server wants renewed, and asks nobody about accounts that can't be used.
func TestCheck(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	h.Check(t.Context(), hostile.AliceDID)
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	h.mustBeActive()
	h.net.EndAccess()
	h.net.EndSessions()
	h.Check(t.Context(), hostile.AliceDID)
	h.mustNeedSignIn(latchkey.SessionRejected)
	before := h.net.Requests("xrpc")
	h.Check(t.Context(), hostile.AliceDID)
	h.Check(t.Context(), hostile.BobDID)
	if n := h.net.Requests("xrpc") - before; n != 0 {
		t.Errorf("%d requests", n)
	}
}
