package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const selectAccounts = `SELECT a.did, a.handle, a.server, a.status, a.reason, a.last_used, a.raised, a.confirmed,
	coalesce(s.scopes, ''), coalesce(s.created, 0), coalesce(s.renewed, 0), coalesce(s.ends, 0), coalesce(s.in_memory, 0)
	FROM accounts a LEFT JOIN sessions s ON s.did = a.did`

// Accounts implements [latchkey.Store].
func (db *DB) Accounts(ctx context.Context) ([]latchkey.Account, error) {
	return list(ctx, db, selectAccounts+` ORDER BY a.last_used DESC, a.did`, func(rows *sql.Rows) (latchkey.Account, error) { return scanAccount(rows) })
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
	var lastUsed, confirmed, created, renewed, ends int64
	var raised, scopes string
	err = row.Scan(&a.DID, &a.Handle, &a.Server, &a.Status, &a.Reason, &lastUsed, &raised, &confirmed, &scopes, &created, &renewed, &ends, &a.InMemory)
	a.LastUsed, a.Confirmed = fromMillis(lastUsed), fromMillis(confirmed)
	a.SignedIn, a.Renewed, a.SessionEnds = fromMillis(created), fromMillis(renewed), fromMillis(ends)
	a.Scopes = strings.Fields(scopes) // for the faces an empty list, never none
	if raised != "" {
		a.Raised = strings.Fields(raised)
	}
	return a, err
}

// SaveAccount implements [latchkey.Store].
func (db *DB) SaveAccount(ctx context.Context, a latchkey.Account) error {
	return db.write(ctx, func(tx *sql.Tx) error { return saveAccount(ctx, tx, a) })
}

// saveAccount leaves last_used of an account that is there alone.
func saveAccount(ctx context.Context, tx *sql.Tx, a latchkey.Account) error {
	if err := forgetUsed(ctx, tx, a.DID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (did, handle, server, status, reason, last_used, raised, confirmed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (did) DO UPDATE SET handle = excluded.handle, server = excluded.server, status = excluded.status,
		reason = excluded.reason, raised = excluded.raised, confirmed = excluded.confirmed`,
		a.DID.String(), string(a.Handle), a.Server, string(a.Status), string(a.Reason), millis(a.LastUsed),
		strings.Join(a.Raised, " "), millis(a.Confirmed))
	return err
}

// UseAccount implements [latchkey.Store].
func (db *DB) UseAccount(ctx context.Context, did syntax.DID, at time.Time) error {
	return db.write(ctx, func(tx *sql.Tx) error { return useAccount(ctx, tx, did, at) })
}

func useAccount(ctx context.Context, tx *sql.Tx, did syntax.DID, at time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE accounts SET last_used = ? WHERE did = ?`, millis(at), did.String())
	return one(result, err, latchkey.AccountUnknown)
}

// RemoveAccount implements [latchkey.Store].
func (db *DB) RemoveAccount(ctx context.Context, did syntax.DID) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := retireSession(ctx, tx, did); err != nil {
			return err
		}
		if err := keepUsed(ctx, tx, did); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `DELETE FROM accounts WHERE did = ?`, did.String())
		return one(result, err, latchkey.AccountUnknown)
	})
}
