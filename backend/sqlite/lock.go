package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	latchkey "latchkey/backend"
)

// Lock implements [latchkey.Store]. The lock is a file lock: it ends with the process that
// holds it, however that ends. Each call opens the file anew, so that goroutines of one process
// exclude each other just as processes do. It is tried once even when ctx has ended by then: whoever
// gives it a short time only to learn whether the lock is free would be told that it is not when the
// computer is busy.
func (db *DB) Lock(ctx context.Context, id string) (func(), error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	lock, err := db.lockNamed(ctx, id)
	if err != nil {
		code := latchkey.CodeOf(failed(err))
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			code = latchkey.StorageBusy
		}
		return nil, latchkey.NewError(code, err)
	}
	return func() {
		_ = lock.Unlock()
		if _, late := db.forgotten.LoadAndDelete(id); late {
			_ = db.remove(db.lockFile(id))
		}
	}, nil
}

// lockNamed locks the file that has the name when the lock is held. The one that was opened may have
// been removed before it was locked, and somebody else may hold a new one by then.
func (db *DB) lockNamed(ctx context.Context, id string) (*flock.Flock, error) {
	for {
		lock := flock.New(db.lockFile(id), flock.SetPermissions(0o600))
		locked, err := lock.TryLock()
		if err == nil && !locked {
			_, err = lock.TryLockContext(ctx, db.poll)
		}
		if err != nil {
			return nil, err
		}
		held, err := lock.Stat()
		if err == nil {
			var named fs.FileInfo
			if named, err = os.Stat(db.lockFile(id)); err == nil && os.SameFile(held, named) {
				return lock, nil
			}
		}
		_ = lock.Unlock()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// forgetLock removes the lock files of an id that is gone, its own and the one that tells that its
// keys are in the memory of a process. Whoever waits for the lock will make a new file and find no
// row: ids are never used again.
//
// Windows removes no file that is open, and whoever forgets an id usually has its lock: the file then
// goes with the lock.
func (db *DB) forgetLock(id string) {
	for _, name := range []string{id, "memory-" + id} {
		if err := db.remove(db.lockFile(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			db.forgotten.Store(name, true)
		}
	}
}

func (db *DB) lockFile(id string) string { return filepath.Join(db.locks, id+".lock") }

// validID keeps what is no file name from becoming a path.
func validID(id string) error {
	if id == "" || filepath.Base(id) != id {
		return latchkey.NewError(latchkey.Internal, errors.New("not an id"))
	}
	return nil
}
