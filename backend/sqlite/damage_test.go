package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// wholeFile is a closed database with a session in it.
func wholeFile(tb testing.TB) []byte {
	tb.Helper()
	db := mustOpen(tb, tb.TempDir())
	db.signIn(tb, idOne, alice, keysOf(1))
	must(tb, db.Close())
	content, err := os.ReadFile(db.path)
	must(tb, err)
	return content
}

// filesIn are the contents of the files of a folder, the lock files left out.
func filesIn(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	must(tb, err)
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		must(tb, err)
		files[entry.Name()] = string(content)
		if info, err := entry.Info(); err != nil || (runtime.GOOS != "windows" && info.Mode() != 0o600) {
			tb.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	return files
}

// asideName is what a database is called that was put aside.
var asideName = regexp.MustCompile(`^test\.db\.damaged-\d{8}T\d{6}Z(\.\d+)?$`)

// mustBeAside finds the databases that were put aside, in their order.
func mustBeAside(tb testing.TB, dir string, want int) []string {
	tb.Helper()
	var names []string
	for name := range filesIn(tb, dir) {
		if asideName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) != want {
		tb.Fatalf("put aside: %v, want %d", names, want)
	}
	return names
}

func mustNotice(tb testing.TB, db *DB, want ...latchkey.Code) {
	tb.Helper()
	if got := db.Notices(); !slices.Equal(got, want) {
		tb.Errorf("notices %v, want %v", got, want)
	}
}

// hostile: 46
func TestDamagedFilesArePutAside(t *testing.T) {
	t.Parallel()
	whole := wholeFile(t)
	scrambled := slices.Clone(whole)
	for i := 100; i < len(scrambled); i++ {
		scrambled[i] ^= 0x5a
	}
	// The header and the schema stand; only a look into every page finds it.
	page := slices.Clone(whole)
	at := bytes.Index(page, []byte(alice))
	for i := at &^ 4095; i < at&^4095+64; i++ {
		page[i] = 0xff
	}
	for name, content := range map[string][]byte{
		"text":              bytes.Repeat([]byte("my diary "), 1000),
		"short text":        []byte("my diary"),
		"zeros":             make([]byte, 8192),
		"truncated":         whole[:len(whole)/2],
		"last page gone":    whole[:len(whole)-4096],
		"truncated in page": whole[:5000],
		"header only":       whole[:100],
		"scrambled":         scrambled,
		"one page":          page,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "test.db")
			must(t, os.WriteFile(path, content, 0o644))
			must(t, os.WriteFile(path+"-journal", []byte("not a journal"), 0o644)) // goes with it
			db := mustOpen(t, dir)
			mustNotice(t, db, latchkey.StorageReplaced)
			aside := mustBeAside(t, dir, 1)[0]
			files := filesIn(t, dir)
			if files[aside] != string(content) {
				t.Errorf("the file was changed from %d to %d bytes", len(content), len(files[aside]))
			}
			db.signIn(t, idTwo, alice, keysOf(2)) // the new one works
			must(t, db.Close())
			db = mustOpen(t, dir)
			mustNotice(t, db)
			if s, err := db.Session(t.Context(), idTwo, keysOf(2)); err != nil || s.DID != alice {
				t.Errorf("session: %v, %v", s, err)
			}
			mustBeAside(t, dir, 1)
		})
	}
}

// The files beside a database go with it, and nothing that was put aside before is touched.
// hostile: 46
func TestPutAsideTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	must(t, os.MkdirAll(filepath.Join(dir, "locks"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "locks", idOne+".lock"), nil, 0o600))
	for i := range 5 { // within a second or two, so that names are taken
		for _, ending := range []string{"", "-wal", "-journal"} {
			must(t, os.WriteFile(path+ending, fmt.Appendf(nil, "diary %d%s", i, ending), 0o644))
		}
		db := mustOpen(t, dir)
		mustNotice(t, db, latchkey.StorageReplaced) // not that it is empty too
		must(t, db.Close())
	}
	names := mustBeAside(t, dir, 5)
	files := filesIn(t, dir)
	for i, name := range names {
		for _, ending := range []string{"", "-wal", "-journal"} {
			if want := fmt.Sprintf("diary %d%s", i, ending); files[name+ending] != want {
				t.Errorf("%s holds %q, want %q", name+ending, files[name+ending], want)
			}
		}
	}
}

// hostile: 46
func TestNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	db := &DB{path: filepath.Join(t.TempDir(), "test.db")}
	want := map[string]bool{}
	for _, ending := range []string{"", "-wal", "", "-shm"} {
		name, err := db.freeName()
		must(t, err)
		if want[name] {
			t.Errorf("%s was given twice", filepath.Base(name))
		}
		want[name] = true
		must(t, os.WriteFile(name+ending, nil, 0o600))
	}
}

