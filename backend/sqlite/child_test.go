package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	modernc "modernc.org/sqlite"
)

// Some things take another process, which is this program once more, with one of these to do. Each
// says a line when it has come far enough, and most then wait for the end of their input.
var children = map[string]func(args []string) error{
	"open":      childOpens,
	"migrate":   childMigrates,
	"write":     childHoldsWrite,
	"lock":      childLocks,
	"log":       childLeavesLog,
	"journal":   childLeavesJournal,
	"save once": childSaves,
}

const childVariable = "LATCHKEY_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](os.Args[1:]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

// startChild starts a process, which does not outlive the test.
func startChild(tb testing.TB, name string, args ...string) *child {
	tb.Helper()
	program, err := os.Executable()
	must(tb, err)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(tb, err)
	stdout, err := cmd.StdoutPipe()
	must(tb, err)
	must(tb, cmd.Start())
	c := &child{cmd, stdin, bufio.NewScanner(stdout)}
	tb.Cleanup(func() { _ = c.kill() })
	return c
}

// mustSay waits for a line.
func (c *child) mustSay(tb testing.TB, want string) {
	tb.Helper()
	if !c.lines.Scan() || c.lines.Text() != want {
		tb.Fatalf("the child said %q, want %q", c.lines.Text(), want)
	}
}

// kill ends the process at once, as the system does that runs out of memory, and waits until it is gone.
func (c *child) kill() error {
	_ = c.cmd.Process.Kill()
	return c.cmd.Wait()
}

// finish ends its input, and waits until it went by itself.
func (c *child) finish(tb testing.TB) {
	tb.Helper()
	_ = c.stdin.Close()
	for c.lines.Scan() {
		tb.Errorf("the child said %q", c.lines.Text())
	}
	must(tb, c.cmd.Wait())
}

func say(line string) { fmt.Println(line) }

func waitForEnd() { _, _ = io.Copy(io.Discard, os.Stdin) }

// die is kill from within.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // nothing more happens here
}

func openIn(dir string, o options) (*DB, error) {
	return open(context.Background(), filepath.Join(dir, "test.db"), filepath.Join(dir, "locks"), o)
}

// childOpens opens a database and keeps it open.
func childOpens(args []string) error {
	say("ready")
	db, err := openIn(args[0], usual())
	if err != nil {
		return err
	}
	say("open")
	waitForEnd()
	return db.Close()
}

// childMigrates opens a database and dies before the given statement of the second migration, or,
// with one more than there are, when all is done but the commit.
func childMigrates(args []string) error {
	at, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	modernc.MustRegisterScalarFunction("die", 0, func(*modernc.FunctionContext, []driver.Value) (driver.Value, error) {
		die()
		return nil, nil
	})
	o := usual()
	if o.schema, err = dyingAt(o.schema, at); err != nil {
		return err
	}
	if _, err := openIn(args[0], o); err != nil {
		return err
	}
	return fmt.Errorf("survived")
}

// childHoldsWrite keeps the write lock.
func childHoldsWrite(args []string) error {
	pool, err := sql.Open("sqlite", dsn(args[0], 5*time.Second))
	if err != nil {
		return err
	}
	if _, err := pool.Begin(); err != nil {
		return err
	}
	say("writing")
	waitForEnd()
	return nil // the process takes its lock with it
}

// childSaves saves an account.
func childSaves(args []string) error {
	db, err := openIn(args[0], usual())
	if err != nil {
		return err
	}
	if err := db.SaveAccount(context.Background(), account(bob)); err != nil {
		return err
	}
	say("saved")
	waitForEnd()
	return db.Close()
}

// childLeavesLog saves something and dies before it is brought from the log into the file.
func childLeavesLog(args []string) error {
	db, err := openIn(args[0], usual())
	if err != nil {
		return err
	}
	if err := db.SaveAccount(context.Background(), account(alice)); err != nil {
		return err
	}
	die()
	return nil
}

// childLeavesJournal dies in the middle of a transaction that has changed the file, with the journal
// of SQLite's other mode (https://sqlite.org/lockingv3.html#hot_journals).
func childLeavesJournal(args []string) error {
	pool, err := sql.Open("sqlite", args[0])
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	for _, statement := range []string{
		`PRAGMA journal_mode = DELETE`, `PRAGMA cache_size = 1`, `BEGIN IMMEDIATE`,
		`UPDATE accounts SET handle = 'torn.example.net'`,
		`CREATE TABLE filler (x)`,
		`INSERT INTO filler WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT randomblob(1000) FROM n`,
	} {
		if _, err := pool.Exec(statement); err != nil {
			return err
		}
	}
	die()
	return nil
}

// childLocks does what TestForgottenLocksExclude does, from another process.
func childLocks(args []string) error {
	rounds, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	o := usual()
	o.poll = time.Microsecond
	db, err := openIn(args[0], o)
	if err != nil {
		return err
	}
	say("ready")
	if err := lockAndForget(db, args[0], rounds); err != nil {
		return err
	}
	return db.Close()
}
