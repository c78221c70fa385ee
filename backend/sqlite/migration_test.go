package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	latchkey "latchkey/backend"
)

const (
	idOne   = "AAAAAAAAAAAAAAAAAAAAAAAAA1"
	idTwo   = "AAAAAAAAAAAAAAAAAAAAAAAAA2"
	idThree = "AAAAAAAAAAAAAAAAAAAAAAAAA3"
)

// schemaOne is the schema before the second migration.
func schemaOne(tb testing.TB) fs.FS {
	tb.Helper()
	content, err := fs.ReadFile(usual().schema, "00001_house.sql")
	must(tb, err)
	return fstest.MapFS{"00001_house.sql": {Data: content}}
}

// makeSchemaOne makes a database of the first schema, as the build of then would: with a session, a
// revocation, two attempts and a setting.
func makeSchemaOne(tb testing.TB, dir string) {
	tb.Helper()
	o := usual()
	o.schema = schemaOne(tb)
	db, err := openIn(dir, o)
	must(tb, err)
	db.exec(tb, `INSERT INTO accounts VALUES (?, 'alice.example.net', 'https://pds.example.net', 'active', '', 1700000000456)`, alice)
	db.exec(tb, `INSERT INTO accounts VALUES (?, '', 'https://pds.example.net', 'needs_sign_in', 'session_rejected', 1700000000455)`, bob)
	for table, s := range map[string]latchkey.Session{"sessions": session(idOne, alice), "revocations": session(idTwo, bob)} {
		sealed, err := sealTokens(s, keysOf(1))
		must(tb, err)
		db.exec(tb, `INSERT INTO `+table+` VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)`, s.ID, s.DID, s.ClientID, s.Issuer, s.Server,
			s.TokenEndpoint, s.RevocationEndpoint, strings.Join(s.Scopes, " "), s.Created.UnixMilli(), sealed)
	}
	for i, id := range []string{idThree, "used"} {
		req := request(id, alice)
		// What was sealed then knew nothing of raised scopes and the URL.
		sealed, err := seal(map[string]any{
			"Server": req.Server, "RedirectURI": req.RedirectURI, "Scopes": req.Scopes, "LoginHint": req.LoginHint,
			"Email": string(req.Email), "State": string(req.State), "Verifier": string(req.Verifier),
		}, keysOf(1), "sign-in", req.ID, req.DID.String(), req.ClientID)
		must(tb, err)
		db.exec(tb, `INSERT INTO sign_ins VALUES (?, ?, ?, ?, ?, ?)`, id, req.DID, req.ClientID, req.Deadline.UnixMilli(), i, sealed)
	}
	must(tb, db.SaveSetting(tb.Context(), latchkey.EmailProvider, "https://mail.example.net"))
	must(tb, db.Close())
}

