package auth_test

import (
	"context"
	"sync/atomic"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// withoutKeychain is a process of its own on a computer without a keychain.
func withoutKeychain() *keychain {
	k := newKeychain()
	k.None = true
	return k
}

// inMemory is a house where alice is signed in and her keys are in no keychain.
func inMemory(t *testing.T, changes ...furnish) *house {
	t.Helper()
	h := houseIn(t, hostile.New(t), t.TempDir(), withoutKeychain(), changes...)
	if a := h.mustLogin("alice.example.net"); !a.InMemory {
		t.Fatalf("signed in as %+v", a)
	}
	return h
}

// stranger is a second process with a keychain of its own: it has nothing of the first one's memory.
func (h *house) stranger(kc *keychain, changes ...furnish) *house {
	h.tb.Helper()
	return houseIn(h.tb, h.net, h.dir, kc, changes...)
}

// hostile: 49
func TestWithoutAKeychainTheSessionEndsWithTheProgram(t *testing.T) {
	t.Parallel()
	h := inMemory(t)
	h.mustBeActive()
	h.net.EndAccess()
	h.mustBeActive()
	if a := h.mustAccount(hostile.AliceDID); !a.InMemory {
		t.Errorf("account: %+v", a)
	}
	if e := h.waitFor(isAccount(latchkey.AccountAdded, hostile.AliceDID)); !e.Account.InMemory {
		t.Errorf("event: %+v", e.Account)
	}
	h.settle()
	h.mustHaveSessions()
	a := h.mustAccount(hostile.AliceDID)
	if a.Status != latchkey.NeedsSignIn || a.Reason != latchkey.KeysNotKept || a.InMemory || !a.SessionEnds.IsZero() {
		t.Errorf("account: %+v", a)
	}
	h.waitFor(isAccount(latchkey.AccountNeedsSignIn, hostile.AliceDID))
	if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 || len(h.keychain.ids()) != 0 {
		t.Errorf("left: %v, %v, %v", left, err, h.keychain.ids())
	}
	// Later there is a keychain.
	next := h.stranger(newKeychain())
	mustCode(t, next.call(t.Context(), hostile.AliceDID), latchkey.KeysNotKept)
	if a := next.mustLogin("alice.example.net"); a.InMemory {
		t.Errorf("signed in as %+v", a)
	}
	next.mustBeActive()
	next.settle()
	next.neighbour().mustBeActive()
}

// Only what is in memory ends with the program.
// hostile: 49
func TestCloseLeavesSessionsWithAKeychain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("bob.example.net")
	h.keychain.change(func() { h.keychain.None = true })
	h.mustLogin("alice.example.net")
	h.keychain.change(func() { h.keychain.None = false })
	h.settle()
	h.mustHaveSessions(hostile.BobDID)
	if a := h.mustAccount(hostile.BobDID); a.Status != latchkey.Active {
		t.Errorf("account: %+v", a)
	}
}

// A server that does not hear of the end is not told later: nobody has the keys then.
// hostile: 49
func TestCloseInMemoryOffline(t *testing.T) {
	t.Parallel()
	h := inMemory(t)
	h.net.Change(func() { h.net.Revoke = hostile.HangUp })
	h.settle()
	if n := h.net.Requests("revoke"); n == 0 {
		t.Error("the server was not told at all")
	}
	if a := h.mustAccount(hostile.AliceDID); a.Reason != latchkey.KeysNotKept {
		t.Errorf("account: %+v", a)
	}
	for name, kc := range map[string]*keychain{"without a keychain": withoutKeychain(), "with one": newKeychain()} {
		next := h.stranger(kc)
		next.settle()
		if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%s, revocations left: %v, %v", name, left, err)
		}
	}
}