// All files are put aside or none.
// hostile: 46
func TestPutAsideFails(t *testing.T) {
	t.Parallel()
	for _, failing := range []string{".db", "-wal", "-journal"} {
		t.Run(failing, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "test.db")
			for _, ending := range []string{"", "-wal", "-journal"} {
				must(t, os.WriteFile(path+ending, []byte("diary"+ending), 0o600))
			}
			before := filesIn(t, dir)
			o := usual()
			o.rename = func(from, to string) error {
				if strings.HasSuffix(from, failing) {
					return fs.ErrPermission
				}
				return os.Rename(from, to)
			}
			_, err := openIn(dir, o)
			mustCode(t, err, latchkey.StorageDamaged)
			after := filesIn(t, dir)
			delete(after, "test.db-shm") // an index of the log, which SQLite may make anew at any time
			if fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("files before %q, after %q", before, after)
			}
			mustNotice(t, mustOpen(t, dir), latchkey.StorageReplaced) // once it is permitted
		})
	}
}

// Nobody's file is taken away under their hands.
// hostile: 46
func TestNothingIsPutAsideWhileAnotherHasIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, mustOpen(t, dir).Close())
	other := startChild(t, "open", dir)
	other.mustSay(t, "ready")
	other.mustSay(t, "open")
	path := filepath.Join(dir, "test.db")
	must(t, os.WriteFile(path, []byte("my diary"), 0o600))
	_, err := openIn(dir, usual())
	mustCode(t, err, latchkey.StorageDamaged)
	if content, err := os.ReadFile(path); err != nil || string(content) != "my diary" {
		t.Errorf("%q, %v", content, err)
	}
	mustBeAside(t, dir, 0)
	_ = other.kill()
	db := mustOpen(t, dir)
	mustNotice(t, db, latchkey.StorageReplaced)
	mustBeAside(t, dir, 1)
}

// What is not yet brought from the log into the file is as good as in it.
// hostile: 46
func TestLogIsReadFirst(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]int64{"whole file": -1, "one page left": 4096, "page cut short": 1000, "one byte": 1, "empty": 0, "missing": -2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c := startChild(t, "log", dir)
			if c.lines.Scan() {
				t.Fatalf("the child said %q", c.lines.Text())
			}
			_ = c.cmd.Wait()
			path := filepath.Join(dir, "test.db")
			switch cut {
			case -1:
			case -2:
				must(t, os.Remove(path))
			default:
				must(t, os.Truncate(path, cut))
			}
			// A lock file of what is lost, if it is.
			must(t, os.WriteFile(filepath.Join(dir, "locks", idOne+".lock"), nil, 0o600))
			db := mustOpen(t, dir)
			mustNotice(t, db)
			if a, err := db.Account(t.Context(), alice); err != nil || a.DID != alice {
				t.Errorf("account: %v, %v", a, err)
			}
			must(t, db.Close())
			mustBeAside(t, dir, 0)
			if a, err := mustOpen(t, dir).Account(t.Context(), alice); err != nil || a.DID != alice {
				t.Errorf("account at the next start: %v, %v", a, err)
			}
		})
	}
}

// A log that does not make up for what is missing is put aside with the rest, as it is.
// hostile: 46
func TestLogIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	for i := range 60 { // more than a page, all of it in the file
		a := account(syntax.DID(fmt.Sprintf("did:plc:%024d", i)))
		must(t, db.SaveAccount(t.Context(), a))
	}
	must(t, db.Close())
	c := startChild(t, "log", dir)
	_ = c.lines.Scan()
	_ = c.cmd.Wait()
	path := filepath.Join(dir, "test.db")
	must(t, os.Truncate(path, 4096))
	before := filesIn(t, dir)
	if before["test.db-wal"] == "" {
		t.Fatal("no log was left")
	}
	mustNotice(t, mustOpen(t, dir), latchkey.StorageReplaced)
	aside := mustBeAside(t, dir, 1)[0]
	after := filesIn(t, dir)
	for _, ending := range []string{"", "-wal"} {
		if after[aside+ending] != before["test.db"+ending] {
			t.Errorf("%s was changed from %d to %d bytes", ending, len(before["test.db"+ending]), len(after[aside+ending]))
		}
	}
}

// An interrupted transaction is taken back, whichever way SQLite kept its journal.
func TestHotJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	db.signIn(t, idOne, alice, keysOf(1))
	must(t, db.Close())
	c := startChild(t, "journal", db.path)
	if c.lines.Scan() {
		t.Fatalf("the child said %q", c.lines.Text())
	}
	_ = c.cmd.Wait()
	if journal := filesIn(t, dir)["test.db-journal"]; journal == "" {
		t.Fatal("no journal was left")
	}
	db = mustOpen(t, dir)
	mustNotice(t, db)
	if a, err := db.Account(t.Context(), alice); err != nil || a.Handle != account(alice).Handle {
		t.Errorf("account: %v, %v", a, err)
	}
	if s, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || s.DID != alice {
		t.Errorf("session: %v, %v", s, err)
	}
	mustBeAside(t, dir, 0)
}

