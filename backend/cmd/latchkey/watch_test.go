package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	_ "modernc.org/sqlite"
)

// watched is a program that was started with accounts --watch --json.
type watched struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func (h *home) watch(t *testing.T) *watched {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, cmd: exec.CommandContext(t.Context(), program, "accounts", "--watch", "--json")}
	w.cmd.Env = h.environment
	w.cmd.Stderr = t.Output()
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.lines = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return w
}

// mustSay waits for the next line.
func (w *watched) mustSay(event, handle string) {
	w.t.Helper()
	if !w.lines.Scan() {
		w.t.Fatalf("it ended before it said %s %s: %v", event, handle, w.lines.Err())
	}
	var line struct {
		Event   string
		Account struct{ Handle string }
	}
	if err := json.Unmarshal(w.lines.Bytes(), &line); err != nil || line.Event != event || line.Account.Handle != handle {
		w.t.Errorf("it said %s, %v; want %s %s", w.lines.Text(), err, event, handle)
	}
}

// What other programs change is told, in order, until the person has seen enough.
func TestAccountsWatch(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	if got := h.run(t, "accounts"); got.status != 0 {
		t.Fatalf("%+v", got) // it made the database
	}
	db, err := sql.Open("sqlite", "file:"+h.database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	change := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	add := func(name string) string {
		return `INSERT INTO accounts (did, handle, server, status, reason, last_used) VALUES ('did:web:` + name + `.example.com', '` + name + `.test', 'https://pds.example.com', 'active', '', 1)`
	}
	change(add("alice"))
	w := h.watch(t)
	w.mustSay("listed", "alice.test")
	change(add("bob"))
	w.mustSay("added", "bob.test")
	change(`UPDATE accounts SET status = 'needs_sign_in', reason = 'session_rejected' WHERE handle = 'alice.test'`)
	w.mustSay("needs_sign_in", "alice.test")
	if got := h.run(t, "switch", "bob.test"); got.status != 0 {
		t.Errorf("switch: %+v", got)
	}
	w.mustSay("changed", "bob.test")
	if got := h.run(t, "logout", "alice.test"); got.status != 0 {
		t.Errorf("logout: %+v", got)
	}
	w.mustSay("removed", "alice.test")
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if w.lines.Scan() {
		t.Errorf("it went on: %s", w.lines.Text())
	}
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
