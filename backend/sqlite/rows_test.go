package sqlite

import (
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	if all, err := db.Accounts(t.Context()); err != nil || all == nil || len(all) != 0 {
		t.Errorf("accounts at first: %v, %v", all, err)
	}
	_, err := db.Account(t.Context(), alice)
	mustCode(t, err, latchkey.AccountUnknown)
	mustCode(t, db.RemoveAccount(t.Context(), alice), latchkey.AccountUnknown)

	older, newer := account(alice), account(bob)
	newer.LastUsed = older.LastUsed.Add(time.Millisecond)
	newer.Handle, newer.Status, newer.Reason = "", latchkey.NeedsSignIn, latchkey.SessionRejected
	must(t, db.SaveAccount(t.Context(), newer))
	must(t, db.SaveAccount(t.Context(), older))
	if all, err := db.Accounts(t.Context()); err != nil || !reflect.DeepEqual(all, []latchkey.Account{newer, older}) {
		t.Errorf("accounts: %v, %v", all, err)
	}
	changed := older
	changed.Handle, changed.LastUsed = "new.example.net", newer.LastUsed.Add(time.Hour)
	must(t, db.SaveAccount(t.Context(), changed))
	older.Handle = changed.Handle // and nothing but UseAccount makes another one current
	if all, err := db.Accounts(t.Context()); err != nil || !reflect.DeepEqual(all, []latchkey.Account{newer, older}) {
		t.Errorf("accounts: %v, %v", all, err)
	}
	older.LastUsed = changed.LastUsed
	must(t, db.UseAccount(t.Context(), alice, older.LastUsed))
	mustCode(t, db.UseAccount(t.Context(), "did:plc:cccccccccccccccccccccccc", older.LastUsed), latchkey.AccountUnknown)
	if all, err := db.Accounts(t.Context()); err != nil || !reflect.DeepEqual(all, []latchkey.Account{older, newer}) {
		t.Errorf("accounts: %v, %v", all, err)
	}
	must(t, db.RemoveAccount(t.Context(), alice))
	if all, err := db.Accounts(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("accounts: %v, %v", all, err)
	}
}

func TestSignInRoundTrip(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	want := request("one", alice)
	must(t, db.AddSignIn(t.Context(), want, keysOf(1)))
	if ids, err := idsOf(db.SignIns(t.Context())); err != nil || !slices.Equal(ids, []string{"one"}) {
		t.Errorf("attempts: %v, %v", ids, err)
	}
	got, err := db.ConsumeSignIn(t.Context(), "one", keysOf(1))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = db.ConsumeSignIn(t.Context(), "one", keysOf(1))
	mustCode(t, err, latchkey.SignInUsed)
	_, err = db.ConsumeSignIn(t.Context(), "two", keysOf(1))
	mustCode(t, err, latchkey.SignInUsed)
	must(t, db.RemoveSignIn(t.Context(), "one"))
	must(t, db.RemoveSignIn(t.Context(), "one")) // again is no error
	if ids, err := db.SignIns(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("attempts: %v, %v", ids, err)
	}
}

// hostile: 5
func TestConsumeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	handles := []*DB{mustOpen(t, dir), mustOpen(t, dir)} // as two processes have them
	must(t, handles[0].AddSignIn(t.Context(), request("one", alice), keysOf(1)))
	var won atomic.Int32
	var work sync.WaitGroup
	for i := range 64 {
		work.Go(func() {
			_, err := handles[i%2].ConsumeSignIn(t.Context(), "one", keysOf(1))
			if err == nil {
				won.Add(1)
				return
			}
			mustCode(t, err, latchkey.SignInUsed)
		})
	}
	work.Wait()
	if won.Load() != 1 {
		t.Errorf("%d got it", won.Load())
	}
}

func TestSessionRoundTrip(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, "one", alice, keysOf(1))
	want := session("one", alice)
	got, err := db.Session(t.Context(), "one", keysOf(1))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if a, err := db.Account(t.Context(), alice); err != nil || !slices.Equal(a.Scopes, want.Scopes) {
		t.Errorf("account: %+v, %v", a, err)
	}
	if ids, err := db.SignIns(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("the attempt is still there: %v, %v", ids, err)
	}
	want.Tokens = latchkey.Tokens{Access: "a", Refresh: "r"}
	want.Scopes, want.AccessEnds, want.Unconfirmed, want.KeyID = []string{"atproto"}, time.UnixMilli(1_800_000_000_000), 2, "a key"
	must(t, db.UpdateSession(t.Context(), want, keysOf(1)))
	got, err = db.Session(t.Context(), "one", keysOf(1))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = db.Session(t.Context(), "two", keysOf(1))
	mustCode(t, err, latchkey.SessionMissing)
	mustCode(t, db.UpdateSession(t.Context(), session("two", alice), keysOf(1)), latchkey.SessionMissing)
}

