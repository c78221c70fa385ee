package sqlite

import (
	"context"
	"database/sql"
	"errors"

	latchkey "latchkey/backend"
)

// Setting implements [latchkey.Store].
func (db *DB) Setting(ctx context.Context, key latchkey.SettingKey) (string, error) {
	var value string
	err := db.sql.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = ?`, string(key)).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, failed(err)
}

// SaveSetting implements [latchkey.Store].
func (db *DB) SaveSetting(ctx context.Context, key latchkey.SettingKey, value string) error {
	return db.write(ctx, func(tx *sql.Tx) error {
		if value == "" {
			_, err := tx.ExecContext(ctx, `DELETE FROM settings WHERE key = ?`, string(key))
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value`, string(key), value)
		return err
	})
}