// What may be otherwise the next time puts nothing aside.
// hostile: 46
func TestPassingErrorsPutNothingAside(t *testing.T) {
	t.Parallel()
	quick := usual()
	quick.busy = time.Millisecond
	for name, fault := range map[string]struct {
		make func(t *testing.T, path string) (undo func())
		want latchkey.Code
	}{
		"busy": {func(t *testing.T, path string) func() {
			pool, err := sql.Open("sqlite", path)
			must(t, err)
			pool.SetMaxOpenConns(1)
			for _, statement := range []string{`PRAGMA journal_mode = DELETE`, `BEGIN EXCLUSIVE`} {
				_, err := pool.ExecContext(t.Context(), statement)
				must(t, err)
			}
			return func() { must(t, pool.Close()) }
		}, latchkey.StorageBusy},
		"no log can be opened": {func(t *testing.T, path string) func() {
			must(t, os.Mkdir(path+"-wal", 0o700))
			return func() { must(t, os.Remove(path+"-wal")) }
		}, latchkey.StorageFailed},
		"a folder in its place": {func(t *testing.T, path string) func() {
			must(t, os.Rename(path, path+"-elsewhere"))
			must(t, os.Mkdir(path, 0o700))
			return func() { must(t, errors.Join(os.Remove(path), os.Rename(path+"-elsewhere", path))) }
		}, latchkey.StorageFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := mustOpen(t, dir)
			db.signIn(t, idOne, alice, keysOf(1))
			must(t, db.Close())
			undo := fault.make(t, db.path)
			_, err := openIn(dir, quick)
			mustCode(t, err, fault.want)
			undo()
			mustBeAside(t, dir, 0)
			db = mustOpen(t, dir)
			mustNotice(t, db)
			if s, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || s.DID != alice {
				t.Errorf("session: %v, %v", s, err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		must(t, mustOpen(t, dir).Close())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Open(ctx, filepath.Join(dir, "test.db"), filepath.Join(dir, "locks")); err == nil {
			t.Error("opened for nobody")
		}
		mustBeAside(t, dir, 0)
		mustNotice(t, mustOpen(t, dir))
	})
}

// hostile: 47
func TestEmptyWhereSessionsWere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose func(path string) error
		lock string
		want []latchkey.Code
	}{
		"zero length":            {func(path string) error { return os.Truncate(path, 0) }, "", []latchkey.Code{latchkey.StorageEmptied}},
		"missing":                {os.Remove, "", []latchkey.Code{latchkey.StorageEmptied}},
		"no tables":              {dropAll, "", []latchkey.Code{latchkey.StorageEmptied}},
		"only goose was here":    {dropOurs, "", []latchkey.Code{latchkey.StorageEmptied}},
		"nothing lost":           {func(string) error { return nil }, "", nil},
		"nobody was signed in":   {os.Remove, "migration", nil},
		"only a note of memory":  {os.Remove, "memory-" + idOne, nil},
		"with its log, unopened": {func(path string) error { return os.WriteFile(path+"-wal", nil, 0o600) }, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := mustOpen(t, dir)
			mustNotice(t, db) // a first start is none
			db.signIn(t, idOne, alice, keysOf(1))
			must(t, db.Close())
			if c.lock != "" {
				must(t, os.Rename(db.lockFile(idOne), db.lockFile(c.lock)))
			}
			must(t, c.lose(db.path))
			db = mustOpen(t, dir)
			mustNotice(t, db, c.want...)
			if orphans, err := db.Orphans(t.Context()); err != nil || (len(orphans) == 1) != (c.want != nil) {
				t.Errorf("orphans: %v, %v", orphans, err)
			}
			db.signIn(t, idTwo, bob, keysOf(2))
			must(t, db.Close())
			mustBeAside(t, dir, 0)
			mustNotice(t, mustOpen(t, dir)) // it was said
		})
	}
}

func dropAll(path string) error { return drop(path, `name NOT LIKE 'sqlite_%'`) }

func dropOurs(path string) error {
	return drop(path, `name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`, `DELETE FROM goose_db_version WHERE version_id > 0`, `PRAGMA user_version = 0`)
}

func drop(path, which string, more ...string) error {
	pool, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	rows, err := pool.Query(`SELECT 'DROP TABLE ' || name FROM sqlite_schema WHERE type = 'table' AND ` + which)
	if err != nil {
		return err
	}
	var all []string
	for rows.Next() {
		statement, err := scanText(rows)
		if err != nil {
			return err
		}
		all = append(all, statement)
	}
	for _, statement := range append(all, more...) {
		if _, err := pool.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}
