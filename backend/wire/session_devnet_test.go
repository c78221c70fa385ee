//go:build devnet

package wire_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
)

// getSession makes an authenticated call and answers whose session the server saw.
func (h *house) getSession(a latchkey.Account) (string, error) {
	h.t.Helper()
	client, err := h.Client(h.t.Context(), a.DID)
	if err != nil {
		return "", err
	}
	var out struct {
		DID string `json:"did"`
	}
	err = client.Get(h.t.Context(), "com.atproto.server.getSession", nil, &out)
	return out.DID, err
}

func TestAuthenticatedCall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, person := range []devnet.Account{alice(), bob()} {
		account := h.mustSignIn(person.Handle, as(person))
		if did, err := h.getSession(account); err != nil || did != person.DID {
			t.Errorf("as %s the server saw %q, %v", person.Handle, did, err)
		}
	}
	// Two accounts side by side: the later is the current one, the earlier still works.
	first, err := h.Find(t.Context(), "alice.test")
	if err != nil {
		t.Fatal(err)
	}
	if did, err := h.getSession(first); err != nil || did != alice().DID {
		t.Errorf("the earlier account: %q, %v", did, err)
	}
	if now, err := h.Whoami(t.Context()); err != nil || now.DID.String() != bob().DID {
		t.Errorf("whoami: %+v, %v", now, err)
	}
	h.nothingHalfMade(2)
}

// A session made through one port is refreshed by a process that listens on none, or on another:
// the client id has no port in it.
func TestRefreshFromAnotherPort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account := h.mustSignIn("alice.test", as(alice()))
	h.shut()
	h.open()
	h.mustSignIn("bob.test", as(bob())) // through another port

	before, keys := h.session("alice.test")
	ended := before
	ended.Tokens.Access = "an-ended-token"
	if err := h.store().UpdateSession(t.Context(), ended, keys); err != nil {
		t.Fatal(err)
	}
	if did, err := h.getSession(account); err != nil || did != alice().DID {
		t.Fatalf("after the access token had ended: %q, %v", did, err)
	}
	after, _ := h.session("alice.test")
	if after.Tokens.Refresh == before.Tokens.Refresh || after.Tokens.Access == before.Tokens.Access || after.Unconfirmed != 0 {
		t.Error("the tokens were not renewed")
	}
	// The old refresh token is spent: the server takes it for theft and ends the session, which
	// the next renewal learns. The account stays.
	ended = before
	ended.Tokens.Access = "an-ended-token"
	if err := h.store().UpdateSession(t.Context(), ended, keys); err != nil {
		t.Fatal(err)
	}
	_, err := h.getSession(account)
	wantCode(t, err, latchkey.SessionRejected)
	kept, err := h.Find(t.Context(), "alice.test")
	if err != nil || kept.Status != latchkey.NeedsSignIn || kept.Reason != latchkey.SessionRejected {
		t.Errorf("the account afterwards: %+v, %v", kept, err)
	}
	_, err = h.getSession(account)
	wantCode(t, err, latchkey.SessionRejected)
	// Signing in again makes it whole.
	h.mustSignIn("alice.test", as(alice()))
	if did, err := h.getSession(account); err != nil || did != alice().DID {
		t.Errorf("after signing in again: %q, %v", did, err)
	}
}

// The server itself says that the tokens are dead after a sign-out.
func TestSignOutKillsTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account := h.mustSignIn("alice.test", as(alice()))
	session, keys := h.session("alice.test")
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}
	server.wantAlive(session, keys)

	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	_, err := h.Whoami(t.Context())
	wantCode(t, err, latchkey.NotSignedIn)
	wantCode(t, h.Logout(t.Context(), account.DID), latchkey.AccountUnknown)
	h.shut() // waits until the server was told
	server.wantDead(session, keys)
	h.open()
	h.nothingHalfMade(0)
}

// Signing in again replaces the session, and the old one is ended on the server.
func TestSigningInAgainReplaces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.mustSignIn("alice.test", as(alice()))
	old, oldKeys := h.session("alice.test")
	h.mustSignIn("alice.test", as(alice()))
	renewed, keys := h.session("alice.test")
	h.shut()
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}
	server.wantDead(old, oldKeys)
	server.wantAlive(renewed, keys)
	h.open()
	h.nothingHalfMade(1)
}

