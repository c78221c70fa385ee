package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/identity"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/loopback"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/sqlite"
)

const clientID = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&scope=atproto"

// house is a service with real adapters, on a network of its own. Only the keychain is a fake, and
// the browser, which approves at once.
type house struct {
	*auth.Service
	tb       testing.TB
	net      *hostile.Server
	browser  *hostile.Browser
	keychain *keychain
	store    *sqlite.DB
	dir      string
	events   *recorder
}

// clientFor refuses one made-up scope.
func clientFor(scopes []string) (string, error) {
	if slices.Contains(scopes, "nonsense") {
		return "", latchkey.NewError(latchkey.ScopeInvalid, nil).About("nonsense")
	}
	return clientID, nil
}

// furnish changes what a house is made of before its service is.
type furnish func(h *house, rooms *auth.Rooms, settings *auth.Settings)

// newHouse builds a house in a directory of its own.
func newHouse(tb testing.TB, net *hostile.Server, changes ...furnish) *house {
	tb.Helper()
	return houseIn(tb, net, tb.TempDir(), newKeychain(), changes...)
}

// neighbour is a second house, as another process has it: same database, same keychain, nothing
// else in common.
func (h *house) neighbour(changes ...furnish) *house {
	h.tb.Helper()
	return houseIn(h.tb, h.net, h.dir, h.keychain, changes...)
}

func houseIn(tb testing.TB, net *hostile.Server, dir string, kc *keychain, changes ...furnish) *house {
	tb.Helper()
	store, err := sqlite.Open(tb.Context(), filepath.Join(dir, "test.db"), filepath.Join(dir, "locks"))
	if err != nil {
		tb.Fatal(err)
	}
	client := safehttp.New(net.Exceptions(), "test")
	h := &house{tb: tb, net: net, browser: net.Browser(tb), keychain: kc, store: store, dir: dir, events: newRecorder()}
	rooms := auth.Rooms{
		Directory: identity.New(client, hostile.PLC, true),
		Protocol:  oauth.New(client),
		Loopback:  loopback.Loopback{Product: "Test"},
		Browser:   h.browser,
		Keychain:  kc,
		Store:     store,
	}
	settings := auth.Settings{ClientID: clientFor, Scopes: []string{"atproto", "transition:generic"}, Log: slog.New(slog.NewTextHandler(tb.Output(), nil))}
	for _, change := range changes {
		change(h, &rooms, &settings)
	}
	h.Service = auth.New(rooms, settings)
	h.Subscribe(h.events.add)
	if err := h.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			tb.Error(err)
		}
		client.Close()
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

// mustLogin signs in and fails the test if that fails.
func (h *house) mustLogin(text string) latchkey.Account {
	h.tb.Helper()
	account, err := h.Login(h.tb.Context(), text)
	if err != nil {
		h.tb.Fatalf("login: %v", err)
	}
	return account
}

// login signs in in the background and answers how it ended.
func (h *house) login(ctx context.Context, text string) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := h.Login(ctx, text)
		done <- err
	}()
	return done
}

// call asks the account's server for something and answers the error.
func (h *house) call(ctx context.Context, did syntax.DID) error {
	client, err := h.Client(ctx, did)
	if err != nil {
		return err
	}
	var out struct{ DID syntax.DID }
	if err := client.Get(ctx, "com.example.whoami", nil, &out); err != nil {
		return err
	}
	if out.DID != did {
		return errors.New("answer for " + out.DID.String())
	}
	return nil
}

// mustBeEmpty checks that an attempt left nothing: no row, no keychain item, no session on the server.
func (h *house) mustBeEmpty() {
	h.tb.Helper()
	ids, err := h.store.SignIns(h.tb.Context())
	if err != nil || len(ids) != 0 {
		h.tb.Errorf("attempts left: %v, %v", ids, err)
	}
	accounts, err := h.Accounts(h.tb.Context())
	if err != nil || len(accounts) != 0 {
		h.tb.Errorf("accounts left: %v, %v", accounts, err)
	}
	if left := h.keychain.ids(); len(left) != 0 {
		h.tb.Errorf("keychain items left: %v", left)
	}
	if left := h.net.Sessions(); len(left) != 0 {
		h.tb.Errorf("sessions left on the server: %v", left)
	}
}

// mustHaveSessions checks whose sessions the server has.
func (h *house) mustHaveSessions(want ...syntax.DID) {
	h.tb.Helper()
	if got := h.net.Sessions(); !slices.Equal(got, append([]syntax.DID{}, want...)) {
		h.tb.Errorf("sessions on the server: %v, want %v", got, want)
	}
}

func mustCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

