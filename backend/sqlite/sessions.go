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

// sealedSession is the part of a session that nobody else may read.
type sealedSession struct{ Access, Refresh, Email string }

const sessionColumns = `id, did, client_id, issuer, server, token_endpoint, revocation_endpoint, scopes, created, ends, renewed, access_ends, in_memory, unconfirmed, key_id, sealed`

// boundTo is what tokens are sealed to: whose they are, and every place that they are ever sent to.
func boundTo(s latchkey.Session) []string {
	return []string{"session", s.ID, s.DID.String(), s.ClientID, s.Issuer, s.Server, s.TokenEndpoint, s.RevocationEndpoint}
}

func sealTokens(s latchkey.Session, keys latchkey.Keys) ([]byte, error) {
	sealed, err := seal(sealedSession{string(s.Tokens.Access), string(s.Tokens.Refresh), string(s.Email)}, keys, boundTo(s)...)
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	return sealed, nil
}

// SaveSession implements [latchkey.Store].
func (db *DB) SaveSession(ctx context.Context, a latchkey.Account, s latchkey.Session, keys latchkey.Keys) error {
	sealed, err := sealTokens(s, keys)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		// The keychain item of the attempt becomes the session's.
		result, err := tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE id = ?`, s.ID)
		if err := one(result, err, latchkey.SignInUsed); err != nil {
			return err
		}
		if err := retireSession(ctx, tx, s.DID); err != nil {
			return err
		}
		if err := saveAccount(ctx, tx, a); err != nil {
			return err
		}
		if err := useAccount(ctx, tx, a.DID, a.LastUsed); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			s.ID, s.DID.String(), s.ClientID, s.Issuer, s.Server, s.TokenEndpoint, s.RevocationEndpoint,
			strings.Join(s.Scopes, " "), millis(s.Created), millis(s.Ends), millis(s.Renewed), millis(s.AccessEnds), s.InMemory, s.Unconfirmed, s.KeyID, sealed)
		return err
	})
}

// retireSession makes the session of an account, if it has one, a revocation to come.
func retireSession(ctx context.Context, tx *sql.Tx, did syntax.DID) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO revocations (`+sessionColumns+`) SELECT `+sessionColumns+` FROM sessions WHERE did = ?`, did.String()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE did = ?`, did.String())
	return err
}

// SessionID implements [latchkey.Store].
func (db *DB) SessionID(ctx context.Context, did syntax.DID) (string, error) {
	var id string
	err := db.sql.QueryRowContext(ctx, `SELECT id FROM sessions WHERE did = ?`, did.String()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, failed(err)
}

// Session implements [latchkey.Store].
func (db *DB) Session(ctx context.Context, id string, keys latchkey.Keys) (latchkey.Session, error) {
	return db.session(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE id = ?`, id, keys)
}

// Revocation implements [latchkey.Store].
func (db *DB) Revocation(ctx context.Context, id string, keys latchkey.Keys) (latchkey.Session, error) {
	return db.session(ctx, `SELECT `+sessionColumns+` FROM revocations WHERE id = ?`, id, keys)
}

func (db *DB) session(ctx context.Context, query, id string, keys latchkey.Keys) (latchkey.Session, error) {
	var s latchkey.Session
	var scopes string
	var created, ends, renewed, accessEnds int64
	var sealed []byte
	err := db.sql.QueryRowContext(ctx, query, id).Scan(&s.ID, &s.DID, &s.ClientID, &s.Issuer, &s.Server,
		&s.TokenEndpoint, &s.RevocationEndpoint, &scopes, &created, &ends, &renewed, &accessEnds, &s.InMemory, &s.Unconfirmed, &s.KeyID, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return latchkey.Session{}, latchkey.NewError(latchkey.SessionMissing, nil)
	}
	if err != nil {
		return latchkey.Session{}, failed(err)
	}
	var t sealedSession
	if err := unseal(sealed, &t, keys, boundTo(s)...); err != nil {
		return latchkey.Session{}, err
	}
	s.Scopes, s.Created, s.Ends = strings.Fields(scopes), fromMillis(created), fromMillis(ends)
	s.Renewed, s.AccessEnds = fromMillis(renewed), fromMillis(accessEnds)
	s.Tokens = latchkey.Tokens{Access: latchkey.Secret(t.Access), Refresh: latchkey.Secret(t.Refresh)}
	s.Email = latchkey.Secret(t.Email)
	return s, nil
}

// UpdateSession implements [latchkey.Store].
func (db *DB) UpdateSession(ctx context.Context, s latchkey.Session, keys latchkey.Keys) error {
	sealed, err := sealTokens(s, keys)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sessions SET scopes = ?, ends = ?, renewed = ?, access_ends = ?, unconfirmed = ?, key_id = ?, sealed = ? WHERE id = ?`,
			strings.Join(s.Scopes, " "), millis(s.Ends), millis(s.Renewed), millis(s.AccessEnds), s.Unconfirmed, s.KeyID, sealed, s.ID)
		return one(result, err, latchkey.SessionMissing)
	})
}

// EndSession implements [latchkey.Store].
func (db *DB) EndSession(ctx context.Context, a latchkey.Account) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if err := retireSession(ctx, tx, a.DID); err != nil {
			return err
		}
		return saveAccount(ctx, tx, a)
	})
}

// Revocations implements [latchkey.Store].
func (db *DB) Revocations(ctx context.Context) ([]latchkey.PendingRevocation, error) {
	return list(ctx, db, `SELECT id, ends, in_memory, tries, due FROM revocations ORDER BY due, created`, func(rows *sql.Rows) (r latchkey.PendingRevocation, err error) {
		var ends, due int64
		err = rows.Scan(&r.ID, &ends, &r.InMemory, &r.Tries, &due)
		r.Ends, r.Due = fromMillis(ends), fromMillis(due)
		return r, err
	})
}

// PostponeRevocation implements [latchkey.Store].
func (db *DB) PostponeRevocation(ctx context.Context, id string, due time.Time) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE revocations SET tries = tries + 1, due = ? WHERE id = ?`, millis(due), id)
		return err
	})
}

// RemoveRevocation implements [latchkey.Store].
func (db *DB) RemoveRevocation(ctx context.Context, id string) error {
	return db.forget(ctx, `DELETE FROM revocations WHERE id = ?`, id)
}
