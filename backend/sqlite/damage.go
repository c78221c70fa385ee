package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	latchkey "latchkey/backend"
)

// besides are the endings of the files that belong to a database
// (https://sqlite.org/tempfiles.html): without them it is another one.
var besides = []string{"-wal", "-shm", "-journal"}

// inUse names the lock that each process shares while it has the database open.
const inUse = "open"

// errUnsound is a database that opens, and whose inside is not as it should be.
var errUnsound = errors.New("the database is not sound")

// examine makes sure that there is a file at path and reads through all of it, without a change to
// it. It answers how many tables there are: none in a new one.
func (db *DB) examine(ctx context.Context) (tables int, err error) {
	if err := privateFile(db.path); err != nil {
		return 0, err
	}
	for _, ending := range besides {
		if err := private(db.path + ending); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	info, err := os.Lstat(db.path)
	if err != nil {
		return 0, err
	}
	if info.Size() < 2 { // SQLite takes one byte for none (os_unix.c, unixFileSize)
		log, err := os.Lstat(db.path + "-wal")
		if err != nil || log.Size() == 0 {
			return 0, nil //nolint:nilerr // nothing there, and nothing to read
		}
		// SQLite deletes the log of an empty file (observed), and what it holds may be everything there
		// ever was. If there is something in the file, it reads the log.
		if err := os.Truncate(db.path, 2); err != nil {
			return 0, err
		}
	}
	tables, err = db.read(ctx, readOnly(db.path, db.busy))
	if primary(err) == sqlite3.SQLITE_READONLY {
		// A transaction that was interrupted has to be taken back first, and its journal is deleted
		// whether or not that helped (https://sqlite.org/lockingv3.html#hot_journals).
		tables, err = db.readCopy(ctx)
	}
	return tables, err
}

// readCopy does with a copy what can't be done without changes.
func (db *DB) readCopy(ctx context.Context) (tables int, err error) {
	dir := db.path + ".copy"
	if err := os.RemoveAll(dir); err != nil { // of somebody who was killed here
		return 0, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, filepath.Base(db.path))
	for _, ending := range []string{"", "-wal", "-journal"} { // the index of the log is made anew
		content, err := os.ReadFile(db.path + ending) // #nosec G304 -- our own path
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := os.WriteFile(copied+ending, content, 0o600); err != nil {
			return 0, err
		}
	}
	return db.read(ctx, dsn(copied, db.busy))
}

func (db *DB) read(ctx context.Context, dsn string) (tables int, err error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	// The number in the file's header can be read whatever the schema is like; this build may take a
	// newer one for a damaged one.
	var have int64
	if err := pool.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&have); err != nil {
		return 0, err
	}
	want, err := latest(db.schema)
	if err != nil {
		return 0, err
	}
	if have > want {
		return 0, newer(have, want)
	}
	var verdict string
	if err := pool.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return 0, err
	}
	if verdict != "ok" {
		return 0, fmt.Errorf("%w: %s", errUnsound, verdict)
	}
	err = pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> ?`, goose.DefaultTablename).Scan(&tables)
	return tables, err
}

// latest is the number of the last migration.
func latest(schema fs.FS) (last int64, err error) {
	names, err := fs.Glob(schema, "*.sql")
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		last = max(last, n)
	}
	return last, err
}

// damaged tells a file that is no database, or not a whole one, from everything that may be otherwise
// the next time: what is busy, full, not permitted or not to be read right now stays where it is.
func damaged(err error) bool {
	return primary(err) == sqlite3.SQLITE_NOTADB || primary(err) == sqlite3.SQLITE_CORRUPT || errors.Is(err, errUnsound)
}

// code is the result code of SQLite in err, with its details; 0 for none.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code()
}

// primary is the result code of SQLite in err, without its details
// (https://sqlite.org/rescode.html#primary_result_codes_versus_extended_result_codes); 0 for none.
func primary(err error) int { return code(err) & 0xff }

// putAside gives the database and the files beside it another name, one that is free; together they
// can still be looked at there. All of them go or none: the error has the code StorageDamaged.
//
// Another process that has the file open would go on writing to it under its new name, and what is
// saved there would be gone the next time. So while there is one, nothing is put aside; on Windows it
// could not be in any case. The lock of migrations keeps everybody from opening it meanwhile.
func (db *DB) putAside(why error) error {
	alone := flock.New(db.lockFile(inUse), flock.SetPermissions(0o600))
	if ok, err := alone.TryLock(); err != nil || !ok {
		return latchkey.NewError(latchkey.StorageDamaged, errors.Join(why, err, errors.New("another process has it open")))
	}
	defer func() { _ = alone.Unlock() }()
	name, err := db.freeName()
	if err != nil {
		return latchkey.NewError(latchkey.StorageDamaged, errors.Join(why, err))
	}
	if err := db.move(db.path, name, append([]string{""}, besides...)); err != nil {
		return latchkey.NewError(latchkey.StorageDamaged, errors.Join(why, err))
	}
	return nil
}

// move gives the files of a database another name, in the order of their endings. Those beside it need not be
// there. All of them go or none.
func (db *DB) move(from, to string, endings []string) error {
	for i, ending := range endings {
		err := db.rename(from+ending, to+ending)
		if err == nil || ending != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, ending := range slices.Backward(endings[:i]) {
			if back := db.rename(to+ending, from+ending); !errors.Is(back, fs.ErrNotExist) {
				err = errors.Join(err, back)
			}
		}
		return err
	}
	return nil
}

// freeName says when the file was put aside, so that names sort by time.
func (db *DB) freeName() (string, error) {
	base := db.path + ".damaged-" + time.Now().UTC().Format("20060102T150405Z")
	name := base
	for n := 2; ; n++ {
		taken, err := anyOf(name)
		if err != nil || !taken {
			return name, err
		}
		name = fmt.Sprintf("%s.%d", base, n)
	}
}

// anyOf tells whether there is a database of this name, or one of the files beside it.
func anyOf(name string) (bool, error) {
	for _, ending := range append([]string{""}, besides...) {
		if _, err := os.Lstat(name + ending); !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// noRoom knows the errors of a full disk. That a file can't be enlarged to map it into memory says the
// same (https://sqlite.org/rescode.html#ioerr_shmsize, observed when a database is opened). Windows has numbers of its own for it, ERROR_HANDLE_DISK_FULL
// and ERROR_DISK_FULL.
func noRoom(err error) bool {
	if primary(err) == sqlite3.SQLITE_FULL || code(err) == sqlite3.SQLITE_IOERR_SHMSIZE {
		return true
	}
	if runtime.GOOS == "windows" {
		return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