// mustHaveAllOfSchemaOne demands all that makeSchemaOne made, with the calendar filled in.
func mustHaveAllOfSchemaOne(tb testing.TB, db *DB) {
	tb.Helper()
	ctx := tb.Context()
	began, ends := session(idOne, alice).Created, session(idOne, alice).Created.Add(14*24*time.Hour)
	active, gone := account(alice), account(bob)
	active.Scopes, active.SignedIn, active.Renewed, active.SessionEnds = session(idOne, alice).Scopes, began, began, ends
	gone.Handle, gone.Status, gone.Reason, gone.LastUsed = "", latchkey.NeedsSignIn, latchkey.SessionRejected, active.LastUsed.Add(-time.Millisecond)
	if all, err := db.Accounts(ctx); err != nil || !reflect.DeepEqual(all, []latchkey.Account{active, gone}) {
		tb.Errorf("accounts: %+v, %v", all, err)
	}
	want := session(idOne, alice)
	want.Unconfirmed, want.Renewed, want.Ends = 1, began, ends
	if got, err := db.Session(ctx, idOne, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
		tb.Errorf("session: %+v, %v", got, err)
	}
	want.ID, want.DID, want.Tokens = idTwo, bob, session(idTwo, bob).Tokens
	if got, err := db.Revocation(ctx, idTwo, keysOf(1)); err != nil || !reflect.DeepEqual(got, want) {
		tb.Errorf("revocation: %+v, %v", got, err)
	}
	if all, err := db.Revocations(ctx); err != nil || !reflect.DeepEqual(all, []latchkey.PendingRevocation{{ID: idTwo, Ends: ends}}) {
		tb.Errorf("revocations: %+v, %v", all, err)
	}
	if got, err := db.SignIn(ctx, idThree, keysOf(1)); err != nil || !reflect.DeepEqual(got, request(idThree, alice)) {
		tb.Errorf("attempt: %+v, %v", got, err)
	}
	deadline := request(idThree, alice).Deadline
	if all, err := db.SignIns(ctx); err != nil || !reflect.DeepEqual(all, []latchkey.PendingSignIn{{ID: idThree, Deadline: deadline}, {ID: "used", Deadline: deadline, Used: true}}) {
		tb.Errorf("attempts: %+v, %v", all, err)
	}
	if provider, err := db.Setting(ctx, latchkey.EmailProvider); err != nil || provider != "https://mail.example.net" {
		tb.Errorf("setting: %q, %v", provider, err)
	}
	var verdict string
	if err := db.sql.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		tb.Errorf("integrity: %s, %v", verdict, err)
	}
	if n := db.Notices(); len(n) != 0 {
		tb.Errorf("notices: %v", n)
	}
}

// hostile: 48
func TestMigrationKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	makeSchemaOne(t, dir)
	mustHaveAllOfSchemaOne(t, mustOpen(t, dir))
}

// The number in the header is what tells a newer schema that can't be read here from a damaged one.
func TestSchemaNumber(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	want, err := latest(db.schema)
	must(t, err)
	var have int64
	if err := db.sql.QueryRowContext(t.Context(), `PRAGMA user_version`).Scan(&have); err != nil || have != want || have < 3 {
		t.Errorf("the last migration is %d, and says %d; %v", want, have, err)
	}
}

// dyingAt is a schema whose second migration calls die() before one of its statements.
func dyingAt(schema fs.FS, at int) (fs.FS, error) {
	dying := fstest.MapFS{}
	for _, name := range []string{"00001_house.sql", "00002_calendar.sql"} {
		content, err := fs.ReadFile(schema, name)
		if err != nil {
			return nil, err
		}
		if name == "00002_calendar.sql" {
			statements := strings.SplitAfter(string(content), ";")
			if at >= len(statements) {
				return nil, fmt.Errorf("only %d statements", len(statements)-1)
			}
			head := ""
			if at == 0 { // the line that says which way it goes comes first
				head, statements[0], _ = strings.Cut(statements[0], "\n")
			}
			statements[at] = head + "\nSELECT die();\n" + statements[at]
			content = []byte(strings.Join(statements, ""))
		}
		dying[name] = &fstest.MapFile{Data: content}
	}
	return dying, nil
}

// hostile: 48
func TestMigrationKilledBetweenStatements(t *testing.T) {
	t.Parallel()
	content, err := fs.ReadFile(usual().schema, "00002_calendar.sql")
	must(t, err)
	statements := bytes.Count(content, []byte(";"))
	if statements < 10 {
		t.Fatalf("%d statements", statements)
	}
	dir := t.TempDir() // the same database again and again: what one kill leaves, the next one meets
	makeSchemaOne(t, dir)
	for at := range statements + 1 {
		c := startChild(t, "migrate", dir, fmt.Sprint(at))
		if c.lines.Scan() {
			t.Errorf("before statement %d: the child said %q", at, c.lines.Text())
		}
		_ = c.cmd.Wait()
		if runtime.GOOS != "windows" && c.cmd.ProcessState.ExitCode() != -1 {
			t.Errorf("before statement %d: the child was not killed: %v", at, c.cmd.ProcessState)
		}
		copied := t.TempDir()
		must(t, os.CopyFS(copied, os.DirFS(dir)))
		mustHaveAllOfSchemaOne(t, mustOpen(t, copied))
	}
	mustHaveAllOfSchemaOne(t, mustOpen(t, dir))
}

