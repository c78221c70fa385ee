package auth_test

import (
	"context"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// mustBeCurrent checks whose turn it is, in this process and in another.
func (h *house) mustBeCurrent(want syntax.DID) {
	h.tb.Helper()
	for _, h := range []*house{h, h.neighbour()} {
		if who, err := h.Whoami(h.tb.Context()); err != nil || who.DID != want {
			h.tb.Errorf("whoami: %s, %v, want %s", who.DID, err, want)
		}
	}
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	requests := h.net.AllRequests()
	for _, did := range []syntax.DID{hostile.AliceDID, hostile.BobDID, hostile.BobDID, hostile.AliceDID} {
		a, err := h.Switch(t.Context(), did)
		if err != nil || a.DID != did || a.Status != latchkey.Active || len(a.Scopes) == 0 {
			t.Errorf("switched to %+v, %v", a, err)
		}
		h.mustBeCurrent(did)
		changes := h.eventsOf(latchkey.AccountChanged)
		if len(changes) == 0 || changes[len(changes)-1].Account.DID != did {
			t.Errorf("events: %v", h.accountEvents())
		}
	}
	_, err := h.Switch(t.Context(), "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz")
	mustCode(t, err, latchkey.AccountUnknown)
	if accounts, err := h.Accounts(t.Context()); err != nil || len(accounts) != 2 {
		t.Errorf("accounts: %v, %v", accounts, err)
	}
	h.mustBeCurrent(hostile.AliceDID)
	for endpoint, n := range h.net.AllRequests() {
		if n != requests[endpoint] {
			t.Errorf("switching asked %s", endpoint)
		}
	}
}

// An account that needs a sign-in can be the current one too, and keeps its reason.
func TestSwitchToAnAccountThatNeedsASignIn(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	h.net.EndSessions()
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionRejected)
	h.mustLogin("bob.example.net")
	a, err := h.Switch(t.Context(), hostile.AliceDID)
	if err != nil || a.Status != latchkey.NeedsSignIn || a.Reason != latchkey.SessionRejected {
		t.Errorf("switched to %+v, %v", a, err)
	}
	h.mustBeCurrent(hostile.AliceDID)
}

// The account used last is the current one though the clock was set back since another was used.
// hostile: 39
func TestSwitchAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	h.exec(`UPDATE accounts SET last_used = last_used + 3600 * 1000`)
	if a, err := h.Switch(t.Context(), hostile.AliceDID); err != nil || a.DID != hostile.AliceDID {
		t.Errorf("switched to %+v, %v", a, err)
	}
	h.mustBeCurrent(hostile.AliceDID)
	h.mustLogin("bob.example.net")
	h.mustBeCurrent(hostile.BobDID)
}

func TestLogoutAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	if err := h.LogoutAll(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(h.eventsOf(latchkey.AccountRemoved)); n != 2 {
		t.Errorf("%d accounts removed", n)
	}
	h.settle()
	h.mustBeEmpty()
	if err := h.LogoutAll(t.Context()); err != nil {
		t.Errorf("with nobody there: %v", err)
	}
}

// One account that can't be signed out does not keep the others, whichever comes first.
func TestLogoutAllButOne(t *testing.T) {
	t.Parallel()
	for name, stays := range map[string]struct{ did, other syntax.DID }{
		"the first":  {hostile.BobDID, hostile.AliceDID},
		"the second": {hostile.AliceDID, hostile.BobDID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), hookStore(func(_ context.Context, method, about string) error {
				if method == "RemoveAccount" && about == stays.did.String() {
					return latchkey.NewError(latchkey.StorageFull, nil)
				}
				return nil
			}))
			h.mustLogin("alice.example.net")
			h.mustLogin("bob.example.net")
			mustCode(t, h.LogoutAll(t.Context()), latchkey.StorageFull)
			if err := h.call(t.Context(), stays.did); err != nil {
				t.Errorf("the one that stays: %v", err)
			}
			mustCode(t, h.call(t.Context(), stays.other), latchkey.AccountUnknown)
			h.settle()
			h.mustHaveSessions(stays.did)
		})
	}
}

// An account that needs a sign-in can be removed, whether its session is still here or not.
func TestLogoutOfAnAccountThatNeedsASignIn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house) latchkey.Code{
		"session rejected": func(h *house) latchkey.Code {
			h.net.EndAccess()
			h.net.EndSessions()
			return latchkey.SessionRejected
		},
		"key gone": func(h *house) latchkey.Code {
			h.keychain.change(func() { clear(h.keychain.items) })
			h.net.EndSessions() // nobody could tell the server
			return latchkey.KeychainItemMissing
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			want := end(h)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), want)
			h.mustNeedSignIn(want)
			if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
				t.Fatal(err)
			}
			h.waitFor(isAccount(latchkey.AccountRemoved, hostile.AliceDID))
			h.settle()
			h.mustBeEmpty()
			if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("revocations left: %v, %v", left, err)
			}
		})
	}
}
