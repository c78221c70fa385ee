package sqlite

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// lasting is a session with everything set that a session can have.
func lasting(id string) latchkey.Session {
	s := session(id, alice)
	s.Renewed, s.Ends = s.Created.Add(time.Hour), s.Created.Add(14*24*time.Hour)
	s.AccessEnds, s.Unconfirmed, s.InMemory, s.KeyID = s.Created.Add(2*time.Hour), 1, true, "one"
	return s
}

// mustHaveAllFields demands that a value has no zero field: a new one would be forgotten here otherwise.
func mustHaveAllFields(tb testing.TB, v any, but ...string) {
	tb.Helper()
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		name := value.Type().Field(i).Name
		if value.Field(i).IsZero() != slices.Contains(but, name) {
			tb.Errorf("%T.%s is %v", v, name, value.Field(i))
		}
	}
}

func TestAccountRoundTrip(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	stored := account(alice)
	stored.Raised, stored.Confirmed = []string{"repo:app.example.post", "blob:*/*"}, time.UnixMilli(1_700_000_000_789)
	s := lasting(idOne)
	must(t, db.AddSignIn(t.Context(), request(idOne, alice), keysOf(1)))
	must(t, db.SaveSession(t.Context(), stored, s, keysOf(1)))
	want := stored
	want.Scopes, want.SignedIn, want.Renewed, want.SessionEnds, want.InMemory = s.Scopes, s.Created, s.Renewed, s.Ends, true
	mustHaveAllFields(t, want, "Reason", "Offline", "Profile") // an active account has no reason, and the others are not stored
	same := func(when string, want latchkey.Account) {
		t.Helper()
		if got, err := db.Account(t.Context(), alice); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v; %v", when, got, want, err)
		}
		if all, err := db.Accounts(t.Context()); err != nil || !reflect.DeepEqual(all, []latchkey.Account{want}) {
			t.Errorf("%s: all %+v, want %+v; %v", when, all, want, err)
		}
	}
	same("signed in", want)

	s.Renewed, s.Scopes = s.Renewed.Add(time.Hour), []string{"atproto"}
	must(t, db.UpdateSession(t.Context(), s, keysOf(1)))
	want.Renewed, want.Scopes = s.Renewed, s.Scopes
	same("renewed", want)

	// What belongs to the session, and who is current, is not for SaveAccount to change.
	changed := want
	changed.Raised, changed.Confirmed, changed.LastUsed = nil, time.Time{}, want.LastUsed.Add(time.Hour)
	want = changed
	want.LastUsed = changed.LastUsed.Add(-time.Hour)
	changed.Scopes, changed.SignedIn, changed.Renewed, changed.SessionEnds, changed.InMemory = nil, time.Time{}, time.Time{}, time.Time{}, false
	must(t, db.SaveAccount(t.Context(), changed))
	same("saved", want)

	want.Raised = []string{"repo:app.example.post"}
	must(t, db.EndSession(t.Context(), want))
	want.Scopes, want.SignedIn, want.Renewed, want.SessionEnds, want.InMemory = []string{}, time.Time{}, time.Time{}, time.Time{}, false
	same("ended", want)
}

// All of a session is still there when it waits to be revoked, by whichever way it came there.
func TestLastingSessionRoundTrip(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, db *DB) error{
		"signed out": func(ctx context.Context, db *DB) error { return db.RemoveAccount(ctx, alice) },
		"ended":      func(ctx context.Context, db *DB) error { return db.EndSession(ctx, account(alice)) },
		"replaced": func(ctx context.Context, db *DB) error {
			if err := db.AddSignIn(ctx, request(idTwo, alice), keysOf(2)); err != nil {
				return err
			}
			return db.SaveSession(ctx, account(alice), session(idTwo, alice), keysOf(2))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := mustOpen(t, t.TempDir())
			want := lasting(idOne)
			mustHaveAllFields(t, want)
			must(t, db.AddSignIn(t.Context(), request(idOne, alice), keysOf(1)))
			must(t, db.SaveSession(t.Context(), account(alice), want, keysOf(1)))
			if got, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v; %v", got, want, err)
			}
			want.Renewed, want.Ends, want.AccessEnds, want.Unconfirmed = want.Renewed.Add(time.Hour), want.Ends.Add(time.Hour), want.AccessEnds.Add(time.Hour), 2
			must(t, db.UpdateSession(t.Context(), want, keysOf(1)))
			if got, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("renewed: got %+v, want %+v; %v", got, want, err)
			}
			must(t, end(t.Context(), db))
			if got, err := db.Revocation(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("to revoke: got %+v, want %+v; %v", got, want, err)
			}
			if all, err := db.Revocations(t.Context()); err != nil || !reflect.DeepEqual(all, []latchkey.PendingRevocation{{ID: idOne, Ends: want.Ends, InMemory: want.InMemory}}) {
				t.Errorf("pending: %+v, %v", all, err)
			}
		})
	}
}

