package sqlite

import (
	"context"
	"testing"

	latchkey "latchkey/backend"
)

// version asks twice: an answer must not change the next one.
func version(tb testing.TB, db *DB) int64 {
	tb.Helper()
	first, err := db.Version(tb.Context())
	must(tb, err)
	second, err := db.Version(tb.Context())
	if err != nil || first != second {
		tb.Errorf("version %d, then %d, %v", first, second, err)
	}
	return second
}

func TestVersionChangesWithEveryCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	for name, by := range map[string]*DB{"own": db, "another": mustOpen(t, dir)} {
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"account", func() error { // a change: SQLite does not write what is there already (observed)
				a := account(bob)
				a.Server = "https://" + name + ".example.net"
				return by.SaveAccount(t.Context(), a)
			}},
			{"attempt", func() error { return by.AddSignIn(t.Context(), request(idOne, alice), keysOf(1)) }},
			{"session", func() error {
				return by.SaveSession(t.Context(), account(alice), session(idOne, alice), keysOf(1))
			}},
			{"tokens", func() error { return by.UpdateSession(t.Context(), session(idOne, alice), keysOf(1)) }},
			{"sign-out", func() error { return by.RemoveAccount(t.Context(), alice) }},
			{"setting", func() error { return by.SaveSetting(t.Context(), latchkey.EmailProvider, name) }},
			{"revocation", func() error { return by.RemoveRevocation(t.Context(), idOne) }},
		} {
			before := version(t, db)
			must(t, step.do())
			if after := version(t, db); after == before {
				t.Errorf("commit of the %s by %s went unnoticed: %d", step.name, name, after)
			}
		}
	}
	before := version(t, db)
	other := startChild(t, "save once", dir)
	other.mustSay(t, "saved")
	if after := version(t, db); after == before {
		t.Errorf("another process's commit went unnoticed: %d", after)
	}
	other.finish(t)
}

func TestVersionStaysWithoutACommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	other := mustOpen(t, dir)
	db.signIn(t, idOne, alice, keysOf(1))
	before := version(t, db)
	for name, do := range map[string]func(){
		"reading":         func() { _, _ = db.Accounts(t.Context()); _, _ = other.Session(t.Context(), idOne, keysOf(1)) },
		"opening":         func() { must(t, mustOpen(t, dir).Close()) },
		"a refused write": func() { _ = other.RemoveAccount(t.Context(), bob) },
		"a broken write": func() {
			unfit := account(alice)
			unfit.Status = "nonsense"
			_ = other.EndSession(t.Context(), unfit)
		},
		"locking":         func() { unlock, _ := other.Lock(t.Context(), idTwo); unlock() },
		"asking of other": func() { version(t, other) },
	} {
		do()
		if after := version(t, db); after != before {
			t.Errorf("%s changed it from %d to %d", name, before, after)
		}
	}
}

func TestVersionAfterACancelledContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, other := mustOpen(t, dir), mustOpen(t, dir)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Version(cancelled); err == nil { // before the first answer
		t.Error("an answer for nobody")
	}
	before := version(t, db)
	if _, err := db.Version(cancelled); err == nil {
		t.Error("an answer for nobody")
	}
	if after := version(t, db); after != before {
		t.Errorf("giving up changed it from %d to %d", before, after)
	}
	must(t, other.SaveAccount(t.Context(), account(alice)))
	if _, err := db.Version(cancelled); err == nil {
		t.Error("an answer for nobody")
	}
	if after := version(t, db); after == before {
		t.Error("what was changed meanwhile went unnoticed")
	}
}

// A connection that broke is replaced, and nothing that happened meanwhile goes unnoticed: each
// connection counts for itself.
func TestVersionOfAnotherConnection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, other := mustOpen(t, dir), mustOpen(t, dir)
	before := version(t, db)
	must(t, db.watcher.Close())
	must(t, other.SaveAccount(t.Context(), account(alice)))
	if _, err := db.Version(t.Context()); err == nil {
		t.Error("a broken connection answered")
	}
	if after := version(t, db); after == before {
		t.Error("what was changed meanwhile went unnoticed")
	}
}
