package auth_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// A server that is not there is sent no refresh: a network that is just waking up would lose the answer.
func TestRefreshNeedsAServerThatAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code  latchkey.Code
		asked int32 // for three calls
	}{
		"offline":     {latchkey.ServerUnreachable, 3},
		"busy":        {latchkey.ServerBusy, 1}, // hostile: 32
		"not to meet": {latchkey.ServerUnsafe, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, back atomic.Int32
			h := signedIn(t, hostile.New(t), hookReach(func(s latchkey.Session) error {
				asked.Add(1)
				if s.Unconfirmed != 0 {
					t.Error("the refresh was written down before the server was asked")
				}
				if back.Load() > 0 {
					return nil
				}
				return latchkey.NewError(test.code, errors.New("test"))
			}))
			before := h.session(hostile.AliceDID)
			for range 3 {
				mustCode(t, h.call(t.Context(), hostile.AliceDID), test.code)
			}
			if n := h.refreshes(); n != 0 || asked.Load() != test.asked {
				t.Errorf("%d refreshes, asked %d times", n, asked.Load())
			}
			if after := h.session(hostile.AliceDID); after.Tokens != before.Tokens || after.Unconfirmed != 0 {
				t.Error("the session was changed")
			}
			back.Store(1)
			h.waitUntil(func() bool { return h.call(t.Context(), hostile.AliceDID) == nil })
			h.mustBeActive()
			if n := h.refreshes(); n != 1 {
				t.Errorf("%d refreshes", n)
			}
		})
	}
}