// hostile: 48
func TestMigrationKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	made := t.TempDir()
	makeSchemaOne(t, made)
	const kills = 30
	outcomes := map[int64]int{}
	var whole time.Duration
	for i := range kills {
		dir := t.TempDir()
		must(t, os.CopyFS(dir, os.DirFS(made)))
		c := startChild(t, "open", dir)
		c.mustSay(t, "ready")
		if i == 0 { // the first one lives, and shows how long it takes
			began := time.Now()
			c.mustSay(t, "open")
			whole = time.Since(began)
		} else {
			wait := whole * time.Duration(i*i) / (kills * kills) // more of them early, where the migration is
			for until := time.Now().Add(wait); time.Now().Before(until); {
				continue // finer than a timer
			}
		}
		_ = c.kill()
		outcomes[schemaOf(t, dir)]++
		mustHaveAllOfSchemaOne(t, mustOpen(t, dir))
	}
	t.Logf("killed with schema: %v", outcomes)
}

// schemaOf looks at a copy, so that what a killed process left stays as it is.
func schemaOf(tb testing.TB, dir string) (version int64) {
	tb.Helper()
	copied := tb.TempDir()
	must(tb, os.CopyFS(copied, os.DirFS(dir)))
	pool, err := sql.Open("sqlite", dsn(filepath.Join(copied, "test.db"), time.Second))
	must(tb, err)
	must(tb, pool.QueryRowContext(tb.Context(), `SELECT max(version_id) FROM `+goose.DefaultTablename).Scan(&version))
	must(tb, pool.Close())
	return version
}

// hostile: 48
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"by the list of migrations": {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`, `ALTER TABLE accounts ADD COLUMN colour TEXT`},
		"by the header":             {`PRAGMA user_version = 99999`},
		"with words that are not known here": {
			`PRAGMA user_version = 99999`, `PRAGMA writable_schema = 1`,
			`UPDATE sqlite_schema SET sql = 'CREATE TABLE accounts (did COLOURED TEXT REMEMBER ALWAYS (1, 2)) ETERNAL' WHERE name = 'accounts'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := mustOpen(t, dir)
			db.sql.SetMaxOpenConns(1) // one of the pragmas is the connection's
			db.signIn(t, idOne, alice, keysOf(1))
			for _, statement := range statements {
				db.exec(t, statement)
			}
			must(t, db.Close())
			before, err := os.ReadFile(db.path)
			must(t, err)
			for range 2 {
				_, err = openIn(dir, usual())
				mustCode(t, err, latchkey.StorageNewer)
			}
			after, err := os.ReadFile(db.path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed, %v", err)
			}
			if aside, err := filepath.Glob(db.path + ".*"); err != nil || len(aside) != 0 {
				t.Errorf("put aside: %v, %v", aside, err)
			}
		})
	}
}

// hostile: 48
func TestMigrationTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	db.signIn(t, "one", alice, keysOf(1))
	must(t, db.Close())
	path := filepath.Join(dir, "test.db")
	before, err := os.ReadFile(path)
	must(t, err)
	db = mustOpen(t, dir)
	if s, err := db.Session(t.Context(), "one", keysOf(1)); err != nil || s.DID != alice {
		t.Errorf("session: %v, %v", s, err)
	}
	must(t, db.Close())
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("opening changed the file, %v", err)
	}
}

// Two instances that start at the same moment on a fresh machine.
func TestMigrationFromTwoSides(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			db, err := openIn(dir, usual())
			if err != nil {
				t.Error(err)
				return
			}
			_ = db.Close()
		})
	}
	work.Wait()
	mustOpen(t, dir).signIn(t, "one", alice, keysOf(1))
}
