//go:build devnet

package wire_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/internal/soak"
	"latchkey/backend/keychain"
	"latchkey/backend/sqlite"
	"latchkey/backend/wire"
)

// asChild makes this test binary behave as another program of the house, the one named by the
// variable: some things end with a process only.
const asChild = "TEST_AS_CHILD"

var children = map[string]func(){}

// network is the one private network of these tests; network.Stop is for tests that do not run in
// parallel only.
var network *devnet.Network

func TestMain(m *testing.M) {
	soak.Be(soak.Programs{"crowd": crowd})
	if play := children[os.Getenv(asChild)]; play != nil {
		play()
		return
	}
	end, err := startNetwork()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	devnet.Main(m)
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func startNetwork() (end func() error, err error) {
	dir, err := os.MkdirTemp("", "latchkey-network-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	network, err = devnet.Start(ctx, devnet.Options{Dir: dir, Email: true, Second: true, ClientHost: true})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	end = func() error { return errors.Join(network.Close(), os.RemoveAll(dir)) }
	return end, os.Setenv(config.Variable(config.NetworkFile), network.NetworkFile())
}

// house is one installation on the private network, with everything real.
type house struct {
	*auth.Service
	t      *testing.T
	config config.Config
	close  func(context.Context) error

	waiting chan latchkey.SignIn // each attempt once it waits
	ids     []string             // of all attempts
}

// newHouse makes an installation with nothing in it, which knows one person: alice.
func newHouse(t *testing.T, change ...func(*config.Config)) *house {
	t.Helper()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg.Paths = config.Paths{Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state")}
	for _, f := range change {
		f(&cfg)
	}
	h := &house{t: t, config: cfg}
	h.open()
	t.Cleanup(func() { h.shut() })
	return h
}

func (h *house) open() {
	h.t.Helper()
	service, closeAll, err := wire.New(h.t.Context(), h.config, wire.Options{NoBrowser: true})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Service, h.close, h.waiting = service, closeAll, make(chan latchkey.SignIn, 10)
	service.Subscribe(func(e latchkey.Event) {
		if e.Kind != latchkey.SignInProgress {
			return
		}
		switch e.SignIn.Phase {
		case latchkey.Resolving:
			h.ids = append(h.ids, e.SignIn.ID)
		case latchkey.Waiting:
			h.waiting <- *e.SignIn
		}
	})
}

// shut ends the process's worth of this house; what it stored stays.
func (h *house) shut() {
	h.t.Helper()
	if h.close == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := h.close(ctx); err != nil {
		h.t.Errorf("close: %v", err)
	}
	h.close = nil
}

// signIn logs in while a person handles the browser.
func (h *house) signIn(identifier string, person devnet.Browser) (latchkey.Account, devnet.Pages, error) {
	h.t.Helper()
	return h.visit(person, func(ctx context.Context) (latchkey.Account, error) { return h.Login(ctx, identifier) })
}

// visit signs in, in whichever way, while a person handles the browser.
func (h *house) visit(person devnet.Browser, signIn func(context.Context) (latchkey.Account, error)) (latchkey.Account, devnet.Pages, error) {
	h.t.Helper()
	type visit struct {
		pages devnet.Pages
		err   error
	}
	visited := make(chan visit, 1)
	ctx, cancel := context.WithCancel(h.t.Context())
	defer cancel()
	go func() {
		select {
		case <-h.waiting:
			address, err := h.AuthorizationURL()
			if err != nil {
				visited <- visit{err: err}
				return
			}
			pages, err := person.Visit(h.t.Context(), string(address))
			if err != nil {
				_ = h.Cancel() // or Login would wait for somebody who never comes back
			}
			visited <- visit{pages, err}
		case <-ctx.Done():
			visited <- visit{}
		}
	}()
	account, err := signIn(h.t.Context())
	cancel()
	v := <-visited
	if v.err != nil {
		h.t.Fatalf("the browser: %v (login: %v)", v.err, err)
	}
	return account, v.pages, err
}

func (h *house) mustSignIn(identifier string, person devnet.Browser) latchkey.Account {
	h.t.Helper()
	account, _, err := h.signIn(identifier, person)
	if err != nil {
		h.t.Fatalf("signing in as %s: %v", identifier, err)
	}
	return account
}

// store opens the database of this house beside the service.
func (h *house) store() *sqlite.DB {
	h.t.Helper()
	db, err := sqlite.Open(h.t.Context(), h.config.Paths.Database(), h.config.Paths.Locks())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (h *house) keychain() *keychain.Keychain { return keychain.New(h.config.Brand.ID) }

// session reads what is stored of an account's session.
func (h *house) session(did string) (latchkey.Session, latchkey.Keys) {
	h.t.Helper()
	store := h.store()
	account, err := h.Find(h.t.Context(), did)
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := store.SessionID(h.t.Context(), account.DID)
	if err != nil {
		h.t.Fatal(err)
	}
	keys, err := h.keychain().Get(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	session, err := store.Session(h.t.Context(), id, keys)
	if err != nil {
		h.t.Fatal(err)
	}
	return session, keys
}

// nothingHalfMade checks that the house holds so many accounts and sessions, and of its attempts
// nothing: no row, no keychain item but those of the sessions.
func (h *house) nothingHalfMade(accounts int) {
	h.t.Helper()
	h.store() // the schema is there
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: h.config.Paths.Database()}).EscapedPath()+"?mode=ro")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for table, want := range map[string]int{"accounts": accounts, "sessions": accounts, "sign_ins": 0, "revocations": 0} {
		var got int
		if err := db.QueryRowContext(h.t.Context(), "SELECT count(*) FROM "+table).Scan(&got); err != nil {
			h.t.Fatal(err)
		}
		if got != want {
			h.t.Errorf("%d rows in %s, want %d", got, table, want)
		}
	}
	sessions := map[string]bool{}
	all, err := h.Accounts(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, a := range all {
		id, err := h.store().SessionID(h.t.Context(), a.DID)
		if err != nil {
			h.t.Fatal(err)
		}
		sessions[id] = true
	}
	for _, id := range h.ids {
		_, err := h.keychain().Get(h.t.Context(), id)
		if there := err == nil; there != sessions[id] {
			h.t.Errorf("keychain item of attempt %s: there %v (%v), session %v", id, there, err, sessions[id])
		}
	}
}

func alice() devnet.Account { return network.Accounts[0] }
func bob() devnet.Account   { return network.Accounts[1] }

// as is a person who approves, and whose handle is typed where the page asks for it.
func as(a devnet.Account) devnet.Browser {
	return devnet.Browser{Handle: a.Handle, Password: a.Password}
}

// wantCode checks an error's code.
func wantCode(t *testing.T, err error, want latchkey.Code) {
	t.Helper()
	if got := latchkey.CodeOf(err); got != want {
		t.Fatalf("code %q (%v), want %q", got, err, want)
	}
}
