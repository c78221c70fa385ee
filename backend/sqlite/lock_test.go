package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// hostile: 33, 34
func TestLockExcludes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	handles := []*DB{mustOpen(t, dir), mustOpen(t, dir)} // as two processes have them
	var inside, most atomic.Int32
	var work sync.WaitGroup
	for i := range 16 {
		work.Go(func() {
			unlock, err := handles[i%2].Lock(t.Context(), "one")
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			inside.Add(-1)
			unlock()
		})
	}
	work.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock at once", most.Load())
	}
}

func TestLocksOfOthersAreFree(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	unlock, err := db.Lock(t.Context(), "one")
	must(t, err)
	defer unlock()
	other, err := db.Lock(t.Context(), "two")
	must(t, err)
	other()
}

func TestLockEndsWithItsWaiting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, other := mustOpen(t, dir), mustOpen(t, dir)
	unlock, err := db.Lock(t.Context(), "one")
	must(t, err)
	for _, end := range []func(context.Context) (context.Context, context.CancelFunc){
		func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		},
		func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		_, err := other.Lock(ctx, "one")
		cancel()
		mustCode(t, err, latchkey.StorageBusy)
	}
	unlock()
	unlock, err = other.Lock(t.Context(), "one")
	must(t, err)
	unlock()
}

// Time that ended before the lock was asked for doesn't make a free one busy.
func TestLockFreeAfterTheTime(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	unlock, err := db.Lock(ctx, "one")
	must(t, err)
	unlock()
}

func TestLockTakesIDsOnly(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	for _, id := range []string{"", "../one", "a/b", "/etc/passwd"} {
		_, err := db.Lock(t.Context(), id)
		mustCode(t, err, latchkey.Internal)
	}
}

// A lock file goes with the last row of its id.
func TestLockFilesDoNotPileUp(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	lockOnce := func(id string) {
		unlock, err := db.Lock(t.Context(), id)
		must(t, err)
		unlock()
	}
	must(t, db.AddSignIn(t.Context(), request("given up", ""), keysOf(1)))
	lockOnce("given up")
	must(t, db.RemoveSignIn(t.Context(), "given up"))
	db.signIn(t, "signed out", alice, keysOf(1))
	lockOnce("signed out")
	must(t, db.RemoveAccount(t.Context(), alice))
	must(t, db.RemoveRevocation(t.Context(), "signed out"))
	var left []string
	entries, err := os.ReadDir(db.locks)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if err != nil || !slices.Equal(left, []string{"migration.lock", "open.lock"}) {
		t.Errorf("lock files left: %v, %v", left, err)
	}
}

// lockAndForget takes the lock again and again, and removes its file each time. A file that only one
// may make at a time shows whether anybody else is inside.
func lockAndForget(db *DB, dir string, rounds int) error {
	inside := filepath.Join(dir, "inside")
	for range rounds {
		unlock, err := db.Lock(context.Background(), idOne)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(inside, os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			err = errors.Join(f.Close(), os.Remove(inside))
		}
		db.forgetLock(idOne)
		unlock()
		if err != nil {
			return fmt.Errorf("somebody else is inside: %w", err)
		}
	}
	return nil
}

// A lock file may be removed while others are about to lock it.
func TestForgottenLocksExclude(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const rounds = 500
	o := usual()
	o.poll = time.Microsecond // the moment to hit is between opening a file and locking it
	other := startChild(t, "lock", dir, fmt.Sprint(rounds))
	other.mustSay(t, "ready")
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			db, err := openIn(dir, o)
			if err == nil {
				err = errors.Join(lockAndForget(db, dir, rounds), db.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	other.finish(t)
}
