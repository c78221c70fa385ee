package sqlite

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

// hostile: 55
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("Windows has no modes")
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "test.db")
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, nil, 0o644)) // as another program may have made it
	db, err := Open(t.Context(), path, filepath.Join(dir, "a", "locks"))
	must(t, err)
	defer func() { _ = db.Close() }()
	db.signIn(t, "one", alice, keysOf(1))
	unlock, err := db.Lock(t.Context(), "one")
	must(t, err)
	defer unlock()
	seen := map[string]fs.FileMode{}
	must(t, filepath.WalkDir(filepath.Join(dir, "a"), func(p string, e fs.DirEntry, err error) error {
		if err == nil {
			info, infoErr := e.Info()
			must(t, infoErr)
			rel, _ := filepath.Rel(dir, p)
			seen[filepath.ToSlash(rel)] = info.Mode()
		}
		return err
	}))
	for name, want := range map[string]fs.FileMode{
		"a/b":                    fs.ModeDir | 0o700,
		"a/locks":                fs.ModeDir | 0o700,
		"a/b/test.db":            0o600,
		"a/b/test.db-wal":        0o600,
		"a/b/test.db-shm":        0o600,
		"a/locks/one.lock":       0o600,
		"a/locks/migration.lock": 0o600,
		"a/locks/open.lock":      0o600,
	} {
		if got, ok := seen[name]; !ok || got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if len(seen) != 9 { // those and the folder a
		t.Errorf("files: %v", seen)
	}
}

// hostile: 55
func TestLinksAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	must(t, os.WriteFile(target, []byte("precious"), 0o644))
	for name, to := range map[string]string{"file": target, "nowhere": filepath.Join(dir, "nowhere"), "folder": dir} {
		path := filepath.Join(dir, "data", name+".db")
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.Symlink(to, path))
		_, err := Open(t.Context(), path, filepath.Join(dir, "locks"))
		mustCode(t, err, latchkey.StorageFailed)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a file was made where the link led")
	}
	if info, err := os.Stat(target); err != nil || (runtime.GOOS != "windows" && info.Mode() != 0o644) {
		t.Errorf("the target was changed: %v, %v", info, err)
	}
}

// hostile: 55
func TestAnyPath(t *testing.T) {
	t.Parallel()
	names := []string{"100%", "a#b", "with space", "ünï", "a&b=c", "%41", "semi;colon"}
	if runtime.GOOS != "windows" {
		names = append(names, "what?mode=memory", "a?_pragma=foreign_keys(0)", "back\\slash")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name, name+".db")
			db, err := Open(t.Context(), path, filepath.Join(filepath.Dir(path), "locks"))
			must(t, err)
			must(t, db.SaveAccount(t.Context(), account(alice)))
			must(t, db.Close())
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				t.Errorf("the database is not where it should be: %v", err)
			}
			entries, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(entries) != 2 { // the database and the folder of the locks
				t.Errorf("files: %v, %v", entries, err)
			}
		})
	}
}

func TestEveryConnectionHasThePragmas(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	var conns []*sql.Conn
	for range 8 { // held at the same time, so that each is another one
		c, err := db.sql.Conn(t.Context())
		must(t, err)
		conns = append(conns, c)
		for pragma, want := range map[string]string{"foreign_keys": "1", "journal_mode": "wal", "synchronous": "2", "trusted_schema": "0", "busy_timeout": "5000"} {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, want %s; %v", pragma, got, want, err)
			}
		}
	}
	for _, c := range conns {
		must(t, c.Close())
	}
	if _, err := db.sql.ExecContext(t.Context(), `INSERT INTO sessions (`+sessionColumns+`) VALUES ('x', 'did:plc:nobody', '', '', '', '', '', '', 0, 0, 0, 0, 0, 0, '', x'00')`); err == nil || !strings.Contains(err.Error(), "FOREIGN KEY") {
		t.Errorf("a session without an account: %v", err)
	}
}
