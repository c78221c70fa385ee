// Package auth is the service: it signs people in and out, keeps their sessions alive, and says who
// is signed in. It is the only state machine of the house.
//
// It talks to the adapters through the interfaces of package latchkey and makes no decision about
// HTTP, SQL or windows. One sign-in runs at a time in each process; sessions are shared with every
// other process of the same product on this computer.
package auth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	latchkey "latchkey/backend"
)

// Service is made with [New], begins its work with Start and ends it with Close.
type Service struct {
	Rooms
	Settings

	background context.Context // ends with Close
	stop       context.CancelFunc
	work       sync.WaitGroup // every goroutine of the service

	mu      sync.Mutex
	closed  bool
	attempt *attempt // the sign-in in progress

	emitting    sync.Mutex // keeps events in order
	subscribers map[int]func(latchkey.Event)
	nextID      int

	revoking sync.Mutex // one run over the revocations at a time
}

// Rooms are the adapters that the service uses.
type Rooms struct {
	Directory latchkey.Directory
	Protocol  latchkey.Protocol
	Loopback  latchkey.Loopback
	// Browser may be nil: links are then only shown, never opened.
	Browser  latchkey.Browser
	Keychain latchkey.Keychain
	Store    latchkey.Store
}

// Settings are what the product decides.
type Settings struct {
	// ClientID is the OAuth client id of new sessions; existing ones keep theirs.
	ClientID string
	// Scopes are asked for at each sign-in.
	Scopes []string
	// EmailProvider is the origin of the server for sign-ins by email unless the person chose
	// another; empty for none. EmailProviders are offered to choose from.
	EmailProvider  string
	EmailProviders []string
	// Patience is how long a person has to approve a sign-in; zero means ten minutes, enough for
	// somebody who makes an account on the way.
	Patience time.Duration
	// Log gets what people don't need to see. It never gets a secret.
	Log *slog.Logger
}

// New makes a service.
func New(rooms Rooms, settings Settings) *Service {
	if settings.Patience == 0 {
		settings.Patience = 10 * time.Minute
	}
	if settings.Log == nil {
		settings.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Rooms: rooms, Settings: settings, subscribers: map[int]func(latchkey.Event){}}
	s.background, s.stop = context.WithCancel(context.Background())
	return s
}

// Start clears what earlier runs left half-made, and tells servers of sign-outs that they missed.
// Both go on in the background: a keychain may ask the person first, and servers take their time.
func (s *Service) Start(ctx context.Context) error {
	ids, err := s.Store.SignIns(ctx)
	if err != nil {
		return err
	}
	s.spawn(func(ctx context.Context) { s.clearAbandoned(ctx, ids) })
	s.revokeSoon()
	return nil
}

// Close cancels the sign-in in progress and waits, as long as ctx allows, for what is on its way:
// a refresh that was sent is saved, a sign-out reaches its server.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.Cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.work.Wait()
	}()
	select {
	case <-done:
		s.stop()
		return nil
	case <-ctx.Done():
	}
	s.stop()
	<-done // everything in the background listens to the context that just ended
	return ctx.Err()
}

// spawn runs f as a goroutine of the service. After Close it does not, and answers false.
func (s *Service) spawn(f func(ctx context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		f(s.background)
	}()
	return true
}

// Subscribe calls f for every event, in order, until cancel is called. f returns quickly and does
// not subscribe or cancel from within.
func (s *Service) Subscribe(f func(latchkey.Event)) (cancel func()) {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	id := s.nextID
	s.nextID++
	s.subscribers[id] = f
	return func() {
		s.emitting.Lock()
		defer s.emitting.Unlock()
		delete(s.subscribers, id)
	}
}

func (s *Service) emit(e latchkey.Event) {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	for _, f := range s.subscribers {
		f(e)
	}
}

func (s *Service) emitAccount(kind latchkey.EventKind, a latchkey.Account) {
	s.emit(latchkey.Event{Kind: kind, Account: &a})
}

// Accounts lists everybody who signed in here, the current account first. It asks no server.
func (s *Service) Accounts(ctx context.Context) ([]latchkey.Account, error) {
	return s.Store.Accounts(ctx)
}

// Whoami is the current account. It asks no server. The code NotSignedIn says that there is none.
func (s *Service) Whoami(ctx context.Context) (latchkey.Account, error) {
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	if len(accounts) == 0 {
		return latchkey.Account{}, latchkey.NewError(latchkey.NotSignedIn, nil)
	}
	return accounts[0], nil
}

// Find is the account with this handle or DID. It asks no server.
func (s *Service) Find(ctx context.Context, text string) (latchkey.Account, error) {
	id, err := latchkey.ParseIdentifier(text)
	if err != nil {
		return latchkey.Account{}, err
	}
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	for _, a := range accounts {
		if id.Account != "" && (a.DID.AtIdentifier() == id.Account || a.Handle.AtIdentifier() == id.Account) {
			return a, nil
		}
	}
	return latchkey.Account{}, latchkey.NewError(latchkey.AccountUnknown, nil)
}
