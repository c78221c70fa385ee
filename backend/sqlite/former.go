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
	if err := db.move(at, db.path, append(slices.Clone(besides), "")); err != nil {
		return err
	}
	// A former build that is started once more must not begin a new database there: it would take the sessions that it
	// does not find in it for lost, and remove their keys. It refuses what is not a file.
	return os.Mkdir(at, 0o700)
}

// placeOf returns where the database is: at path, or at the first of its former paths where there is one; path
// where there is none at all.
func placeOf(path string, former []string) (string, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	for _, at := range former {
		info, err := os.Lstat(at)
		if err == nil && info.Mode().IsRegular() {
			return at, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return path, nil
}
