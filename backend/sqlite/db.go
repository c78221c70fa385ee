package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
	sqlite3 "modernc.org/sqlite/lib"

	latchkey "latchkey/backend"
)

// DB implements [latchkey.Store].
type DB struct {
	sql     *sql.DB
	path    string
	locks   string // folder of the lock files
	here    *flock.Flock
	notices []latchkey.Code
	options

	watching sync.Mutex
	watcher  *sql.Conn // the connection that Version asks; nil before
	seen     int64     // what it answered last
	version  int64

	forgotten sync.Map // names of lock files that could not be removed yet
}

var _ latchkey.Store = (*DB)(nil)

// Close gives the database back.
func (db *DB) Close() error {
	db.watching.Lock()
	defer db.watching.Unlock()
	db.forgetWatcher()
	return errors.Join(db.sql.Close(), db.here.Unlock())
}

func (db *DB) forgetWatcher() {
	if db.watcher != nil {
		_ = db.watcher.Close()
		db.watcher = nil
	}
}

// Notices implements [latchkey.Store]. They hold for this run: at the next start the new database is
// as any other, whether or not the keychain items of the lost rows were deleted by then.
func (db *DB) Notices() []latchkey.Code { return slices.Clone(db.notices) }

// Version implements [latchkey.Store]. SQLite counts the commits of other connections only
// (https://sqlite.org/pragma.html#pragma_data_version), so the question goes over one that never
// writes. Its numbers say nothing beside those of another connection, so that the count is our own.
func (db *DB) Version(ctx context.Context) (int64, error) {
	db.watching.Lock()
	defer db.watching.Unlock()
	fresh := db.watcher == nil
	if fresh {
		watcher, err := db.sql.Conn(ctx)
		if err != nil {
			return 0, failed(err)
		}
		db.watcher = watcher
	}
	if err := ctx.Err(); err != nil {
		return 0, failed(err)
	}
	var now int64
	// An answer takes no time, and one that was broken off would cost the connection.
	if err := db.watcher.QueryRowContext(context.WithoutCancel(ctx), `PRAGMA data_version`).Scan(&now); err != nil {
		db.forgetWatcher() // whatever is wrong with it, the next one is fresh
		return 0, failed(err)
	}
	if fresh || now != db.seen { // what came before a fresh one may have been missed
		db.seen = now
		db.version++
	}
	return db.version, nil
}

// failed gives an error of the database its code.
func failed(err error) error {
	var known *latchkey.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	is := latchkey.StorageFailed
	switch p := primary(err); {
	case p == sqlite3.SQLITE_BUSY || p == sqlite3.SQLITE_LOCKED:
		is = latchkey.StorageBusy
	case noRoom(err):
		is = latchkey.StorageFull
	case damaged(err):
		is = latchkey.StorageDamaged
	}
	return latchkey.NewError(is, err)
}

// write runs f in one transaction that takes the write lock at once.
func (db *DB) write(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return failed(err)
	}
	if err := f(tx); err != nil {
		return failed(errors.Join(err, tx.Rollback()))
	}
	return failed(tx.Commit())
}

// list reads all rows of a query.
func list[T any](ctx context.Context, db *DB, query string, scan func(*sql.Rows) (T, error)) ([]T, error) {
	rows, err := db.sql.QueryContext(ctx, query)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = rows.Close() }()
	all := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, failed(err)
		}
		all = append(all, item)
	}
	return all, failed(rows.Err())
}

// one demands that a statement changed exactly one row.
func one(result sql.Result, err error, otherwise latchkey.Code) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return latchkey.NewError(otherwise, nil)
	}
	return nil
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
