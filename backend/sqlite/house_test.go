package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	alice = syntax.DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
	bob   = syntax.DID("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")
)

// mustOpen opens a database in a directory, as one process does.
func mustOpen(tb testing.TB, dir string) *DB {
	tb.Helper()
	db, err := Open(context.Background(), filepath.Join(dir, "test.db"), filepath.Join(dir, "locks"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() }) // some tests close it themselves
	return db
}

func mustCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func keysOf(n byte) latchkey.Keys {
	return latchkey.Keys{DPoP: latchkey.Secret(fmt.Sprintf("dpop-%d", n)), Sealing: [32]byte{n}}
}

func request(id string, did syntax.DID) latchkey.AuthorizationRequest {
	return latchkey.AuthorizationRequest{
		ID:  id,
		DID: did,
		Server: latchkey.AuthorizationServer{
			Issuer: "https://issuer.example.net", Server: "https://pds.example.net",
			AuthorizationEndpoint: "https://issuer.example.net/authorize", TokenEndpoint: "https://issuer.example.net/token",
			PushEndpoint: "https://issuer.example.net/par", RevocationEndpoint: "https://issuer.example.net/revoke",
		},
		ClientID:    "http://localhost",
		RedirectURI: "http://127.0.0.1:1/callback",
		Scopes:      []string{"atproto", "transition:generic"},
		LoginHint:   "alice.example.net",
		Email:       "alice@mail.example.net",
		State:       latchkey.Secret("canary-state-" + id),
		Verifier:    latchkey.Secret("canary-verifier-" + id),
		Deadline:    time.UnixMilli(1_800_000_000_123),
	}
}

func session(id string, did syntax.DID) latchkey.Session {
	return latchkey.Session{
		ID: id, DID: did, ClientID: "http://localhost",
		Issuer: "https://issuer.example.net", Server: "https://pds.example.net",
		TokenEndpoint: "https://issuer.example.net/token", RevocationEndpoint: "https://issuer.example.net/revoke",
		Scopes: []string{"atproto", "transition:generic"}, Created: time.UnixMilli(1_700_000_000_123),
		Tokens: latchkey.Tokens{Access: latchkey.Secret("canary-access-" + id), Refresh: latchkey.Secret("canary-refresh-" + id)},
		Email:  "alice@mail.example.net",
	}
}

func account(did syntax.DID) latchkey.Account {
	return latchkey.Account{DID: did, Handle: "alice.example.net", Server: "https://pds.example.net", Status: latchkey.Active, Scopes: []string{}, LastUsed: time.UnixMilli(1_700_000_000_456)}
}

// signIn makes an attempt and the session out of it, as a sign-in does.
func (db *DB) signIn(tb testing.TB, id string, did syntax.DID, keys latchkey.Keys) {
	tb.Helper()
	must(tb, db.AddSignIn(tb.Context(), request(id, did), keys))
	must(tb, db.SaveSession(tb.Context(), account(did), session(id, did), keys))
}

// exec changes the database behind the store's back.
func (db *DB) exec(tb testing.TB, statement string, args ...any) {
	tb.Helper()
	_, err := db.sql.ExecContext(tb.Context(), statement, args...)
	must(tb, err)
}

// idsOf are the ids of pending attempts or revocations.
func idsOf[T latchkey.PendingSignIn | latchkey.PendingRevocation](all []T, err error) ([]string, error) {
	var ids []string
	for _, one := range all {
		switch one := any(one).(type) {
		case latchkey.PendingSignIn:
			ids = append(ids, one.ID)
		case latchkey.PendingRevocation:
			ids = append(ids, one.ID)
		}
	}
	return ids, err
}
