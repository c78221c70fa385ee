package sqlite

import (
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// hostile: 45
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := usual()
	o.busy = 50 * time.Millisecond
	db, err := openIn(dir, o)
	must(t, err)
	defer func() { _ = db.Close() }()
	db.signIn(t, idOne, alice, keysOf(1))
	other := startChild(t, "write", db.path)
	other.mustSay(t, "writing")
	for name, write := range map[string]func() error{
		"account": func() error { return db.SaveAccount(t.Context(), account(bob)) },
		"tokens":  func() error { return db.UpdateSession(t.Context(), session(idOne, alice), keysOf(1)) },
		"attempt": func() error { return db.AddSignIn(t.Context(), request(idTwo, alice), keysOf(1)) },
	} {
		err := write()
		mustCode(t, err, latchkey.StorageBusy)
		if !latchkey.AsError(err).Retryable() {
			t.Errorf("%s: nobody would try again", name)
		}
	}
	if s, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || s.DID != alice {
		t.Errorf("reading while another writes: %v, %v", s, err)
	}
	second, err := openIn(dir, o) // there is nothing to write in it
	must(t, err)
	must(t, second.Close())
	other.finish(t)
	must(t, db.SaveAccount(t.Context(), account(bob)))
}

// hostile: 45, 48
func TestMigrationOfALockedDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeSchemaOne(t, dir)
	o := usual()
	o.busy = 50 * time.Millisecond
	other := startChild(t, "write", dir+"/test.db")
	other.mustSay(t, "writing")
	_, err := openIn(dir, o)
	mustCode(t, err, latchkey.StorageBusy)
	other.finish(t)
	mustHaveAllOfSchemaOne(t, mustOpen(t, dir))
	mustBeAside(t, dir, 0)
}
