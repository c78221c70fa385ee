package auth_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// accountEvents are the events about accounts, all of them, as "kind name".
func (h *house) accountEvents() []string {
	h.events.mu.Lock()
	defer h.events.mu.Unlock()
	events := []string{}
	for _, e := range h.events.all {
		if e.Account != nil {
			events = append(events, string(e.Kind)+" "+e.Account.Name())
		}
	}
	return events
}

// watcher is a house that follows, and tells of each look.
func watcher(t *testing.T, net *hostile.Server, changes ...furnish) (h *house, look func()) {
	t.Helper()
	looks := make(chan struct{})
	h = newHouse(t, net, append(changes, hookStore(tellOf("Version", looks)))...)
	h.follow()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	more := make(chan struct{})
	go func() { // so that nobody has to wait for a look that no test asks for
		for {
			select {
			case <-looks:
			case <-ctx.Done():
				return
			}
			select {
			case more <- struct{}{}:
			default:
			}
		}
	}()
	return h, func() {
		t.Helper()
		for range 2 { // the first may be over a look from before
			happened(t, more)
		}
	}
}

// What another process does is told once, in order, by whoever follows.
func TestFollowTellsWhatOthersDo(t *testing.T) {
	t.Parallel()
	h, look := watcher(t, hostile.New(t))
	other := h.neighbour()
	want := []string{}
	for _, step := range []struct {
		kind latchkey.EventKind
		did  syntax.DID
		do   func()
	}{
		{latchkey.AccountAdded, hostile.AliceDID, func() { other.mustLogin("alice.example.net") }},
		{latchkey.AccountAdded, hostile.BobDID, func() { other.mustLogin("bob.example.net") }},
		{latchkey.AccountChanged, hostile.AliceDID, func() {
			if _, err := other.Switch(t.Context(), hostile.AliceDID); err != nil {
				t.Error(err)
			}
		}},
		{latchkey.AccountNeedsSignIn, hostile.AliceDID, func() {
			h.net.EndAccess()
			h.net.EndSessions()
			mustCode(t, other.call(t.Context(), hostile.AliceDID), latchkey.SessionRejected)
		}},
		{latchkey.AccountRemoved, hostile.BobDID, func() {
			if err := other.Logout(t.Context(), hostile.BobDID); err != nil {
				t.Error(err)
			}
		}},
	} {
		step.do()
		e := h.waitFor(isAccount(step.kind, step.did))
		want = append(want, string(step.kind)+" "+e.Account.Name())
		if step.kind == latchkey.AccountNeedsSignIn && e.Account.Reason != latchkey.SessionRejected {
			t.Errorf("event: %+v", e.Account)
		}
		look()
		if got := h.accountEvents(); !slices.Equal(got, want) {
			t.Errorf("events: %v, want %v", got, want)
		}
		if got := other.accountEvents(); !slices.Equal(got, want) {
			t.Errorf("events where it was done: %v, want %v", got, want)
		}
	}
	if who, err := h.Whoami(t.Context()); err != nil || who.DID != hostile.AliceDID {
		t.Errorf("whoami: %+v, %v", who, err)
	}
}

// What the house does itself is told at once, and not again by following.
func TestFollowTellsNothingTwice(t *testing.T) {
	t.Parallel()
	h, look := watcher(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.net.EndAccess()
	h.mustBeActive()
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	look()
	look()
	want := []string{"added alice.example.net", "changed alice.example.net", "removed alice.example.net"}
	if got := h.accountEvents(); !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
}

// What was there when the house started is no news; what came between that and following is.
func TestFollowStartsWithWhatIsThere(t *testing.T) {
	t.Parallel()
	first := newHouse(t, hostile.New(t))
	first.mustLogin("alice.example.net")
	h := first.neighbour()
	first.mustLogin("bob.example.net")
	h.follow()
	h.waitFor(isAccount(latchkey.AccountAdded, hostile.BobDID))
	if got := h.accountEvents(); !slices.Equal(got, []string{"added bob.example.net"}) {
		t.Errorf("events: %v", got)
	}
}

// versions is a store whose version is what a test says.
type versions struct {
	latchkey.Store
	answer func() (int64, error)
}

func (v *versions) Version(context.Context) (int64, error) { return v.answer() }

// A store that failed for a moment is looked at afresh: what changed meanwhile may have no other trace.
func TestFollowAfterAFailure(t *testing.T) {
	t.Parallel()
	failure := latchkey.NewError(latchkey.StorageFailed, errors.New("test"))
	for name, test := range map[string]struct {
		version  func(look int32) (int64, error)
		accounts error
	}{
		"of the version": {version: func(look int32) (int64, error) {
			if look == 2 {
				return 0, failure
			}
			return 1, nil // as a fresh connection may answer
		}},
		"of the accounts": {
			version:  func(look int32) (int64, error) { return int64(min(look, 2)), nil }, // changes once
			accounts: failure,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var looks atomic.Int32
			var failed atomic.Bool
			looked, bobIsIn := make(chan struct{}, 1), make(chan struct{})
			first := newHouse(t, hostile.New(t))
			h := first.neighbour(hookStore(func(_ context.Context, method, _ string) error {
				if method == "Accounts" && looks.Load() == 2 && !failed.Swap(true) {
					return test.accounts
				}
				return nil
			}), func(_ *house, r *auth.Rooms, _ *auth.Settings) {
				r.Store = &versions{r.Store, func() (int64, error) {
					look := looks.Add(1)
					if look == 2 {
						looked <- struct{}{}
						<-bobIsIn
					}
					return test.version(look)
				}}
			})
			h.follow()
			happened(t, looked)
			first.mustLogin("bob.example.net")
			close(bobIsIn)
			h.waitFor(isAccount(latchkey.AccountAdded, hostile.BobDID))
		})
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house, cancel func()){
		"with its context": func(_ *house, cancel func()) { cancel() },
		"with the service": func(h *house, _ func()) { h.settle() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() { defer close(done); h.Follow(ctx) }()
			end(h, cancel)
			happened(t, done)
		})
	}
}
