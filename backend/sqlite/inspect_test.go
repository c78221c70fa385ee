package sqlite

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

func TestInspectNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nowhere")
	c, err := Inspect(t.Context(), filepath.Join(dir, "test.db"))
	if err != nil || c.Exists || c.Latest == 0 {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it made a folder")
	}
}

func TestInspectCounts(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	db.signIn(t, idOne, alice, keysOf(1))
	ended := account(bob)
	ended.Status, ended.Reason = latchkey.NeedsSignIn, latchkey.SessionRejected
	must(t, db.SaveAccount(t.Context(), ended))
	must(t, db.SaveSetting(t.Context(), latchkey.EmailProvider, "https://mail.example.com"))
	for id, deadline := range map[string]time.Time{"waits": time.Now().Add(time.Hour), "too late": time.Now().Add(-time.Hour), "later": time.Now().Add(-time.Minute)} {
		r := request(id, bob)
		r.Deadline = deadline
		must(t, db.AddSignIn(t.Context(), r, keysOf(2)))
	}
	look := func() Condition {
		t.Helper()
		c, err := Inspect(t.Context(), db.path) // while it is open
		must(t, err)
		return c
	}
	c := look()
	if !c.Exists || c.Bytes == 0 || c.Schema != c.Latest || c.Active != 1 || c.SignIns != 1 || c.Revocations != 0 || c.InMemory != 0 || c.EmailProvider != "https://mail.example.com" ||
		!maps.Equal(c.Ended, map[latchkey.Code]int{latchkey.SessionRejected: 1}) {
		t.Errorf("got %+v", c)
	}
	db.exec(t, `UPDATE sessions SET in_memory = 1`)
	if c := look(); c.InMemory != 1 {
		t.Errorf("in memory: %+v", c)
	}
	must(t, db.RemoveAccount(t.Context(), alice))
	must(t, db.Close())
	if c := look(); c.Active != 0 || c.Revocations != 1 {
		t.Errorf("after signing out: %+v", c)
	}
}

// What is wrong is said, and left as it is.
func TestInspectTrouble(t *testing.T) {
	t.Parallel()
	whole := wholeFile(t)
	for name, c := range map[string]struct {
		content []byte
		want    latchkey.Code
	}{
		"a diary": {[]byte("my diary, which is longer than a header of SQLite would have to be"), latchkey.StorageDamaged},
		"half":    {whole[:len(whole)/2], latchkey.StorageDamaged},
		"empty":   {nil, ""},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "test.db")
		must(t, os.WriteFile(path, c.content, 0o600))
		got, err := Inspect(t.Context(), path)
		if latchkey.CodeOf(err) != c.want || !got.Exists || got.Bytes != int64(len(c.content)) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if filesIn(t, dir)["test.db"] != string(c.content) {
			t.Errorf("%s: the file is another one", name)
		}
	}
	db := mustOpen(t, t.TempDir())
	newest, err := latest(db.schema)
	must(t, err)
	db.exec(t, `PRAGMA user_version = 999`)
	if _, err := Inspect(t.Context(), db.path); !errors.Is(err, latchkey.NewError(latchkey.StorageNewer, nil)) {
		t.Errorf("a newer one: %v", err)
	}
	db.exec(t, `PRAGMA user_version = 1`)
	if c, err := Inspect(t.Context(), db.path); err != nil || c.Schema != 1 || c.Latest != newest {
		t.Errorf("an older one: %+v, %v", c, err)
	}
	_, err = Inspect(t.Context(), t.TempDir())
	mustCode(t, err, latchkey.StorageFailed)
}

func TestWritable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, Writable(dir))
	must(t, Writable(filepath.Join(dir, "not", "yet")))
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	mustCode(t, Writable(file), latchkey.StorageFailed)
	mustCode(t, Writable(filepath.Join(file, "below")), latchkey.StorageFailed)
}