// A process that was killed could say nothing; the next one does.
// hostile: 49
func TestKeysInTheMemoryOfAKilledProcess(t *testing.T) {
	t.Parallel()
	for name, kc := range map[string]func() *keychain{"without a keychain": withoutKeychain, "with one now": newKeychain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var life life
			first := inMemory(t, life.furnish)
			running := first.stranger(kc())
			running.settle() // it looked at the accounts while the first one lived
			if a := first.mustAccount(hostile.AliceDID); a.Status != latchkey.Active {
				t.Errorf("account: %+v", a)
			}
			life.kill()
			next := first.stranger(kc())
			if e := next.waitFor(isAccount(latchkey.AccountNeedsSignIn, hostile.AliceDID)); e.Account.Reason != latchkey.KeysNotKept {
				t.Errorf("event: %+v", e.Account)
			}
			next.mustNeedSignIn(latchkey.KeysNotKept)
			next.mustLogin("alice.example.net")
			next.mustBeActive()
		})
	}
}

// A process that was there before learns of it by its next call.
// hostile: 49
func TestKeysInMemoryFoundGoneByACall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kc   *keychain
		want latchkey.Code // while the first process lives
	}{
		"without a keychain": {withoutKeychain(), latchkey.KeychainUnavailable},
		"with one":           {newKeychain(), latchkey.KeychainItemMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var life life
			first := inMemory(t, life.furnish)
			other := first.stranger(test.kc)
			for range 2 {
				mustCode(t, other.call(t.Context(), hostile.AliceDID), test.want)
				if a := other.mustAccount(hostile.AliceDID); a.Status != latchkey.Active {
					t.Errorf("account: %+v", a)
				}
			}
			first.mustBeActive()
			life.kill()
			mustCode(t, other.call(t.Context(), hostile.AliceDID), latchkey.KeysNotKept)
			other.mustNeedSignIn(latchkey.KeysNotKept)
		})
	}
}

// A sign-out whose server does not answer yet stays with the process that has the keys.
// hostile: 42, 49
func TestRevocationOfKeysInMemoryIsLeftToTheirProcess(t *testing.T) {
	t.Parallel()
	for name, kc := range map[string]*keychain{"without a keychain": withoutKeychain(), "with one": newKeychain()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			put := make(chan latchkey.PendingRevocation, 100)
			h := inMemory(t, storeIn(func(s latchkey.Store) latchkey.Store { return &postponed{s, put} }))
			h.net.Change(func() { h.net.Revoke = hostile.HangUp })
			if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
				t.Fatal(err)
			}
			happened(t, put)
			h.exec(dueNow)
			h.stranger(kc).settle()
			if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 1 {
				t.Fatalf("revocations: %v, %v", left, err)
			}
			h.net.Change(func() { h.net.Revoke = nil })
			h.settle() // the last chance, due or not
			h.mustHaveSessions()
			if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("revocations left: %v, %v", left, err)
			}
		})
	}
}

// A session that was signed out is not ended once more by Close.
// hostile: 49
func TestCloseAfterALogoutInMemory(t *testing.T) {
	t.Parallel()
	h := inMemory(t)
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	h.settle()
	h.mustBeEmpty()
	if n := h.net.Requests("revoke"); n != 1 {
		t.Errorf("%d revocations", n)
	}
}

// A session that another process put in the place of the one in memory stays when this one ends.
// hostile: 49
func TestCloseLeavesWhatReplacedTheSessionInMemory(t *testing.T) {
	t.Parallel()
	var closing atomic.Pointer[string]
	var other *house
	h := inMemory(t, hookStore(func(_ context.Context, method, about string) error {
		if id := closing.Load(); method == "Lock" && id != nil && about == *id {
			closing.Store(nil)
			other.mustLogin("alice.example.net")
		}
		return nil
	}))
	other = h.stranger(newKeychain())
	closing.Store(new(h.session(hostile.AliceDID).ID))
	h.settle()
	other.mustBeActive()
	other.settle()
	h.mustHaveSessions(hostile.AliceDID)
}
