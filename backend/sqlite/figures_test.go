package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// sizes are how many accounts the figures are taken with.
var sizes = []int{10, 100, 1000}

func nthAccount(n int) latchkey.Account {
	a := account(syntax.DID(fmt.Sprintf("did:plc:%024d", n)))
	a.LastUsed = a.LastUsed.Add(time.Duration(n) * time.Second)
	return a
}

// fill makes a database with so many accounts, each with a session of the size that servers give.
func fill(tb testing.TB, dir string, accounts int) {
	tb.Helper()
	db := mustOpen(tb, dir)
	db.sql.SetMaxOpenConns(1)
	db.exec(tb, `PRAGMA synchronous = OFF`) // for this connection; the figures are taken with another
	for n := range accounts {
		a := nthAccount(n)
		id := fmt.Sprintf("FIGURE%020d", n)
		s := session(id, a.DID)
		s.Tokens.Access = latchkey.Secret(fmt.Sprintf("%0900d", n)) // a JWT
		must(tb, db.AddSignIn(tb.Context(), request(id, a.DID), keysOf(1)))
		must(tb, db.SaveSession(tb.Context(), a, s, keysOf(1)))
	}
	must(tb, db.Close())
}

// work is what is measured; each answers one run of it.
var work = []struct {
	name string
	run  func(tb testing.TB, db *DB, dir string, i int)
}{
	{"Open", func(tb testing.TB, _ *DB, dir string, _ int) {
		db, err := openIn(dir, usual())
		must(tb, err)
		must(tb, db.Close())
	}},
	{"Accounts", func(tb testing.TB, db *DB, _ string, _ int) {
		_, err := db.Accounts(tb.Context())
		must(tb, err)
	}},
	{"UseAccount", func(tb testing.TB, db *DB, _ string, i int) {
		a := nthAccount(i % 10)
		must(tb, db.UseAccount(tb.Context(), a.DID, a.LastUsed.Add(time.Duration(i+1)*time.Hour)))
	}},
	{"Orphans", func(tb testing.TB, db *DB, _ string, _ int) {
		_, err := db.Orphans(tb.Context())
		must(tb, err)
	}},
	{"Version", func(tb testing.TB, db *DB, _ string, _ int) {
		_, err := db.Version(tb.Context())
		must(tb, err)
	}},
}

// The session of each account is found by an index, whatever figures a fast computer gives.
func TestAccountsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, t.TempDir())
	for query, want := range map[string][]string{
		selectAccounts + ` ORDER BY a.last_used DESC, a.did`:      {"SCAN a", "SEARCH s USING INDEX"},
		selectAccounts + ` WHERE a.did = '` + string(alice) + `'`: {"SEARCH a USING INDEX", "SEARCH s USING INDEX"},
	} {
		steps, err := list(t.Context(), db, `EXPLAIN QUERY PLAN `+query, func(rows *sql.Rows) (step string, err error) {
			var id, parent, unused int
			err = rows.Scan(&id, &parent, &unused, &step)
			return step, err
		})
		must(t, err)
		for i, want := range want {
			if !strings.HasPrefix(steps[i], want) {
				t.Errorf("%s: %q, want %q", query, steps[i], want)
			}
		}
	}
}

// Not in parallel: the figures are for a computer that does nothing else.
func TestFigures(t *testing.T) {
	taken := map[string][]float64{}
	for _, size := range sizes {
		dir := t.TempDir()
		fill(t, dir, size)
		var db *DB
		for _, w := range work {
			if db == nil && w.name != "Open" { // nobody else has it open when it is opened
				db = mustOpen(t, dir)
				if all, err := db.Accounts(t.Context()); err != nil || len(all) != size {
					t.Fatalf("%d accounts, %v", len(all), err)
				}
			}
			var runs []float64
			for i := range 15 {
				began := time.Now()
				w.run(t, db, dir, i)
				runs = append(runs, float64(time.Since(began).Microseconds())/1000)
			}
			slices.Sort(runs)
			taken[w.name] = append(taken[w.name], runs[len(runs)/2])
		}
		must(t, db.Close())
	}
	for _, w := range work {
		ms := taken[w.name]
		t.Logf("figure: sqlite %s with 10, 100, 1000 accounts: %.2f, %.2f, %.2f ms; 1000 against 10: %.1f times, against 100: %.1f times",
			w.name, ms[0], ms[1], ms[2], ms[2]/ms[0], ms[2]/ms[1])
	}
}

func BenchmarkStore(b *testing.B) {
	for _, size := range sizes {
		dir := b.TempDir()
		fill(b, dir, size)
		var db *DB
		for _, w := range work {
			if db == nil && w.name != "Open" {
				db = mustOpen(b, dir)
			}
			b.Run(fmt.Sprintf("%s/%d", w.name, size), func(b *testing.B) {
				i := 0
				for b.Loop() {
					w.run(b, db, dir, i)
					i++
				}
			})
		}
	}
}
