package sqlite

import (
	"context"
	"database/sql"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// usedMost is how many accounts are kept that were signed out.
const usedMost = 5

// UsedAccounts implements [latchkey.Store].
func (db *DB) UsedAccounts(ctx context.Context) ([]latchkey.UsedAccount, error) {
	return list(ctx, db, `SELECT did, handle, server FROM used_accounts ORDER BY last_used DESC, did`, func(rows *sql.Rows) (a latchkey.UsedAccount, err error) {
		err = rows.Scan(&a.DID, &a.Handle, &a.Server)
		return a, err
	})
}

// ForgetUsed implements [latchkey.Store].
func (db *DB) ForgetUsed(ctx context.Context, did syntax.DID) error {
	return db.write(ctx, func(tx *sql.Tx) error { return forgetUsed(ctx, tx, did) })
}

func forgetUsed(ctx context.Context, tx *sql.Tx, did syntax.DID) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM used_accounts WHERE did = ?`, did.String())
	return err
}

// keepUsed is for an account that is about to go. One that needs a sign-in was removed, not signed out:
// its person wants to see no more of it.
func keepUsed(ctx context.Context, tx *sql.Tx, did syntax.DID) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO used_accounts (did, handle, server, last_used)
		SELECT did, handle, server, last_used FROM accounts WHERE did = ? AND status = ?`, did.String(), string(latchkey.Active))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM used_accounts WHERE did NOT IN
		(SELECT did FROM used_accounts ORDER BY last_used DESC, did LIMIT ?)`, usedMost)
	return err
}
