package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	latchkey "latchkey/backend"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB implements [latchkey.Store].
type DB struct {
	sql   *sql.DB
	locks string // folder of the lock files

	watching sync.Mutex
	watcher  *sql.Conn // the connection that Version asks; nil before
}

var _ latchkey.Store = (*DB)(nil)

// Open opens the database at path, makes it if it is not there, and brings its schema up to date.
// Lock files go to the folder locks. Folders are made with mode 0700, files with 0600. Errors carry
// StorageFailed, StorageBusy, StorageDamaged or StorageNewer; nothing that is already there is
// overwritten.
func Open(ctx context.Context, path, locks string) (*DB, error) {
	for _, dir := range []string{filepath.Dir(path), locks} {
		if err := privateDir(dir); err != nil {
			return nil, latchkey.NewError(latchkey.StorageFailed, err)
		}
	}
	if err := privateFile(path); err != nil {
		return nil, latchkey.NewError(latchkey.StorageFailed, err)
	}
	pool, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, latchkey.NewError(latchkey.StorageFailed, err)
	}
	db := &DB{sql: pool, locks: locks}
	if err := db.migrate(ctx); err != nil {
		_ = pool.Close()
		return nil, failed(err)
	}
	return db, nil
}

// Close gives the database back.
func (db *DB) Close() error {
	db.watching.Lock()
	defer db.watching.Unlock()
	db.forgetWatcher()
	return db.sql.Close()
}

func (db *DB) forgetWatcher() {
	if db.watcher != nil {
		_ = db.watcher.Close()
		db.watcher = nil
	}
}

// Notices implements [latchkey.Store].
func (db *DB) Notices() []latchkey.Code { return nil }

// Version implements [latchkey.Store]. SQLite counts the commits of other connections only
// (https://sqlite.org/pragma.html#pragma_data_version), so the question goes over one that never writes.
func (db *DB) Version(ctx context.Context) (version int64, err error) {
	db.watching.Lock()
	defer db.watching.Unlock()
	if db.watcher == nil {
		if db.watcher, err = db.sql.Conn(ctx); err != nil {
			return 0, failed(err)
		}
	}
	if err = db.watcher.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err != nil {
		db.forgetWatcher() // whatever is wrong with it, the next one is fresh
	}
	return version, failed(err)
}

// dsn has all pragmas: each connection of the pool is opened with it. The path is escaped, or a
// question mark in it would open another file.
func dsn(path string) string {
	q := url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)"},
		"_txlock": {"immediate"},
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) // #nosec G302 -- a folder needs its x bit
}

// privateFile makes the file before SQLite does, because SQLite would make it readable for others;
// the files beside it (-wal, -shm) take over its mode. A link is refused: it may lead anywhere.
func privateFile(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", filepath.Base(path))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- our own path
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// migrate brings the schema up to date. Two processes that start at once take turns: the migrations
// of goose do not know of each other (observed).
func (db *DB) migrate(ctx context.Context) error {
	unlock, err := db.Lock(ctx, "migration")
	if err != nil {
		return err
	}
	defer unlock()
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.sql, dir)
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return latchkey.NewError(latchkey.StorageNewer, fmt.Errorf("schema %d, this build knows %d", have, want))
	}
	if have == want {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

// failed gives an error of the database its code.
func failed(err error) error {
	var known *latchkey.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	code := latchkey.StorageFailed
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			code = latchkey.StorageBusy
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			code = latchkey.StorageDamaged
		}
	}
	return latchkey.NewError(code, err)
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
