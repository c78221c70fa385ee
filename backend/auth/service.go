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

	"github.com/bluesky-social/indigo/atproto/syntax"
	"golang.org/x/sync/singleflight"

	latchkey "latchkey/backend"
)

// Service is made with [New], begins its work with Start and ends it with Close.
type Service struct {
	Rooms
	Settings

	background context.Context // ends with Close
	stop       context.CancelFunc
	closing    chan struct{}  // closed when Close begins
	work       sync.WaitGroup // every goroutine of the service

	mu       sync.Mutex
	closed   bool
	attempt  *attempt                 // the sign-in in progress
	renewing map[string]bool          // sessions that are renewed ahead of time right now
	unsaved  map[string]unsaved       // by session: renewed tokens that are on no disk yet
	offline  map[syntax.DID]*outage   // accounts whose servers do not answer
	busy     map[string]*outage       // by session: servers that give no new tokens just now
	memory   map[string]func()        // by session: the lock that tells others that its keys are here
	checked  map[syntax.DID]time.Time // when it was last looked whether to ask the directory

	recent    recent             // what previews found out
	faces     faces              // what accounts say of themselves
	unpreview context.CancelFunc // ends the preview in progress
	previews  int                // how many there were
	suggested suggested          // what was suggested last, and what is on its way

	flights singleflight.Group // refreshes on their way

	emitting    sync.Mutex // keeps events in order
	subscribers map[int]func(latchkey.Event)
	nextID      int
	known       map[syntax.DID]latchkey.Account // what the faces were told last

	revokeNow chan struct{} // wakes the revocations
}

// Rooms are the adapters that the service uses.
type Rooms struct {
	Directory latchkey.Directory
	// Profiles may be nil: nobody is asked for a name to show or a picture then.
	Profiles latchkey.Profiles
	// Suggestions may be nil: nobody is asked for accounts then.
	Suggestions latchkey.Suggestions
	Protocol    latchkey.Protocol
	Loopback    latchkey.Loopback
	// Browser may be nil: links are then only shown, never opened.
	Browser  latchkey.Browser
	Keychain latchkey.Keychain
	Store    latchkey.Store
}

// Settings are what the product decides.
type Settings struct {
	// ClientID answers the OAuth client id of a new session that asks for these scopes; existing ones
	// keep theirs. Its error has the code ScopeInvalid or ScopeUndeclared.
	ClientID func(scopes []string) (string, error)
	// Scopes are asked for at each sign-in.
	Scopes []string
	// EmailProvider is the origin of the server for sign-ins by email unless the person chose
	// another; empty for none. EmailProviders are offered to choose from.
	EmailProvider  string
	EmailProviders []string
	// Patience is how long a person has to approve a sign-in; zero means ten minutes, enough for
	// somebody who makes an account on the way.
	Patience time.Duration
	// Remote says that whoever signs in sits at another computer: no browser is opened unless they
	// ask for it.
	Remote bool
	// SchemeRedirect answers the redirect URI with a scheme of the product's own whose addresses the operating system
	// hands to this program, for HandOver; empty for the listener's own. Nil where there never is one.
	SchemeRedirect func(context.Context) string
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
	s := &Service{
		Rooms: rooms, Settings: settings,
		closing:     make(chan struct{}),
		renewing:    map[string]bool{},
		unsaved:     map[string]unsaved{},
		offline:     map[syntax.DID]*outage{},
		busy:        map[string]*outage{},
		memory:      map[string]func(){},
		checked:     map[syntax.DID]time.Time{},
		subscribers: map[int]func(latchkey.Event){},
		known:       map[syntax.DID]latchkey.Account{},
		revokeNow:   make(chan struct{}, 1),
	}
	s.background, s.stop = context.WithCancel(context.Background())
	return s
}

// Start clears what earlier runs left half-made, and tells servers of sign-outs that they missed.
// Both go on in the background: a keychain may ask the person first, and servers take their time.
func (s *Service) Start(ctx context.Context) error {
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	s.emitting.Lock()
	for _, a := range accounts {
		s.known[a.DID] = a
	}
	s.emitting.Unlock()
	attempts, err := s.Store.SignIns(ctx)
	if err != nil {
		return err
	}
	s.spawn(func(ctx context.Context) {
		s.clearAbandoned(ctx, attempts)
		s.clearOrphans(ctx)
		s.endForgotten(ctx, accounts)
	})
	s.spawn(s.revokeLoop)
	return nil
}

// Close cancels the sign-in in progress and waits, as long as ctx allows, for what is on its way:
// a refresh that was sent is saved, a sign-out reaches its server. Sessions whose keys are in memory
// end here and on their servers.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		close(s.closing)
	}
	s.closed = true
	s.mu.Unlock()
	_ = s.Cancel()
	s.CancelPreview()
	s.forgetSuggestions()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.work.Wait()
		s.endInMemory(s.background)
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
	s.tell(e)
}

// tell is for whoever holds emitting.
func (s *Service) tell(e latchkey.Event) {
	for _, f := range s.subscribers {
		f(e)
	}
}
