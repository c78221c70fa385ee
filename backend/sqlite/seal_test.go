package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	latchkey "latchkey/backend"
)

// hostile: 54
func TestChangedRowsDoNotOpen(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"account":             `UPDATE sessions SET did = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'`,
		"client id":           `UPDATE sessions SET client_id = 'https://client.example.net/other.json'`, // hostile: 41
		"issuer":              `UPDATE sessions SET issuer = 'https://evil.example.net'`,
		"server":              `UPDATE sessions SET server = 'https://evil.example.net'`,
		"token endpoint":      `UPDATE sessions SET token_endpoint = 'https://evil.example.net/token'`,
		"revocation endpoint": `UPDATE sessions SET revocation_endpoint = 'https://evil.example.net/revoke'`,
		"tokens of another":   `UPDATE sessions SET sealed = (SELECT sealed FROM revocations)`,
		"no tokens":           `UPDATE sessions SET sealed = x''`,
		"bytes moved":         `UPDATE sessions SET sealed = CAST(substr(sealed, 2) || substr(sealed, 1, 1) AS BLOB)`,
		"cut":                 `UPDATE sessions SET sealed = substr(sealed, 1, 20)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := mustOpen(t, t.TempDir())
			same := keysOf(1) // the same key everywhere, so that only the binding can tell the rows apart
			must(t, db.SaveAccount(t.Context(), account(bob)))
			db.signIn(t, "one", alice, same)
			db.signIn(t, "two", alice, same)
			db.exec(t, statement)
			_, err := db.Session(t.Context(), "two", same)
			mustCode(t, err, latchkey.SealBroken)
		})
	}
	t.Run("another id", func(t *testing.T) {
		t.Parallel()
		db := mustOpen(t, t.TempDir())
		db.signIn(t, "one", alice, keysOf(1))
		db.exec(t, `UPDATE sessions SET id = 'two'`)
		_, err := db.Session(t.Context(), "two", keysOf(1))
		mustCode(t, err, latchkey.SealBroken)
	})
	t.Run("another key", func(t *testing.T) {
		t.Parallel()
		db := mustOpen(t, t.TempDir())
		db.signIn(t, "one", alice, keysOf(1))
		_, err := db.Session(t.Context(), "one", keysOf(2))
		mustCode(t, err, latchkey.SealBroken)
	})
	for name, statement := range map[string]string{
		"attempt for another account":   `UPDATE sign_ins SET did = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'`,
		"attempt with another client":   `UPDATE sign_ins SET client_id = 'https://client.example.net/other.json'`,
		"attempt made of session's row": `UPDATE sign_ins SET sealed = (SELECT sealed FROM sessions)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := mustOpen(t, t.TempDir())
			db.signIn(t, "one", alice, keysOf(1))
			must(t, db.AddSignIn(t.Context(), request("two", alice), keysOf(1)))
			db.exec(t, statement)
			_, err := db.ConsumeSignIn(t.Context(), "two", keysOf(1))
			mustCode(t, err, latchkey.SealBroken)
		})
	}
}

// hostile: 56
func TestFilesHaveNoSecrets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	db.signIn(t, "one", alice, keysOf(1))
	db.signIn(t, "two", alice, keysOf(2))
	must(t, db.AddSignIn(t.Context(), request("three", alice), keysOf(3)))
	mustBeClean := func() {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "test.db*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("files: %v, %v", files, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			must(t, err)
			for _, secret := range []string{"canary", "dpop-"} {
				if bytes.Contains(content, []byte(secret)) {
					t.Errorf("%s contains %s", filepath.Base(file), secret)
				}
			}
			if filepath.Base(file) == "test.db-wal" && !bytes.Contains(content, []byte(alice)) {
				t.Error("the log was looked at before anything was in it")
			}
		}
	}
	mustBeClean()
	must(t, db.Close())
	mustBeClean()
}

// FuzzSealedRow: whatever lies in the column, a session opens only if it is what was sealed there.
// hostile: 54
func FuzzSealedRow(f *testing.F) {
	db := mustOpen(f, f.TempDir())
	db.signIn(f, "one", alice, keysOf(1))
	var good []byte
	must(f, db.sql.QueryRowContext(f.Context(), `SELECT sealed FROM sessions`).Scan(&good))
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good[:12])
	f.Add(append([]byte{0}, good...))
	f.Add([]byte{})
	f.Add([]byte(`{"Access":"a","Refresh":"b"}`))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if sealed == nil {
			sealed = []byte{}
		}
		db.exec(t, `UPDATE sessions SET sealed = ?`, sealed)
		s, err := db.Session(t.Context(), "one", keysOf(1))
		if err == nil { // the fuzzer's own processes seal the same under other nonces
			if s.Tokens != session("one", alice).Tokens {
				t.Errorf("opened to something that was never sealed")
			}
			return
		}
		mustCode(t, err, latchkey.SealBroken)
		if s.Tokens != (latchkey.Tokens{}) || bytes.Equal(sealed, good) {
			t.Errorf("tokens without a seal, or a seal that does not open: %v", err)
		}
	})
}
