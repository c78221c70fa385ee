package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"

	latchkey "latchkey/backend"
)

// sealedSignIn is the part of an attempt that nobody else may read: with it and a stolen callback
// a code could be exchanged, and the addresses say who signs in where.
type sealedSignIn struct {
	Server      latchkey.AuthorizationServer
	RedirectURI string
	Scopes      []string
	Raised      []string
	URL         string
	LoginHint   string
	Email       string
	State       string
	Verifier    string
}

func sealSignIn(req latchkey.AuthorizationRequest, keys latchkey.Keys) ([]byte, error) {
	sealed, err := seal(sealedSignIn{
		Server: req.Server, RedirectURI: req.RedirectURI, Scopes: req.Scopes, Raised: req.Raised, URL: string(req.URL),
		LoginHint: req.LoginHint, Email: string(req.Email), State: string(req.State), Verifier: string(req.Verifier),
	}, keys, "sign-in", req.ID, req.DID.String(), req.ClientID)
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	return sealed, nil
}

// AddSignIn implements [latchkey.Store]. It makes sure that the id has a lock file, by which it is
// known even if its row gets lost.
func (db *DB) AddSignIn(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys) error {
	sealed, err := sealSignIn(req, keys)
	if err != nil {
		return err
	}
	if err := validID(req.ID); err != nil {
		return err
	}
	if err := privateFile(db.lockFile(req.ID)); err != nil && !errors.Is(err, fs.ErrExist) { // or somebody else just made it
		return failed(err)
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_ins (id, did, client_id, deadline, sealed) VALUES (?, ?, ?, ?, ?)`,
			req.ID, req.DID.String(), req.ClientID, millis(req.Deadline), sealed)
		return err
	})
}

// UpdateSignIn implements [latchkey.Store].
func (db *DB) UpdateSignIn(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys) error {
	sealed, err := sealSignIn(req, keys)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE sign_ins SET sealed = ? WHERE id = ? AND used = 0`, sealed, req.ID)
		return one(result, err, latchkey.SignInUsed)
	})
}

// SignIn implements [latchkey.Store].
func (db *DB) SignIn(ctx context.Context, id string, keys latchkey.Keys) (latchkey.AuthorizationRequest, error) {
	row := db.sql.QueryRowContext(ctx, `SELECT did, client_id, deadline, sealed FROM sign_ins WHERE id = ? AND used = 0`, id)
	return openSignIn(id, keys, row)
}

// ConsumeSignIn implements [latchkey.Store].
func (db *DB) ConsumeSignIn(ctx context.Context, id string, keys latchkey.Keys) (req latchkey.AuthorizationRequest, err error) {
	err = db.write(ctx, func(tx *sql.Tx) error {
		row := tx.QueryRowContext(ctx, `UPDATE sign_ins SET used = 1 WHERE id = ? AND used = 0 RETURNING did, client_id, deadline, sealed`, id)
		req, err = openSignIn(id, keys, row)
		return err
	})
	return req, err
}

func openSignIn(id string, keys latchkey.Keys, row *sql.Row) (latchkey.AuthorizationRequest, error) {
	req := latchkey.AuthorizationRequest{ID: id}
	var deadline int64
	var sealed []byte
	err := row.Scan(&req.DID, &req.ClientID, &deadline, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return latchkey.AuthorizationRequest{}, latchkey.NewError(latchkey.SignInUsed, nil)
	}
	if err != nil {
		return latchkey.AuthorizationRequest{}, failed(err)
	}
	var s sealedSignIn
	if err := unseal(sealed, &s, keys, "sign-in", id, req.DID.String(), req.ClientID); err != nil {
		return latchkey.AuthorizationRequest{}, err
	}
	req.Server, req.RedirectURI, req.Scopes, req.LoginHint = s.Server, s.RedirectURI, s.Scopes, s.LoginHint
	req.Raised, req.URL, req.Email = s.Raised, latchkey.Secret(s.URL), latchkey.Secret(s.Email)
	req.State, req.Verifier, req.Deadline = latchkey.Secret(s.State), latchkey.Secret(s.Verifier), fromMillis(deadline)
	return req, nil
}

// EndSignIn implements [latchkey.Store].
func (db *DB) EndSignIn(ctx context.Context, id string) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sign_ins SET used = 1 WHERE id = ?`, id)
		return err
	})
}

// RemoveSignIn implements [latchkey.Store].
func (db *DB) RemoveSignIn(ctx context.Context, id string) error {
	return db.forget(ctx, `DELETE FROM sign_ins WHERE id = ?`, id)
}

// SignIns implements [latchkey.Store].
func (db *DB) SignIns(ctx context.Context) ([]latchkey.PendingSignIn, error) {
	return list(ctx, db, `SELECT id, deadline, used FROM sign_ins ORDER BY deadline DESC, id`, func(rows *sql.Rows) (p latchkey.PendingSignIn, err error) {
		var deadline int64
		err = rows.Scan(&p.ID, &deadline, &p.Used)
		p.Deadline = fromMillis(deadline)
		return p, err
	})
}

// forget deletes the last row that stood for an id, and its lock file with it.
func (db *DB) forget(ctx context.Context, statement, id string) error {
	err := db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, id)
		return err
	})
	if err == nil {
		db.forgetLock(id)
	}
	return err
}
