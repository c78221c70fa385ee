package auth_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
)

// hook runs before a method of an adapter, with what the method is about; its error is what the
// method answers.
type hook func(ctx context.Context, method, about string) error

// hookStore makes some methods of the store run a hook first. UpdateSession is about "sent" when a
// refresh is about to be sent, and about "" otherwise.
func hookStore(before hook) furnish {
	return func(_ *house, r *auth.Rooms, _ *auth.Settings) { r.Store = &hookedStore{r.Store, before} }
}

type hookedStore struct {
	latchkey.Store
	before hook
}

func (s *hookedStore) Lock(ctx context.Context, id string) (func(), error) {
	if err := s.before(ctx, "Lock", id); err != nil {
		return nil, err
	}
	return s.Store.Lock(ctx, id)
}

func (s *hookedStore) Accounts(ctx context.Context) ([]latchkey.Account, error) {
	if err := s.before(ctx, "Accounts", ""); err != nil {
		return nil, err
	}
	return s.Store.Accounts(ctx)
}

func (s *hookedStore) RemoveAccount(ctx context.Context, did syntax.DID) error {
	if err := s.before(ctx, "RemoveAccount", did.String()); err != nil {
		return err
	}
	return s.Store.RemoveAccount(ctx, did)
}

func (s *hookedStore) UpdateSession(ctx context.Context, session latchkey.Session, keys latchkey.Keys) error {
	about := ""
	if session.Unconfirmed > 0 {
		about = "sent"
	}
	if err := s.before(ctx, "UpdateSession", about); err != nil {
		return err
	}
	return s.Store.UpdateSession(ctx, session, keys)
}

func (s *hookedStore) EndSignIn(ctx context.Context, id string) error {
	if err := s.before(ctx, "EndSignIn", id); err != nil {
		return err
	}
	return s.Store.EndSignIn(ctx, id)
}

func (s *hookedStore) Revocations(ctx context.Context) ([]latchkey.PendingRevocation, error) {
	if err := s.before(ctx, "Revocations", ""); err != nil {
		return nil, err
	}
	return s.Store.Revocations(ctx)
}

func (s *hookedStore) PostponeRevocation(ctx context.Context, id string, due time.Time) error {
	if err := s.before(ctx, "PostponeRevocation", id); err != nil {
		return err
	}
	return s.Store.PostponeRevocation(ctx, id, due)
}

func (s *hookedStore) Version(ctx context.Context) (int64, error) {
	if err := s.before(ctx, "Version", ""); err != nil {
		return 0, err
	}
	return s.Store.Version(ctx)
}

// hookReach puts a hook in the place of the request that shows whether a server is there.
func hookReach(reach func(latchkey.Session) error) furnish {
	return func(_ *house, r *auth.Rooms, _ *auth.Settings) { r.Protocol = &hookedProtocol{r.Protocol, reach} }
}

type hookedProtocol struct {
	latchkey.Protocol
	reach func(latchkey.Session) error
}

func (p *hookedProtocol) Reach(_ context.Context, s latchkey.Session) error { return p.reach(s) }

// hookDirectory makes the directory run a hook first.
func hookDirectory(before hook) furnish {
	return func(_ *house, r *auth.Rooms, _ *auth.Settings) { r.Directory = &hookedDirectory{r.Directory, before} }
}

type hookedDirectory struct {
	latchkey.Directory
	before hook
}

func (d *hookedDirectory) Lookup(ctx context.Context, id syntax.AtIdentifier) (latchkey.Identity, error) {
	if err := d.before(ctx, "Lookup", id.String()); err != nil {
		return latchkey.Identity{}, err
	}
	return d.Directory.Lookup(ctx, id)
}

// life is a process that kill ends as the end of a real one does: its ports and locks are free, what it
// kept stays where it lay, and whatever it still tries changes nothing.
type life struct {
	dead atomic.Bool

	mu        sync.Mutex
	unlock    []func()
	listeners []latchkey.Listener
}

// furnish lets a house live that life.
func (l *life) furnish(h *house, r *auth.Rooms, s *auth.Settings) {
	hookStore(func(context.Context, string, string) error { return l.err() })(h, r, s)
	r.Store = &mortalStore{r.Store, l}
	r.Loopback = &mortalLoopback{r.Loopback, l}
	r.Keychain = &mortalKeychain{r.Keychain, l}
}

func (l *life) err() error {
	if l.dead.Load() {
		return latchkey.NewError(latchkey.Internal, context.Canceled)
	}
	return nil
}

func (l *life) kill() {
	l.dead.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, unlock := range l.unlock {
		unlock()
	}
	for _, listener := range l.listeners {
		listener.Finish(context.Background(), nil, latchkey.NewError(latchkey.Cancelled, nil))
	}
}

type mortalStore struct {
	latchkey.Store
	life *life
}

func (s *mortalStore) Lock(ctx context.Context, id string) (func(), error) {
	unlock, err := s.Store.Lock(ctx, id)
	if err == nil {
		unlock = sync.OnceFunc(unlock)
		s.life.mu.Lock()
		defer s.life.mu.Unlock()
		s.life.unlock = append(s.life.unlock, unlock)
	}
	return unlock, err
}

type mortalLoopback struct {
	latchkey.Loopback
	life *life
}

func (l *mortalLoopback) Listen(ctx context.Context, state latchkey.Secret, issuer, redirectURI string) (latchkey.Listener, error) {
	listener, err := l.Loopback.Listen(ctx, state, issuer, redirectURI)
	if err == nil {
		l.life.mu.Lock()
		defer l.life.mu.Unlock()
		l.life.listeners = append(l.life.listeners, listener)
	}
	return listener, err
}

type mortalKeychain struct {
	latchkey.Keychain
	life *life
}

func (k *mortalKeychain) Delete(ctx context.Context, id string) error {
	if err := k.life.err(); err != nil {
		return err
	}
	return k.Keychain.Delete(ctx, id)
}

// log keeps what a house logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) furnish(_ *house, _ *auth.Rooms, s *auth.Settings) {
	s.Log = slog.New(slog.NewTextHandler(l, nil))
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) mustNotSay(tb testing.TB, words string) {
	tb.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if bytes.Contains(l.text.Bytes(), []byte(words)) {
		tb.Errorf("the log says: %s", l.text.String())
	}
}

// happened waits for something that a hook or a server tells.
func happened[T any](tb testing.TB, what <-chan T) T {
	tb.Helper()
	select {
	case v := <-what:
		return v
	case <-time.After(30 * time.Second): // only a broken test waits that long
		tb.Fatal("it did not happen")
		panic("unreachable")
	}
}

// isAccount fits the events of one kind about an account.
func isAccount(kind latchkey.EventKind, did syntax.DID) func(latchkey.Event) bool {
	return func(e latchkey.Event) bool { return e.Kind == kind && e.Account.DID == did }
}
