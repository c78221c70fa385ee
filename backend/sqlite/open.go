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
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"

	latchkey "latchkey/backend"
)

//go:embed migrations/*.sql
var migrations embed.FS

// options are what only tests change.
type options struct {
	schema fs.FS         // the migrations
	busy   time.Duration // how long a statement waits for another writer
	poll   time.Duration // how often a lock that somebody else holds is asked for again
	rename func(from, to string) error
	remove func(string) error
}

func usual() options {
	schema, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name is not a path
	}
	return options{schema: schema, busy: 5 * time.Second, poll: 20 * time.Millisecond, rename: os.Rename, remove: os.Remove}
}

// connections is how many one process has at most; [DB.Version] keeps one of them.
const connections = 8

// Open opens the database at path, makes it if it is not there, and brings its schema up to date.
// Lock files go to the folder locks. Folders are made with mode 0700, files with 0600. Errors carry
// a Storage code. Nothing that is already there is overwritten: what can't be read as a database is
// put aside under another name beside it, and a new one begun (see [DB.Notices]). Other errors, such
// as a full disk, a busy file or a missing permission, leave everything where it is.
//
// former are paths in the same folder that the database had before. Where there is none at path, the first one that
// there is moves there, unless another process has it open: StorageBusy.
func Open(ctx context.Context, path, locks string, former ...string) (*DB, error) {
	return open(ctx, path, locks, usual(), former...)
}

func open(ctx context.Context, path, locks string, o options, former ...string) (*DB, error) {
	for _, dir := range []string{filepath.Dir(path), locks} {
		if err := privateDir(dir); err != nil {
			return nil, failed(err)
		}
	}
	db := &DB{path: path, locks: locks, options: o}
	// Two processes that start at once take turns: the migrations of goose do not know of each other
	// (observed), and nobody may be at work in a file that is put aside.
	unlock, err := db.Lock(ctx, "migration")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := db.takeOver(former); err != nil {
		return nil, failed(err)
	}
	err = db.start(ctx)
	if damaged(err) {
		if err := db.putAside(err); err != nil {
			return nil, err
		}
		db.notices = []latchkey.Code{latchkey.StorageReplaced}
		err = db.start(ctx)
	}
	if err == nil {
		if err = db.beHere(); err != nil {
			_ = db.sql.Close()
		}
	}
	if err != nil {
		return nil, failed(err)
	}
	return db, nil
}

// start opens what lies at path. Nothing is written before all of it was found readable.
func (db *DB) start(ctx context.Context) error {
	tables, err := db.examine(ctx)
	if err != nil {
		return err
	}
	if tables == 0 && db.notices == nil {
		if ids, err := db.lockedIDs(); err != nil {
			return err
		} else if len(ids) > 0 {
			db.notices = []latchkey.Code{latchkey.StorageEmptied}
		}
	}
	if db.sql, err = sql.Open("sqlite", dsn(db.path, db.busy)); err != nil {
		return err
	}
	// Opening a connection costs more than the questions of a call, and by default all but two are closed
	// again as soon as they are idle. Nothing here needs a second one while it has one.
	db.sql.SetMaxOpenConns(connections)
	db.sql.SetMaxIdleConns(connections)
	if err := db.migrate(ctx); err != nil {
		return errors.Join(err, db.sql.Close())
	}
	return nil
}

// migrate brings the schema up to date, each migration in one transaction.
func (db *DB) migrate(ctx context.Context) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.sql, db.schema)
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > want {
		return newer(have, want)
	}
	if have == want {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

func newer(have, want int64) error {
	return latchkey.NewError(latchkey.StorageNewer, fmt.Errorf("schema %d, this build knows %d", have, want))
}

// beHere tells other processes that the file is in use, for as long as this one has it open.
func (db *DB) beHere() error {
	db.here = flock.New(db.lockFile(inUse), flock.SetPermissions(0o600))
	if ok, err := db.here.TryRLock(); err != nil {
		return err
	} else if !ok { // somebody puts the file aside without the lock of migrations, which can't be
		return latchkey.NewError(latchkey.StorageBusy, nil)
	}
	return nil
}

// dsn has all pragmas: each connection of the pool is opened with it.
func dsn(path string, busy time.Duration) string {
	return address(path, url.Values{
		"_pragma": {timeout(busy), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)"},
		"_txlock": {"immediate"},
	})
}

// readOnly changes nothing, not even at its end: one that may write brings the log into the file
// (https://sqlite.org/wal.html#ckpt).
func readOnly(path string, busy time.Duration) string {
	return address(path, url.Values{"_pragma": {timeout(busy), "trusted_schema(0)"}, "mode": {"ro"}})
}

func timeout(busy time.Duration) string { return fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()) }

// address escapes the path, or a question mark in it would open another file.
func address(path string, q url.Values) string {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) // #nosec G302 -- a folder needs its x bit
}

// privateFile makes a file with mode 0600, or gives that mode to the one that is there.
func privateFile(path string) error {
	err := private(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- our own path
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// private gives a file the mode 0600. A link is refused: it may lead anywhere. The file is not opened
// for it: closing a database would end the locks that SQLite has on it elsewhere in this process
// (https://sqlite.org/howtocorrupt.html, section 2.2).
func private(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", filepath.Base(path))
	}
	return os.Chmod(path, 0o600)
}
