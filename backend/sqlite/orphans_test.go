package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	latchkey "latchkey/backend"
)

// hostile: 53
func TestOrphans(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	want := func(when string, want ...string) {
		t.Helper()
		got, err := db.Orphans(t.Context())
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: orphans %v, want %v; %v", when, got, want, err)
		}
	}
	want("at first")
	// One row of each kind. That the id has a lock file does not hang on anybody's locking it.
	db.signIn(t, idOne, bob, keysOf(1))
	must(t, db.RemoveAccount(t.Context(), bob))
	db.signIn(t, idTwo, alice, keysOf(1))
	must(t, db.AddSignIn(t.Context(), request(idThree, ""), keysOf(1)))
	for _, id := range []string{idOne, idTwo, idThree} {
		if _, err := os.Stat(db.lockFile(id)); err != nil {
			t.Errorf("no lock file: %v", err)
		}
	}
	want("with rows")
	must(t, os.WriteFile(db.lockFile("memory-"+idOne), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(db.locks, idOne[:25]), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(db.locks, idOne+".lock.old"), nil, 0o600))
	want("with files of others")
	for table, id := range map[string]string{"revocations": idOne, "sessions": idTwo, "sign_ins": idThree} {
		db.exec(t, `DELETE FROM `+table)
		want("lost "+table, id)
		must(t, db.ForgetOrphan(t.Context(), id))
		must(t, db.ForgetOrphan(t.Context(), id)) // again is no error
		want("forgotten " + table)
	}
	mustCode(t, db.ForgetOrphan(t.Context(), "../test.db"), latchkey.Internal)
	mustCode(t, db.AddSignIn(t.Context(), request("../test.db", ""), keysOf(1)), latchkey.Internal)
}

// The files of an id go with its last row, the one of its keys in memory too.
func TestForgottenIDsLeaveNothing(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(db *DB) error{
		"attempt":    func(db *DB) error { return db.RemoveSignIn(t.Context(), idOne) },
		"revocation": func(db *DB) error { return db.RemoveRevocation(t.Context(), idOne) },
		"orphan":     func(db *DB) error { return db.ForgetOrphan(t.Context(), idOne) },
	} {
		for _, openFilesStay := range []bool{false, true} { // as on Windows
			t.Run(fmt.Sprintf("%s, open files stay: %v", name, openFilesStay), func(t *testing.T) {
				db := mustOpen(t, t.TempDir())
				held := map[string]func(){}
				if openFilesStay {
					db.remove = func(file string) error {
						for name := range held {
							if db.lockFile(name) == file {
								return os.ErrPermission
							}
						}
						return os.Remove(file)
					}
				}
				for _, name := range []string{idOne, "memory-" + idOne} {
					unlock, err := db.Lock(t.Context(), name)
					must(t, err)
					held[name] = unlock
				}
				must(t, forget(db))
				for name, unlock := range held {
					delete(held, name)
					unlock()
				}
				entries, err := os.ReadDir(db.locks)
				if err != nil || len(entries) != 2 { // migrations, and that it is open
					t.Errorf("left: %v, %v", entries, err)
				}
			})
		}
	}
}
