package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	latchkey "latchkey/backend"
)

// former is a folder with a database under its former name, in which alice is signed in, and what belongs to it: as
// somebody leaves it who is killed.
func former(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := Open(t.Context(), filepath.Join(dir, "former.db"), filepath.Join(dir, "locks"))
	must(t, err)
	db.signIn(t, "one", alice, keysOf(1))
	left := t.TempDir()
	for _, ending := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, "former.db"+ending))
		must(t, err)
		if len(content) == 0 {
			t.Fatalf("nothing is in former.db%s", ending)
		}
		must(t, os.WriteFile(filepath.Join(left, "former.db"+ending), content, 0o600))
	}
	must(t, db.Close())
	return left
}

func openFormer(t *testing.T, dir string, o options) (*DB, error) {
	t.Helper()
	return open(t.Context(), filepath.Join(dir, "own.db"), filepath.Join(dir, "locks"), o, filepath.Join(dir, "former.db"))
}

// mustHaveAlice checks that alice is signed in in the database of this name, and that there is no other one.
func mustHaveAlice(t *testing.T, dir string) {
	t.Helper()
	db, err := openFormer(t, dir, usual())
	must(t, err)
	if _, err := db.Account(t.Context(), alice); err != nil {
		t.Errorf("what was in it is lost: %v", err)
	}
	must(t, db.Close())
	// A build that looks for it there finds no place for a new one.
	if db, err := Open(t.Context(), filepath.Join(dir, "former.db"), filepath.Join(dir, "locks")); err == nil {
		t.Error("a former build begins a new database")
		must(t, db.Close())
	}
	for _, ending := range besides {
		if taken, err := anyOf(filepath.Join(dir, "former.db"+ending)); err != nil || taken {
			t.Errorf("something stayed under the former name (%v)", err)
		}
	}
}

// A database that has another name now keeps what was in it, in its log too.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	dir := former(t)
	found, err := Inspect(t.Context(), filepath.Join(dir, "own.db"), filepath.Join(dir, "former.db"))
	if err != nil || found.Active != 1 {
		t.Errorf("before it is opened: %+v, %v", found, err)
	}
	mustHaveAlice(t, dir)
	mustHaveAlice(t, dir) // once more
}

// Whoever is killed between two files goes on with the next start; one that can't be moved keeps all of them where
// they were.
func TestTakeOverInterrupted(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{true, false} {
		for _, file := range []string{"former.db", "former.db-wal"} {
			dir, o := former(t), usual()
			broken := errors.New("broken")
			dead := false
			o.rename = func(from, to string) error {
				if dead || from == filepath.Join(dir, file) {
					dead = killed
					return broken
				}
				return os.Rename(from, to)
			}
			if _, err := openFormer(t, dir, o); !errors.Is(err, broken) {
				t.Fatalf("%s: got %v", file, err)
			}
			if taken, err := anyOf(filepath.Join(dir, "own.db")); !killed && (err != nil || taken) {
				t.Errorf("%s: a part of it has moved (%v)", file, err)
			}
			mustHaveAlice(t, dir)
		}
	}
}

// A program that still has it open would lose what it saves from now on.
func TestTakeOverInUse(t *testing.T) {
	t.Parallel()
	dir := former(t)
	theirs, err := Open(t.Context(), filepath.Join(dir, "former.db"), filepath.Join(dir, "locks"))
	must(t, err)
	_, err = openFormer(t, dir, usual())
	mustCode(t, err, latchkey.StorageBusy)
	must(t, theirs.Close())
	mustHaveAlice(t, dir)
}

// Where both are, the one under the product's own name counts, and the other one stays as it is.
func TestTakeOverNothing(t *testing.T) {
	t.Parallel()
	dir := former(t)
	db, err := Open(t.Context(), filepath.Join(dir, "own.db"), filepath.Join(dir, "locks"))
	must(t, err)
	must(t, db.Close())
	db, err = openFormer(t, dir, usual())
	must(t, err)
	_, err = db.Account(t.Context(), alice)
	mustCode(t, err, latchkey.AccountUnknown)
	must(t, db.Close())
	if taken, err := anyOf(filepath.Join(dir, "former.db")); err != nil || !taken {
		t.Errorf("the other one is gone (%v)", err)
	}
}
