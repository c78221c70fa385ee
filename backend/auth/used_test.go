package auth_test

import (
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

func (h *house) mustBeRecent(want ...syntax.DID) {
	h.tb.Helper()
	used, err := h.Recent(h.tb.Context())
	if err != nil || len(used) != len(want) {
		h.tb.Errorf("used before: %+v, %v, want %v", used, err, want)
		return
	}
	for i, u := range used {
		if u.DID != want[i] {
			h.tb.Errorf("used before: %+v, want %v", used, want)
		}
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	h.mustBeRecent()
	if err := h.LogoutAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.mustBeRecent(hostile.BobDID, hostile.AliceDID)
	h.settle()
	h.mustBeEmpty() // of all that belongs to a session
	h = h.neighbour()
	h.mustBeRecent(hostile.BobDID, hostile.AliceDID)
	if used, err := h.Recent(t.Context()); err != nil || used[1] != (latchkey.UsedAccount{DID: hostile.AliceDID, Handle: hostile.AliceHandle, Server: hostile.PDS}) {
		t.Errorf("alice: %+v, %v", used, err)
	}
	h.mustLogin(hostile.AliceDID.String())
	h.mustBeRecent(hostile.BobDID)
	for range 2 {
		if err := h.Forget(t.Context(), hostile.BobDID); err != nil {
			t.Fatal(err)
		}
		h.mustBeRecent()
	}
}

// Whoever does not want to sign in again is not offered it.
func TestRemovedIsNotRecent(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	h.net.EndSessions()
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionRejected)
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	h.mustBeRecent()
}
