package auth_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// lose removes the rows of an account, as a database does that is lost, and answers the id that its
// keychain item has.
func (h *house) lose(did syntax.DID) (id string) {
	h.tb.Helper()
	id = h.session(did).ID
	h.exec(`DELETE FROM sessions WHERE did = '` + did.String() + `'`)
	h.exec(`DELETE FROM accounts WHERE did = '` + did.String() + `'`)
	return id
}

// hostile: 53
func TestKeysWithoutARow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	kept := h.session(hostile.BobDID).ID
	lost := h.lose(hostile.AliceDID)
	must := func(when string, want ...string) {
		t.Helper()
		got := h.keychain.ids()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: keychain items %v, want %v", when, got, want)
		}
	}
	unlock, err := h.store.Lock(t.Context(), lost)
	if err != nil {
		t.Fatal(err)
	}
	h.neighbour().settle()
	must("while somebody has its lock", kept, lost)
	unlock()
	for _, code := range []latchkey.Code{latchkey.KeychainLocked, latchkey.KeychainUnavailable} {
		h.keychain.change(func() {
			h.keychain.OnDelete = func(context.Context, string) error { return latchkey.NewError(code, nil) }
		})
		h.neighbour().settle()
		must(string(code), kept, lost)
	}
	h.keychain.change(func() { h.keychain.OnDelete = nil })
	h.neighbour().settle()
	must("at the next start", kept)
	asked := false
	h.keychain.change(func() {
		h.keychain.OnDelete = func(context.Context, string) error { asked = true; return nil }
	})
	h.neighbour().settle()
	if asked {
		t.Error("the keychain is asked for ever")
	}
	if err := h.call(t.Context(), hostile.BobDID); err != nil {
		t.Error(err)
	}
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.AccountUnknown)
}

// An attempt that waits in another process has a row, a key and a lock: it is no orphan, and neither is
// a session to revoke.
// hostile: 53
func TestKeysWithARowStay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), idle)
	done := h.login(t.Context(), "alice.example.net")
	link := h.waitFor(inPhase(latchkey.Waiting)).SignIn.Link
	next := h.neighbour()
	next.mustLogin("bob.example.net")
	h.net.Change(func() { h.net.Revoke = hostile.HangUp })
	if err := next.Logout(t.Context(), hostile.BobDID); err != nil {
		t.Fatal(err)
	}
	next.settle()
	h.neighbour().settle()
	if items := h.keychain.ids(); len(items) != 2 {
		t.Errorf("keychain items: %v", items)
	}
	h.browser.Follow(link)
	if err := happened(t, done); err != nil {
		t.Error(err)
	}
}

// postponed tells of each revocation that is put off, with what the store says of it afterwards.
type postponed struct {
	latchkey.Store
	told chan latchkey.PendingRevocation
}

func (p *postponed) PostponeRevocation(ctx context.Context, id string, due time.Time) error {
	if err := p.Store.PostponeRevocation(ctx, id, due); err != nil {
		return err
	}
	all, err := p.Store.Revocations(ctx)
	for _, r := range all {
		if r.ID == id {
			p.told <- r
		}
	}
	return err
}

// A server that does not listen is told again after ever longer pauses, by the same run of the program
// too, and no longer once it listened.
// hostile: 32, 42
func TestRevocationPausesGrow(t *testing.T) {
	t.Parallel()
	told := make(chan latchkey.PendingRevocation, 100)
	h := newHouse(t, hostile.New(t), storeIn(func(s latchkey.Store) latchkey.Store { return &postponed{s, told} }))
	h.mustLogin("alice.example.net")
	id := h.session(hostile.AliceDID).ID
	h.net.Change(func() { h.net.Revoke = hostile.Body(503, "text/plain", "later") })
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	for i, pause := range []time.Duration{2 * time.Second, 8 * time.Second, 32 * time.Second, 128 * time.Second} {
		r := happened(t, told)
		if r.ID != id || r.Tries != i+1 {
			t.Fatalf("try %d: %+v", i+1, r)
		}
		// Ten seconds late at most, were the computer that slow; never early.
		if left := time.Until(r.Due); left > pause || left < pause-10*time.Second {
			t.Errorf("after try %d the next is due in %v, want %v", i+1, left, pause)
		}
		h.exec(dueNow)
		h.poke()
	}
	happened(t, told)
	h.poke() // changes nothing: it is not due
	h.settle()
	if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 1 || left[0].Tries != 5 {
		t.Errorf("revocations: %+v, %v", left, err)
	}
	h.net.Change(func() { h.net.Revoke = nil })
	h.exec(dueNow)
	h.neighbour().settle()
	h.mustHaveSessions()
	if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 || len(h.keychain.ids()) != 0 {
		t.Errorf("left: %v, %v, %v", left, err, h.keychain.ids())
	}
}

// poke makes the service look at what is to be revoked: signing out does, here of an account that has
// no session.
func (h *house) poke() {
	h.tb.Helper()
	a := latchkey.Account{DID: hostile.BobDID, Handle: hostile.BobHandle, Server: hostile.PDS, Status: latchkey.NeedsSignIn, Reason: latchkey.SessionRejected}
	if err := h.store.EndSession(h.tb.Context(), a); err != nil {
		h.tb.Fatal(err)
	}
	if err := h.Logout(h.tb.Context(), hostile.BobDID); err != nil {
		h.tb.Fatal(err)
	}
}

// What is due in the same run is told again without anybody asking for it.
// hostile: 42
func TestRevocationIsTriedAgainByItself(t *testing.T) {
	t.Parallel()
	told := make(chan latchkey.PendingRevocation, 100)
	h := newHouse(t, hostile.New(t), storeIn(func(s latchkey.Store) latchkey.Store { return &postponed{s, told} }))
	h.mustLogin("alice.example.net")
	h.net.Change(func() { h.net.Revoke = hostile.HangUp })
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	happened(t, told)
	heard := make(chan struct{}, 1)
	h.net.Change(func() { h.net.Revoke = stuck(h.net.HonestRevoke, heard, closed()) })
	happened(t, heard)
	h.settle()
	h.mustBeEmpty()
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// A session that goes on at its server is told of until it ends there by itself.
func TestRevocationsAreGivenUpAtTheEndOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ends time.Duration
		left int
	}{
		"ends in an hour":   {time.Hour, 1},
		"ended an hour ago": {-time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.net.Change(func() { h.net.Revoke = hostile.HangUp })
			h.exec(fmt.Sprintf(`UPDATE sessions SET ends = %d`, time.Now().Add(test.ends).UnixMilli()))
			if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
				t.Fatal(err)
			}
			h.settle()
			left, err := h.store.Revocations(t.Context())
			if err != nil || len(left) != test.left || len(h.keychain.ids()) != test.left {
				t.Errorf("left: %+v, %v, %v", left, err, h.keychain.ids())
			}
			if n := h.net.Requests("revoke"); n == 0 {
				t.Error("the server was not told at all")
			}
		})
	}
}
