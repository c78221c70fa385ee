package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	latchkey "latchkey/backend"
)

// idLength is that of crypto/rand.Text, which makes the ids of attempts and sessions.
const idLength = 26

// Orphans implements [latchkey.Store]. Each id was locked when its attempt began, and its lock file
// goes with its last row: what is left over tells of rows that got lost with a database.
func (db *DB) Orphans(ctx context.Context) ([]string, error) {
	// The files first: an attempt that begins in between has a row by the time that rows are read, or
	// holds its lock.
	files, err := os.ReadDir(db.locks)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, latchkey.NewError(latchkey.StorageFailed, err)
	}
	rows, err := list(ctx, db, `SELECT id FROM sign_ins UNION SELECT id FROM sessions UNION SELECT id FROM revocations`, scanText)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range rows {
		known[id] = true
	}
	var orphans []string
	for _, file := range files {
		id, ok := strings.CutSuffix(file.Name(), ".lock")
		if ok && len(id) == idLength && !known[id] {
			orphans = append(orphans, id)
		}
	}
	return orphans, nil
}

// ForgetOrphan implements [latchkey.Store].
func (db *DB) ForgetOrphan(_ context.Context, id string) error {
	db.forgetLock(id)
	return nil
}
