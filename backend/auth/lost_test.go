package auth_test

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// hostile: 52
func TestKeyGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.keychain.change(func() { clear(h.keychain.items) })
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.KeychainItemMissing)
	h.mustNeedSignIn(latchkey.KeychainItemMissing)
	if id, err := h.store.SessionID(t.Context(), hostile.AliceDID); err != nil || id == "" {
		t.Errorf("the row was not kept: %v", err)
	}
	h.mustLogin("alice.example.net")
	h.mustBeActive()
	h.settle()
	if ids, err := h.store.Revocations(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("revocations that nobody can make: %v, %v", ids, err)
	}
}

func TestLockedKeychainSignsNobodyOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.keychain.change(func() { h.keychain.OnGet = locked })
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.KeychainLocked)
	h.keychain.change(func() { h.keychain.OnGet = nil })
	h.mustBeActive()
}

// hostile: 41, 54
func TestRowsThatWereTamperedWith(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"client id": `UPDATE sessions SET client_id = 'https://client.example.net/other.json'`,
		"account":   `UPDATE sessions SET did = (SELECT did FROM accounts WHERE did != sessions.did) WHERE did = '` + hostile.AliceDID.String() + `'`,
		"tokens":    `UPDATE sessions SET sealed = (SELECT sealed FROM sessions AS o WHERE o.did != sessions.did)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			h.mustLogin("bob.example.net")
			victim := hostile.AliceDID
			if name == "account" {
				victim = hostile.BobDID
				h.exec(`DELETE FROM sessions WHERE did = '` + hostile.BobDID.String() + `'`)
			}
			h.exec(statement)
			mustCode(t, h.call(t.Context(), victim), latchkey.SealBroken)
			if n := h.net.Requests("xrpc"); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
			if a := h.mustAccount(victim); a.Status != latchkey.NeedsSignIn || a.Reason != latchkey.SealBroken {
				t.Errorf("account: %+v", a)
			}
		})
	}
}

// exec changes the database behind the service's back.
func (h *house) exec(statement string) {
	h.tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "test.db"))
	if err != nil {
		h.tb.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(h.tb.Context(), statement); err != nil {
		h.tb.Fatal(err)
	}
}

// The key of a session goes when the session does. Whoever was about to use it must not take that
// for a lost key.
func TestSessionThatEndsWhileItIsOpened(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(h *house) error
		want      latchkey.Code
	}{
		"signed out":      {func(h *house) error { return h.Logout(context.Background(), hostile.AliceDID) }, latchkey.AccountUnknown},
		"signed in again": {func(h *house) error { _, err := h.Login(context.Background(), "alice.example.net"); return err }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			other := h.neighbour()
			var begun atomic.Bool
			h.keychain.change(func() {
				h.keychain.OnGet = func(context.Context, string) error {
					if begun.CompareAndSwap(false, true) {
						if err := test.meanwhile(other); err != nil {
							t.Error(err)
						}
						other.settle()
					}
					return nil
				}
			})
			mustCode(t, h.call(t.Context(), hostile.AliceDID), test.want)
			_, err := h.store.Account(t.Context(), hostile.AliceDID)
			mustCode(t, err, test.want)
			if test.want == "" {
				h.mustBeActive()
			}
		})
	}
}

// A refresh that is on its way when the person signs in again belongs to the old session: whatever
// becomes of it, the new one stays, and the newest of the old tokens is revoked.
func TestSignInDuringARefresh(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(*hostile.Server) http.HandlerFunc{
		"renewed": func(n *hostile.Server) http.HandlerFunc { return n.HonestToken },
		"rejected": func(*hostile.Server) http.HandlerFunc {
			return hostile.Body(400, "application/json", `{"error":"invalid_grant"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saving := make(chan struct{})
			h := signedIn(t, hostile.New(t))
			came, letGo := make(chan struct{}, 1), make(chan struct{})
			held := stuck(answer(h.net), came, letGo)
			h.net.Change(func() {
				h.net.Token = func(w http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					if r.PostForm.Get("grant_type") == "refresh_token" {
						held(w, r)
						return
					}
					h.net.HonestToken(w, r)
				}
			})
			done := make(chan error, 1)
			go func() { done <- h.call(t.Context(), hostile.AliceDID) }()
			<-came
			other := h.neighbour(func(_ *house, r *auth.Rooms, _ *auth.Settings) {
				r.Store = &watchedStore{Store: r.Store, at: 2, locking: saving} // the first lock is the attempt's
			})
			login := other.login(t.Context(), "alice.example.net")
			<-saving
			close(letGo)
			if err := <-login; err != nil {
				t.Error(err)
			}
			<-done // renewed, or rejected
			h.mustBeActive()
			other.settle()
			h.mustHaveSessions(hostile.AliceDID)
		})
	}
}

// watchedStore tells when the lock number at is asked for.
type watchedStore struct {
	latchkey.Store
	mu      sync.Mutex
	at      int
	locks   int
	locking chan struct{}
}

func (s *watchedStore) Lock(ctx context.Context, id string) (func(), error) {
	s.mu.Lock()
	if s.locks++; s.locks == s.at {
		close(s.locking)
	}
	s.mu.Unlock()
	return s.Store.Lock(ctx, id)
}
