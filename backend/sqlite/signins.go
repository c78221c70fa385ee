package sqlite

import (
	"context"
	"database/sql"
	"errors"

	latchkey "latchkey/backend"
)

// sealedSignIn is the part of an attempt that nobody else may read: with it and a stolen callback
// a code could be exchanged, and the addresses say who signs in where.
type sealedSignIn struct {
	Server      latchkey.AuthorizationServer
	RedirectURI string
	Scopes      []string
	LoginHint   string
	Email       string
	State       string
	Verifier    string
}

// AddSignIn implements [latchkey.Store].
func (db *DB) AddSignIn(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys) error {
	sealed, err := seal(sealedSignIn{
		Server: req.Server, RedirectURI: req.RedirectURI, Scopes: req.Scopes, LoginHint: req.LoginHint, Email: string(req.Email),
		State: string(req.State), Verifier: string(req.Verifier),
	}, keys, "sign-in", req.ID, req.DID.String(), req.ClientID)
	if err != nil {
		return latchkey.NewError(latchkey.Internal, err)
	}
	return db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_ins (id, did, client_id, deadline, sealed) VALUES (?, ?, ?, ?, ?)`,
			req.ID, req.DID.String(), req.ClientID, millis(req.Deadline), sealed)
		return err
	})
}

// ConsumeSignIn implements [latchkey.Store].
func (db *DB) ConsumeSignIn(ctx context.Context, id string, keys latchkey.Keys) (latchkey.AuthorizationRequest, error) {
	req := latchkey.AuthorizationRequest{ID: id}
	var deadline int64
	var sealed []byte
	err := db.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `UPDATE sign_ins SET used = 1 WHERE id = ? AND used = 0 RETURNING did, client_id, deadline, sealed`, id).
			Scan(&req.DID, &req.ClientID, &deadline, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return latchkey.NewError(latchkey.SignInUsed, nil)
		}
		return err
	})
	if err != nil {
		return latchkey.AuthorizationRequest{}, err
	}
	var s sealedSignIn
	if err := unseal(sealed, &s, keys, "sign-in", id, req.DID.String(), req.ClientID); err != nil {
		return latchkey.AuthorizationRequest{}, err
	}
	req.Server, req.RedirectURI, req.Scopes, req.LoginHint = s.Server, s.RedirectURI, s.Scopes, s.LoginHint
	req.Email = latchkey.Secret(s.Email)
	req.State, req.Verifier, req.Deadline = latchkey.Secret(s.State), latchkey.Secret(s.Verifier), fromMillis(deadline)
	return req, nil
}

// RemoveSignIn implements [latchkey.Store].
func (db *DB) RemoveSignIn(ctx context.Context, id string) error {
	return db.forget(ctx, `DELETE FROM sign_ins WHERE id = ?`, id)
}

// SignIns implements [latchkey.Store].
func (db *DB) SignIns(ctx context.Context) ([]string, error) {
	return db.ids(ctx, `SELECT id FROM sign_ins ORDER BY deadline`)
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

func (db *DB) ids(ctx context.Context, query string) ([]string, error) {
	rows, err := db.sql.QueryContext(ctx, query)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, failed(err)
		}
		ids = append(ids, id)
	}
	return ids, failed(rows.Err())
}