func TestPostponedRevocations(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	ids := []string{"first", "second", "third"}
	for i, id := range ids {
		s := session(id, alice)
		s.Created = s.Created.Add(time.Duration(i) * time.Second)
		must(t, db.AddSignIn(t.Context(), request(id, alice), keysOf(1)))
		must(t, db.SaveSession(t.Context(), account(alice), s, keysOf(1)))
		must(t, db.EndSession(t.Context(), account(alice)))
	}
	want := func(want ...latchkey.PendingRevocation) {
		t.Helper()
		if all, err := db.Revocations(t.Context()); err != nil || !reflect.DeepEqual(all, want) {
			t.Errorf("got %+v, want %+v; %v", all, want, err)
		}
	}
	pending := func(id string, tries int, due time.Time) latchkey.PendingRevocation {
		return latchkey.PendingRevocation{ID: id, Tries: tries, Due: due}
	}
	soon, later := time.UnixMilli(1_700_000_100_000), time.UnixMilli(1_700_000_200_001)
	want(pending("first", 0, time.Time{}), pending("second", 0, time.Time{}), pending("third", 0, time.Time{}))
	must(t, db.PostponeRevocation(t.Context(), "first", later))
	want(pending("second", 0, time.Time{}), pending("third", 0, time.Time{}), pending("first", 1, later))
	must(t, db.PostponeRevocation(t.Context(), "second", soon))
	must(t, db.PostponeRevocation(t.Context(), "second", soon))
	want(pending("third", 0, time.Time{}), pending("second", 2, soon), pending("first", 1, later))
	must(t, db.PostponeRevocation(t.Context(), "third", later)) // due together with the first, and younger
	want(pending("second", 2, soon), pending("first", 1, later), pending("third", 1, later))
	must(t, db.RemoveRevocation(t.Context(), "second"))
	must(t, db.PostponeRevocation(t.Context(), "second", soon)) // somebody else delivered it
	want(pending("first", 1, later), pending("third", 1, later))
	if s, err := db.Revocation(t.Context(), "first", keysOf(1)); err != nil || s.Tokens != session("first", alice).Tokens {
		t.Errorf("postponed: %+v, %v", s, err)
	}
}

func TestUpdatedSignIn(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	mustCode(t, db.UpdateSignIn(t.Context(), request(idOne, alice), keysOf(1)), latchkey.SignInUsed)
	want := request(idOne, alice)
	want.Raised = []string{"repo:app.example.post"}
	must(t, db.AddSignIn(t.Context(), want, keysOf(1)))
	must(t, db.AddSignIn(t.Context(), request(idTwo, alice), keysOf(2)))
	same := func(when string) {
		t.Helper()
		if got, err := db.SignIn(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v; %v", when, got, want, err)
		}
	}
	same("added")
	want.URL = "https://issuer.example.net/authorize?request_uri=canary"
	mustHaveAllFields(t, want)
	must(t, db.UpdateSignIn(t.Context(), want, keysOf(1)))
	same("pushed")
	same("read again") // reading uses nothing up
	if got, err := db.SignIn(t.Context(), idTwo, keysOf(2)); err != nil || !reflect.DeepEqual(got, request(idTwo, alice)) {
		t.Errorf("another: %+v, %v", got, err)
	}
	_, err := db.SignIn(t.Context(), idOne, keysOf(2))
	mustCode(t, err, latchkey.SealBroken)

	if got, err := db.ConsumeSignIn(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("used: %+v, %v", got, err)
	}
	_, err = db.SignIn(t.Context(), idOne, keysOf(1))
	mustCode(t, err, latchkey.SignInUsed)
	mustCode(t, db.UpdateSignIn(t.Context(), want, keysOf(1)), latchkey.SignInUsed)
	all, err := db.SignIns(t.Context())
	if err != nil || !reflect.DeepEqual(all, []latchkey.PendingSignIn{{ID: idOne, Deadline: want.Deadline, Used: true}, {ID: idTwo, Deadline: want.Deadline}}) {
		t.Errorf("pending: %+v, %v", all, err)
	}
}

func TestSignInsByDeadline(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	for i, id := range []string{"early", "late", "between"} {
		req := request(id, alice)
		req.Deadline = req.Deadline.Add(time.Duration([]int{0, 2, 1}[i]) * time.Minute)
		must(t, db.AddSignIn(t.Context(), req, keysOf(1)))
	}
	if ids, err := idsOf(db.SignIns(t.Context())); err != nil || fmt.Sprint(ids) != "[late between early]" {
		t.Errorf("attempts: %v, %v", ids, err)
	}
}