// hostile: 43
func TestSaveSessionReplaces(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, "one", alice, keysOf(1))
	db.signIn(t, "two", alice, keysOf(2))
	db.signIn(t, "three", bob, keysOf(3))
	if id, err := db.SessionID(t.Context(), alice); err != nil || id != "two" {
		t.Errorf("session %q, %v", id, err)
	}
	_, err := db.Session(t.Context(), "one", keysOf(1))
	mustCode(t, err, latchkey.SessionMissing)
	if ids, err := idsOf(db.Revocations(t.Context())); err != nil || !slices.Equal(ids, []string{"one"}) {
		t.Errorf("revocations: %v, %v", ids, err)
	}
	if old, err := db.Revocation(t.Context(), "one", keysOf(1)); err != nil || !reflect.DeepEqual(old, session("one", alice)) {
		t.Errorf("revocation: %+v, %v", old, err)
	}
	must(t, db.RemoveRevocation(t.Context(), "one"))
	_, err = db.Revocation(t.Context(), "one", keysOf(1))
	mustCode(t, err, latchkey.SessionMissing)
}

// A session comes of an attempt that is there, all of it or nothing.
func TestSaveSessionNeedsItsAttempt(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, "one", alice, keysOf(1))
	changed := account(alice)
	changed.Handle = "changed.example.net"
	mustCode(t, db.SaveSession(t.Context(), changed, session("two", alice), keysOf(2)), latchkey.SignInUsed)
	if a, err := db.Account(t.Context(), alice); err != nil || a.Handle != account(alice).Handle {
		t.Errorf("account: %v, %v", a, err)
	}
	if id, err := db.SessionID(t.Context(), alice); err != nil || id != "one" {
		t.Errorf("session %q, %v", id, err)
	}
}

func TestFailedTransactionsChangeNothing(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, "one", alice, keysOf(1))
	must(t, db.AddSignIn(t.Context(), request("two", alice), keysOf(2)))
	unfit := account(alice)
	unfit.Status = "nonsense" // refused by the schema, after the attempt and the old session were dealt with
	mustCode(t, db.SaveSession(t.Context(), unfit, session("two", alice), keysOf(2)), latchkey.StorageFailed)
	if ids, err := idsOf(db.SignIns(t.Context())); err != nil || !slices.Equal(ids, []string{"two"}) {
		t.Errorf("attempts: %v, %v", ids, err)
	}
	if s, err := db.Session(t.Context(), "one", keysOf(1)); err != nil || s.DID != alice {
		t.Errorf("session: %v, %v", s, err)
	}
	if ids, err := db.Revocations(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("revocations: %v, %v", ids, err)
	}
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, "one", alice, keysOf(1))
	a := account(alice)
	a.Status, a.Reason = latchkey.NeedsSignIn, latchkey.SessionRejected
	must(t, db.EndSession(t.Context(), a))
	if got, err := db.Account(t.Context(), alice); err != nil || !reflect.DeepEqual(got, a) {
		t.Errorf("account: %+v, %v", got, err)
	}
	if id, err := db.SessionID(t.Context(), alice); err != nil || id != "" {
		t.Errorf("session %q, %v", id, err)
	}
	must(t, db.RemoveAccount(t.Context(), alice))
	if ids, err := idsOf(db.Revocations(t.Context())); err != nil || !slices.Equal(ids, []string{"one"}) {
		t.Errorf("revocations: %v, %v", ids, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	want := func(want string) {
		t.Helper()
		if got, err := db.Setting(t.Context(), latchkey.EmailProvider); err != nil || got != want {
			t.Errorf("setting %q, %v, want %q", got, err, want)
		}
	}
	want("")
	for _, value := range []string{"https://one.example.com", "https://two.example.com", "", ""} {
		must(t, db.SaveSetting(t.Context(), latchkey.EmailProvider, value))
		want(value)
	}
}
