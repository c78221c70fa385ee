package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const selectAccounts = `SELECT a.did, a.handle, a.server, a.status, a.reason, a.last_used, coalesce(s.scopes, '')
	FROM accounts a LEFT JOIN sessions s ON s.did = a.did`

// Accounts implements [latchkey.Store].
func (db *DB) Accounts(ctx context.Context) ([]latchkey.Account, error) {
	rows, err := db.sql.QueryContext(ctx, selectAccounts+` ORDER BY a.last_used DESC, a.did`)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = rows.Close() }()
	accounts := []latchkey.Account{}
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, failed(err)
		}
		accounts = append(accounts, a)
	}
	return accounts, failed(rows.Err())
}

// Account implements [latchkey.Store].
func (db *DB) Account(ctx context.Context, did syntax.DID) (latchkey.Account, error) {
	a, err := scanAccount(db.sql.QueryRowContext(ctx, selectAccounts+` WHERE a.did = ?`, did.String()))
	if errors.Is(err, sql.ErrNoRows) {
		return latchkey.Account{}, latchkey.NewError(latchkey.AccountUnknown, nil)
	}
	return a, failed(err)
}

func scanAccount(row interface{ Scan(...any) error }) (a latchkey.Account, err error) {
	var lastUsed int64
	var scopes string
	err = row.Scan(&a.DID, &a.Handle, &a.Server, &a.Status, &a.Reason, &lastUsed, &scopes)
	a.LastUsed, a.Scopes = fromMillis(lastUsed), strings.Fields(scopes)
	return a, err
}

// SaveAccount implements [latchkey.Store].
func (db *DB) SaveAccount(ctx context.Context, a latchkey.Account) error {
	return db.write(ctx, func(tx *sql.Tx) error { return saveAccount(ctx, tx, a) })
}

func saveAccount(ctx context.Context, tx *sql.Tx, a latchkey.Account) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (did, handle, server, status, reason, last_used) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (did) DO UPDATE SET handle = excluded.handle, server = excluded.server,
		status = excluded.status, reason = excluded.reason, last_used = excluded.last_used`,
		a.DID.String(), string(a.Handle), a.Server, string(a.Status), string(a.Reason), millis(a.LastUsed))
	return err
}

// RemoveAccount implements [latchkey.Store].
func (db *DB) RemoveAccount(ctx context.Context, did syntax.DID) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := retireSession(ctx, tx, did); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM accounts WHERE did = ?`, did.String())
		return one(result, err, latchkey.AccountUnknown)
	})
}
