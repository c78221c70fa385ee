package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/gofrs/flock"

	latchkey "latchkey/backend"
)

// takeOver moves the database here from the first of its former paths that has one, if there is none here yet. The
// caller has the lock of migrations. The file itself goes last: whoever was killed on the way goes on with the next
// start, and what is not in the file yet but beside it is never lost.
func (db *DB) takeOver(former []string) error {
	at, err := placeOf(db.path, former)
	if err != nil || at == db.path {
		return err
	}
	alone := flock.New(db.lockFile(inUse), flock.SetPermissions(0o600))
	if ok, err := alone.TryLock(); err != nil {
		return err
	} else if !ok {
		return latchkey.NewError(latchkey.StorageBusy, errors.New("another process has it open under its former name"))
	}
	defer func() { _ = alone.Unlock() }()
	return db.move(at, db.path, append(slices.Clone(besides), ""))
}

// placeOf returns where the database is: at path, or at the first of its former paths where there is one; path
// where there is none at all.
func placeOf(path string, former []string) (string, error) {
	for _, at := range append([]string{path}, former...) {
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
			return at, err
		}
	}
	return path, nil
}
