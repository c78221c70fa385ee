package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	latchkey "latchkey/backend"
)

// lockPoll is how often a lock that another process holds is asked for again.
const lockPoll = 20 * time.Millisecond

// Lock implements [latchkey.Store]. The lock is a file lock: it ends with the process that
// holds it, however that ends. Each call opens the file anew, so that goroutines of one process
// exclude each other just as processes do.
func (db *DB) Lock(ctx context.Context, id string) (func(), error) {
	if id == "" || filepath.Base(id) != id {
		return nil, latchkey.NewError(latchkey.Internal, errors.New("not an id"))
	}
	lock := flock.New(db.lockFile(id), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		code := latchkey.StorageFailed
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			code = latchkey.StorageBusy
		}
		return nil, latchkey.NewError(code, err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// forgetLock removes the lock file of an id that is gone. Whoever still waits for the old file will
// find no row, as will whoever makes a new one: ids are never used again.
func (db *DB) forgetLock(id string) {
	_ = os.Remove(db.lockFile(id))
}

func (db *DB) lockFile(id string) string { return filepath.Join(db.locks, id+".lock") }
