package sqlite

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

func (db *DB) mustHaveUsed(tb testing.TB, want ...syntax.DID) {
	tb.Helper()
	used, err := db.UsedAccounts(tb.Context())
	must(tb, err)
	got := []syntax.DID{}
	for _, u := range used {
		got = append(got, u.DID)
	}
	if !reflect.DeepEqual(got, append([]syntax.DID{}, want...)) {
		tb.Errorf("used before: %v, want %v", got, want)
	}
}

func TestUsedAccounts(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.mustHaveUsed(t)
	db.signIn(t, idOne, alice, keysOf(1))
	db.mustHaveUsed(t) // whoever is signed in is not among them
	must(t, db.RemoveAccount(t.Context(), alice))
	want := latchkey.UsedAccount{DID: alice, Handle: "alice.example.net", Server: "https://pds.example.net"}
	if used, err := db.UsedAccounts(t.Context()); err != nil || len(used) != 1 || used[0] != want {
		t.Errorf("after a sign-out: %+v, %v", used, err)
	}
	db.signIn(t, idTwo, alice, keysOf(2))
	db.mustHaveUsed(t)
	must(t, db.RemoveAccount(t.Context(), alice))
	must(t, db.ForgetUsed(t.Context(), bob)) // who is not among them
	db.mustHaveUsed(t, alice)
	must(t, db.ForgetUsed(t.Context(), alice))
	db.mustHaveUsed(t)
}

// Whoever was asked to sign in again and was removed instead is not offered any more.
func TestRemovedAccountIsNotUsed(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, idOne, alice, keysOf(1))
	ended := account(alice)
	ended.Status, ended.Reason = latchkey.NeedsSignIn, latchkey.SessionRejected
	must(t, db.EndSession(t.Context(), ended))
	db.mustHaveUsed(t)
	must(t, db.RemoveAccount(t.Context(), alice))
	db.mustHaveUsed(t)
}

func TestFiveUsedAccounts(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	var dids []syntax.DID
	for i := range 7 {
		a := account(syntax.DID(fmt.Sprintf("did:plc:%024d", i)))
		a.LastUsed = a.LastUsed.Add(-time.Duration(i) * time.Hour)
		must(t, db.SaveAccount(t.Context(), a))
		dids = append(dids, a.DID)
	}
	for _, did := range []syntax.DID{dids[3], dids[6], dids[0], dids[1], dids[5], dids[2], dids[4]} {
		must(t, db.RemoveAccount(t.Context(), did))
	}
	db.mustHaveUsed(t, dids[:5]...)
}
