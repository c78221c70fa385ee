package auth_test

import (
	"net/http"
	"slices"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	if accounts, err := h.Accounts(t.Context()); err != nil || len(accounts) != 1 || accounts[0].DID != hostile.BobDID {
		t.Errorf("accounts: %v, %v", accounts, err)
	}
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.AccountUnknown)
	mustCode(t, h.Logout(t.Context(), hostile.AliceDID), latchkey.AccountUnknown)
	if e := h.waitFor(func(e latchkey.Event) bool { return e.Kind == latchkey.AccountRemoved }); e.Account.DID != hostile.AliceDID {
		t.Errorf("event: %+v", e)
	}
	h.settle() // the server is told in the background
	h.mustHaveSessions(hostile.BobDID)
	if items := h.keychain.ids(); len(items) != 1 {
		t.Errorf("keychain items: %v", items)
	}
}

// dueNow makes all revocations due, as time does.
const dueNow = `UPDATE revocations SET due = 0`

// hostile: 42
func TestLogoutOffline(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]http.HandlerFunc{
		"no answer": hostile.HangUp,
		"busy":      hostile.Body(503, "text/plain", "later"), // hostile: 32
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.net.Change(func() { h.net.Revoke = revoke })
			if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
				t.Fatal(err)
			}
			if accounts, err := h.Accounts(t.Context()); err != nil || len(accounts) != 0 {
				t.Errorf("accounts: %v, %v", accounts, err)
			}
			h.settle()
			if h.net.Requests("revoke") == 0 {
				t.Error("the server was not told at all")
			}
			h.mustHaveSessions(hostile.AliceDID)
			h.net.Change(func() { h.net.Revoke = nil })
			h.exec(dueNow)
			next := h.neighbour()
			if err := next.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			next.settle()
			h.mustBeEmpty()
			if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("revocations left: %v, %v", left, err)
			}
		})
	}
}

// What ended on its server by itself long ago need not be told to it any more.
func TestRevocationsDoNotStayForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.net.Change(func() { h.net.Revoke = hostile.HangUp })
	h.exec(`UPDATE sessions SET ends = ends - 15 * 24 * 3600 * 1000`)
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	h.settle()
	if left, err := h.store.Revocations(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("revocations left: %v, %v", left, err)
	}
	if items := h.keychain.ids(); len(items) != 0 {
		t.Errorf("keychain items: %v", items)
	}
}

// A locked keychain puts the revocation off; nothing is forgotten in it.
func TestLogoutWithALockedKeychain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.keychain.change(func() { h.keychain.OnGet = locked })
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	h.settle()
	h.exec(dueNow)
	h.keychain.change(func() { h.keychain.OnGet = nil })
	next := h.neighbour()
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	next.settle()
	h.mustBeEmpty()
}

// What is revoked must be the newest token, so a refresh on its way is let through first.
func TestLogoutDuringARefresh(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
	locking, called, loggedOut := make(chan struct{}), make(chan error, 1), make(chan error, 1)
	go func() { called <- h.call(t.Context(), hostile.AliceDID) }()
	<-came
	other := h.neighbour(func(_ *house, r *auth.Rooms, _ *auth.Settings) {
		r.Store = &watchedStore{Store: r.Store, at: 1, locking: locking}
	})
	go func() { loggedOut <- other.Logout(t.Context(), hostile.AliceDID) }()
	<-locking
	close(letGo)
	if err := <-loggedOut; err != nil {
		t.Error(err)
	}
	<-called // it came through, or was too late
	other.settle()
	h.mustBeEmpty()
	if n := h.net.Replays(); n != 0 {
		t.Errorf("%d refresh tokens were used again", n)
	}
}

func TestWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	_, err := h.Whoami(t.Context())
	mustCode(t, err, latchkey.NotSignedIn)
	h.mustLogin("alice.example.net")
	h.mustLogin("bob.example.net")
	if who, err := h.Whoami(t.Context()); err != nil || who.DID != hostile.BobDID {
		t.Errorf("whoami: %v, %v", who, err)
	}
	for text, want := range map[string]latchkey.Code{
		"@ALICE.example.net":          "",
		hostile.AliceDID.String():     "",
		"carol.example.net":           latchkey.AccountUnknown,
		hostile.PDS:                   latchkey.AccountUnknown,
		"alice@mail.example.net":      latchkey.AccountUnknown,
		"did:plc:zzzzzzzzzzzzzzzzzzz": latchkey.AccountUnknown,
		"":                            latchkey.IdentifierMissing,
	} {
		a, err := h.Find(t.Context(), text)
		mustCode(t, err, want)
		if err == nil && a.DID != hostile.AliceDID {
			t.Errorf("%q is %s", text, a.DID)
		}
	}
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	var first, second []latchkey.EventKind
	cancel := h.Subscribe(func(e latchkey.Event) { first = append(first, e.Kind) })
	defer h.Subscribe(func(e latchkey.Event) { second = append(second, e.Kind) })()
	h.mustLogin("alice.example.net")
	cancel()
	before := len(first)
	if err := h.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	if len(first) != before || !slices.Contains(second, latchkey.AccountRemoved) {
		t.Errorf("events: %v, and of the one that stayed %v", first, second)
	}
}