// Goroutines share one refresh and one wait for its lock. Not parallel: it counts goroutines.
// hostile: 33
func TestGoroutinesShareOneRefresh(t *testing.T) {
	const calls = 32
	var locks, reached atomic.Int32
	var id string
	h := signedIn(t, hostile.New(t),
		hookStore(func(_ context.Context, method, about string) error {
			if method == "Lock" && about == id {
				locks.Add(1)
			}
			return nil
		}),
		hookReach(func(latchkey.Session) error { reached.Add(1); return nil }))
	id = h.session(hostile.AliceDID).ID
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
	done := make(chan error, calls)
	for range calls {
		go func() { done <- h.call(t.Context(), hostile.AliceDID) }()
	}
	happened(t, came)
	for waiting("auth.(*Service).refresh(") < calls && t.Context().Err() == nil {
		runtime.Gosched()
	}
	close(letGo)
	for range calls {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if locks.Load() != 1 || reached.Load() != 1 || h.refreshes() != 1 {
		t.Errorf("%d locks, asked %d times, %d refreshes", locks.Load(), reached.Load(), h.refreshes())
	}
}

// waiting counts the goroutines that wait within a function of ours.
func waiting(function string) int {
	buffer := make([]byte, 4<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	n := 0
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		header, _, _ := strings.Cut(stack, "\n")
		if strings.Contains(header, "[select") && strings.Contains(stack, "latchkey/backend/"+function) {
			n++
		}
	}
	return n
}

// tokensOf sets when the tokens of all sessions were granted and when the access tokens end, seen
// from now.
func (h *house) tokensOf(granted, left time.Duration) {
	now := time.Now()
	h.exec(fmt.Sprintf(`UPDATE sessions SET renewed = %d, access_ends = %d`, now.Add(-granted).UnixMilli(), now.Add(left).UnixMilli()))
}

// Tokens are renewed by a call that works, shortly before they end. The clock alone renews nothing: it
// may be wrong, and the server's word decides.
func TestRenewAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		granted, left time.Duration
		want          bool
	}{
		"last twelfth":                      {56 * time.Minute, 4 * time.Minute, true},
		"before the last twelfth":           {53 * time.Minute, 7 * time.Minute, false},
		"last twelfth of a short life":      {250 * time.Second, 15 * time.Second, true},
		"before it in a short life":         {200 * time.Second, 60 * time.Second, false},
		"long before the end of a long one": {23 * time.Hour, 10 * time.Minute, false},
		"ended by our clock":                {61 * time.Minute, -time.Minute, false}, // hostile: 39
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said log
			h := newHouse(t, hostile.New(t), said.furnish)
			h.mustLogin("alice.example.net")
			before := h.session(hostile.AliceDID)
			h.tokensOf(test.granted, test.left)
			if err := h.call(t.Context(), hostile.AliceDID); err != nil {
				t.Fatal(err)
			}
			if test.want {
				h.waitFor(func(e latchkey.Event) bool {
					return e.Kind == latchkey.AccountChanged && !e.Account.Renewed.Before(before.Renewed)
				})
				if err := h.call(t.Context(), hostile.AliceDID); err != nil { // with the new tokens, which need nothing
					t.Error(err)
				}
			}
			h.settle()
			said.mustNotSay(t, "not renewed ahead")
			want := 0
			if test.want {
				want = 1
			}
			if n := h.refreshes(); n != want {
				t.Errorf("%d refreshes, want %d", n, want)
			}
			if after := h.session(hostile.AliceDID); (after.Tokens != before.Tokens) != test.want {
				t.Error("tokens renewed or not, against the count")
			}
		})
	}
	t.Run("no end said", func(t *testing.T) {
		t.Parallel()
		var said log
		h := newHouse(t, hostile.New(t), said.furnish)
		h.mustLogin("alice.example.net")
		h.exec(`UPDATE sessions SET access_ends = 0`)
		if err := h.call(t.Context(), hostile.AliceDID); err != nil {
			t.Fatal(err)
		}
		h.settle()
		said.mustNotSay(t, "not renewed ahead")
		if n := h.refreshes(); n != 0 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// Calls do not wait for a renewal ahead of time, and all of them together begin one.
func TestRenewAheadInTheBackgroundOnce(t *testing.T) {
	t.Parallel()
	var locks atomic.Int32
	var id string
	h := newHouse(t, hostile.New(t), hookStore(func(_ context.Context, method, about string) error {
		if method == "Lock" && about == id {
			locks.Add(1)
		}
		return nil
	}))
	h.mustLogin("alice.example.net")
	id = h.session(hostile.AliceDID).ID
	h.tokensOf(56*time.Minute, 4*time.Minute)
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
	for range 8 {
		if err := h.call(t.Context(), hostile.AliceDID); err != nil {
			t.Error(err)
		}
	}
	happened(t, came)
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Error(err)
	}
	close(letGo)
	h.waitFor(func(e latchkey.Event) bool { return e.Kind == latchkey.AccountChanged })
	h.settle()
	if n := h.refreshes(); n != 1 || locks.Load() != 1 {
		t.Errorf("%d refreshes, %d locks", n, locks.Load())
	}
}

// Without calls nothing is renewed, however near the end is.
func TestIdleServiceRefreshesNothing(t *testing.T) {
	t.Parallel()
	looks := make(chan struct{}, 1)
	h := newHouse(t, hostile.New(t), hookStore(tellOf("Version", looks)))
	h.mustLogin("alice.example.net")
	h.tokensOf(59*time.Minute, time.Minute)
	h.net.EndAccess()
	h.follow()
	for range 3 {
		happened(t, looks)
	}
	h.settle()
	if n, calls := h.refreshes(), h.net.Requests("xrpc"); n != 0 || calls != 0 {
		t.Errorf("%d refreshes, %d calls", n, calls)
	}
}

// tellOf is a hook that tells when a method is called and waits until that was heard.
func tellOf(which string, heard chan<- struct{}) hook {
	return func(ctx context.Context, method, _ string) error {
		if method == which {
			select {
			case heard <- struct{}{}:
			case <-ctx.Done():
			}
		}
		return nil
	}
}

// follow lets the house watch until the test ends.
func (h *house) follow() {
	ctx, cancel := context.WithCancel(h.tb.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.Follow(ctx) }()
	h.tb.Cleanup(func() { cancel(); <-done })
}

// A directory that hangs leaves time to save what the server said of the session.
func TestRejectedWhileTheDirectoryHangs(t *testing.T) {
	t.Parallel()
	var hang atomic.Bool
	h := signedIn(t, hostile.New(t), hookDirectory(func(ctx context.Context, _, _ string) error {
		if !hang.Load() {
			return nil
		}
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 25*time.Second {
			t.Errorf("the directory has time until %v", deadline)
		}
		return latchkey.NewError(latchkey.IdentityUnreachable, nil)
	}))
	hang.Store(true)
	h.net.EndSessions()
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionRejected)
	h.mustNeedSignIn(latchkey.SessionRejected)
}
