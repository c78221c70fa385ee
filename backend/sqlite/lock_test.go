package sqlite

import (
	"context"
	"os"
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
	if left, err := os.ReadDir(db.locks); err != nil || len(left) != 1 || left[0].Name() != "migration.lock" {
		t.Errorf("lock files left: %v, %v", left, err)
	}
}