// mustAccount is an account as the store has it.
func (h *house) mustAccount(did syntax.DID) latchkey.Account {
	h.tb.Helper()
	account, err := h.store.Account(h.tb.Context(), did)
	if err != nil {
		h.tb.Fatal(err)
	}
	return account
}

// keychain is one in memory. Its hooks run first; their errors are what the call answers.
type keychain struct {
	OnGet, OnSet, OnDelete func(ctx context.Context, id string) error
	// None is a computer without a keychain: this process alone has the items.
	None bool

	mu    sync.Mutex
	items map[string]latchkey.Keys
}

// locked is the hook of a keychain that nobody unlocks.
func locked(context.Context, string) error { return latchkey.NewError(latchkey.KeychainLocked, nil) }

func newKeychain() *keychain { return &keychain{items: map[string]latchkey.Keys{}} }

func (k *keychain) hook(ctx context.Context, id string, which func() func(context.Context, string) error) error {
	k.mu.Lock()
	f := which()
	k.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(ctx, id)
}

func (k *keychain) change(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
}

func (k *keychain) Get(ctx context.Context, id string) (latchkey.Keys, error) {
	if err := k.hook(ctx, id, func() func(context.Context, string) error { return k.OnGet }); err != nil {
		return latchkey.Keys{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, ok := k.items[id]
	if !ok {
		return keys, k.missing()
	}
	return keys, nil
}

func (k *keychain) Set(ctx context.Context, id string, keys latchkey.Keys) error {
	if err := k.hook(ctx, id, func() func(context.Context, string) error { return k.OnSet }); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.items[id] = keys
	return nil
}

func (k *keychain) Delete(ctx context.Context, id string) error {
	if err := k.hook(ctx, id, func() func(context.Context, string) error { return k.OnDelete }); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.items[id]; !ok && k.None {
		return k.missing()
	}
	delete(k.items, id)
	return nil
}

// missing is for whoever has the lock.
func (k *keychain) missing() error {
	if k.None {
		return latchkey.NewError(latchkey.KeychainUnavailable, nil)
	}
	return latchkey.NewError(latchkey.KeychainItemMissing, nil)
}

func (k *keychain) InMemory(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.items[id]
	return ok && k.None
}

func (k *keychain) ids() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	ids := []string{}
	for id := range k.items {
		ids = append(ids, id)
	}
	return ids
}

// recorder keeps all events and lets a test wait for one.
type recorder struct {
	mu   sync.Mutex
	all  []latchkey.Event
	more chan struct{}
}

func newRecorder() *recorder { return &recorder{more: make(chan struct{})} }

func (r *recorder) add(e latchkey.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, e)
	close(r.more)
	r.more = make(chan struct{})
}

// waitFor answers the first event that fits, or fails the test when it ends before.
func (h *house) waitFor(fits func(latchkey.Event) bool) latchkey.Event {
	h.tb.Helper()
	ctx, cancel := context.WithTimeout(h.tb.Context(), 30*time.Second) // only a broken test waits that long
	defer cancel()
	for seen := 0; ; {
		h.events.mu.Lock()
		all, more := h.events.all, h.events.more
		h.events.mu.Unlock()
		for ; seen < len(all); seen++ {
			if fits(all[seen]) {
				return all[seen]
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			h.tb.Fatalf("the event did not come; there were %d", seen)
		}
	}
}

// waitUntil tries something that time alone makes true.
func (h *house) waitUntil(is func() bool) {
	h.tb.Helper()
	ctx, cancel := context.WithTimeout(h.tb.Context(), 30*time.Second) // only a broken test waits that long
	defer cancel()
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for !is() {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			h.tb.Fatal("it did not come true")
		}
	}
}

func inPhase(p latchkey.Phase) func(latchkey.Event) bool {
	return func(e latchkey.Event) bool { return e.SignIn != nil && e.SignIn.Phase == p }
}

// story is the kinds and phases of all events, without repetitions.
func (r *recorder) story() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var story []string
	for _, e := range r.all {
		word := string(e.Kind)
		if e.SignIn != nil {
			word = string(e.SignIn.Phase)
		}
		story = append(story, word)
	}
	return slices.Compact(story)
}

// mustNotFind searches everything that the house wrote, and every event.
func (h *house) mustNotFind(canary string) {
	h.tb.Helper()
	err := filepath.WalkDir(h.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(canary)) {
			h.tb.Errorf("readable in %s", entry.Name())
		}
		return err
	})
	if err != nil {
		h.tb.Error(err)
	}
	h.events.mu.Lock()
	defer h.events.mu.Unlock()
	for _, e := range h.events.all {
		data, err := json.Marshal(e)
		if err != nil || bytes.Contains(data, []byte(canary)) {
			h.tb.Errorf("readable in an event: %v", err)
		}
	}
}