// serverSide asks the server about tokens, past the service.
type serverSide struct {
	t        *testing.T
	protocol *oauth.Client
}

func (s serverSide) call(session latchkey.Session, keys latchkey.Keys) error {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, session.Server+"/xrpc/com.atproto.server.getSession", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := s.protocol.Do(s.t.Context(), session, keys, req)
	if err == nil {
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			s.t.Fatalf("getSession: HTTP %d", res.StatusCode)
		}
	}
	return err
}

func (s serverSide) wantAlive(session latchkey.Session, keys latchkey.Keys) {
	s.t.Helper()
	if err := s.call(session, keys); err != nil {
		s.t.Fatalf("the access token does not work: %v", err)
	}
}

func (s serverSide) wantDead(session latchkey.Session, keys latchkey.Keys) {
	s.t.Helper()
	wantCode(s.t, s.call(session, keys), latchkey.AccessEnded)
	_, err := s.protocol.Refresh(s.t.Context(), session, keys)
	wantCode(s.t, err, latchkey.SessionRejected)
}

// A stolen database is useless: nothing in it opens without the keychain, and no token lies in it.
func TestDatabaseWithoutKeychain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account := h.mustSignIn("alice.test", as(alice()))
	session, keys := h.session("alice.test")
	h.shut()

	dir := t.TempDir()
	stolen := config.Paths{Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state")}
	if err := os.CopyFS(stolen.Data, os.DirFS(h.config.Paths.Data)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(stolen.Data, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []latchkey.Secret{session.Tokens.Access, session.Tokens.Refresh, keys.DPoP, latchkey.Secret(keys.Sealing[:])} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("a secret lies readable in %s", entry.Name())
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	thief := newHouse(t, func(c *config.Config) { c.Paths, c.Brand.ID = stolen, "another-keychain" })
	_, err = thief.getSession(account)
	wantCode(t, err, latchkey.KeychainItemMissing)
	// With a key of their own it does not open either.
	own, err := oauth.New(safehttp.New(safehttp.Exceptions{}, "test")).NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	_, err = thief.store().Session(t.Context(), session.ID, own)
	wantCode(t, err, latchkey.SealBroken)
	// The owner is none the poorer.
	h.open()
	if did, err := h.getSession(account); err != nil || did != alice().DID {
		t.Errorf("the owner: %q, %v", did, err)
	}
}

// untilRevoked waits until the servers were told of all sign-outs, which takes as long as the pauses
// between the tries.
func (h *house) untilRevoked(ctx context.Context) {
	h.t.Helper()
	store := h.store()
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for {
		left, err := store.Revocations(ctx)
		if err == nil && len(left) == 0 {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			h.t.Fatalf("sign-outs that the server was not told of: %v, %v", left, err)
		}
	}
}

// Without the network the account is there, calls fail and can be made again, and signing out works
// at once; the server is told when it is there again. Not parallel: it stops the network.
func TestOffline(t *testing.T) {
	h := newHouse(t)
	account := h.mustSignIn("alice.test", as(alice()))
	session, keys := h.session("alice.test")
	h.shut()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := network.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	restarted := false
	defer func() {
		if !restarted {
			if err := network.Restart(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}()
	h.open()
	if now, err := h.Whoami(t.Context()); err != nil || now.DID != account.DID || now.Status != latchkey.Active {
		t.Errorf("offline: %+v, %v", now, err)
	}
	_, err := h.getSession(account)
	wantCode(t, err, latchkey.ServerUnreachable)
	_, err = h.Login(t.Context(), "bob.test")
	wantCode(t, err, latchkey.IdentityUnreachable)
	if now, err := h.Whoami(t.Context()); err != nil || now.Status != latchkey.Active {
		t.Errorf("after failed calls: %+v, %v", now, err)
	}
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	_, err = h.Whoami(t.Context())
	wantCode(t, err, latchkey.NotSignedIn)
	h.shut()

	if err := network.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	restarted = true
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}
	server.wantAlive(session, keys) // nobody told the server yet
	h.open()
	h.untilRevoked(ctx)
	h.shut()
	server.wantDead(session, keys)
	h.open()
	h.nothingHalfMade(0)
}
