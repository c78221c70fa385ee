package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// idLength is that of crypto/rand.Text, which makes the ids of attempts and sessions.
const idLength = 26

// Orphans implements [latchkey.Store]. Each id was locked when its attempt began, and its lock file
// goes with its last row: what is left over tells of rows that got lost with a database.
func (db *DB) Orphans(ctx context.Context) ([]string, error) {
	// The files first: an attempt that begins in between has a row by the time that rows are read, or
	// holds its lock.
	ids, err := db.lockedIDs()
	if err != nil {
		return nil, failed(err)
	}
	rows, err := list(ctx, db, `SELECT id FROM sign_ins UNION SELECT id FROM sessions UNION SELECT id FROM revocations`, scanText)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, id := range rows {
		known[id] = true
	}
	return slices.DeleteFunc(ids, func(id string) bool { return known[id] }), nil
}

// lockedIDs are the ids that have a lock file.
func (db *DB) lockedIDs() ([]string, error) {
	files, err := os.ReadDir(db.locks)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, file := range files {
		if id, ok := strings.CutSuffix(file.Name(), ".lock"); ok && len(id) == idLength {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// ForgetOrphan implements [latchkey.Store].
func (db *DB) ForgetOrphan(_ context.Context, id string) error {
	if err := validID(id); err != nil {
		return err
	}
	db.forgetLock(id)
	return nil
}
