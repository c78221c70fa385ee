package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	latchkey "latchkey/backend"
)

// Condition is what can be said of a database without opening it for work.
type Condition struct {
	// Exists is false before anybody started the program here.
	Exists bool
	Bytes  int64
	// Schema is the number of the last migration that the file went through, Latest that of this
	// build. A file with an older one is brought up to date when it is opened.
	Schema, Latest int64

	// Active are the accounts that are signed in; Ended counts the others by reason.
	Active   int
	Ended    map[latchkey.Code]int
	InMemory int // sessions whose keys are in the memory of a program
	SignIns  int // that wait for their person
	// Revocations are sign-outs that a server was not told of yet.
	Revocations int
	// EmailProvider is what the person chose; empty without a choice.
	EmailProvider string
}

// Inspect looks at the database at path and changes nothing in it: it makes no file that is not there,
// puts nothing aside and migrates nothing; SQLite may leave an empty log beside it. The error carries a
// Storage code; what was found until then is answered, too.
//
// former are the former paths of the database, as [Open] has them.
func Inspect(ctx context.Context, path string, former ...string) (Condition, error) {
	path, err := placeOf(path, former)
	if err != nil {
		return Condition{}, failed(err)
	}
	c, err := inspect(ctx, path, usual())
	return c, failed(err)
}

func inspect(ctx context.Context, path string, o options) (c Condition, err error) {
	if c.Latest, err = latest(o.schema); err != nil {
		return c, err
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if !info.Mode().IsRegular() {
		return c, errors.New("the database is not a regular file")
	}
	c.Exists, c.Bytes = true, info.Size()
	db := &DB{path: path, options: o}
	tables, err := db.read(ctx, readOnly(path, o.busy))
	if err != nil {
		return c, err
	}
	if tables == 0 {
		return c, nil
	}
	pool, err := sql.Open("sqlite", readOnly(path, o.busy))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := pool.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&c.Schema); err != nil {
		return c, err
	}
	if c.Schema != c.Latest {
		return c, nil // its tables may be others
	}
	return c, c.count(ctx, pool)
}

// count reads how many rows there are, and nothing of what they say but the reasons.
func (c *Condition) count(ctx context.Context, pool *sql.DB) error {
	rows, err := pool.QueryContext(ctx, `SELECT status, reason, count(*) FROM accounts GROUP BY status, reason`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	c.Ended = map[latchkey.Code]int{}
	for rows.Next() {
		var status latchkey.Status
		var reason latchkey.Code
		var n int
		if err := rows.Scan(&status, &reason, &n); err != nil {
			return err
		}
		if status == latchkey.Active {
			c.Active += n
		} else {
			c.Ended[reason] += n
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return pool.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM settings WHERE key = ?), ''),
		(SELECT count(*) FROM sessions WHERE in_memory = 1),
		(SELECT count(*) FROM sign_ins WHERE used = 0 AND deadline > ?),
		(SELECT count(*) FROM revocations)`, string(latchkey.EmailProvider), millis(time.Now())).Scan(&c.EmailProvider, &c.InMemory, &c.SignIns, &c.Revocations)
}

// Writable tells whether files can be made in a folder, or, while it is not there, in the one that it
// will be made in. Its error carries a Storage code.
func Writable(dir string) error {
	for {
		info, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
			dir = filepath.Dir(dir)
			continue
		}
		if err == nil && info.Mode().IsRegular() {
			err = errors.New("a file is in the place of a folder")
		}
		if err != nil {
			return failed(err)
		}
		break
	}
	f, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return failed(err)
	}
	_, err = f.WriteString("probe")
	return failed(errors.Join(err, f.Close(), os.Remove(f.Name())))
}
