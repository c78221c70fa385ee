package auth

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// announceTime bounds the look at the accounts after a change.
const announceTime = 10 * time.Second

// Accounts lists everybody who signed in here, the current account first. It asks no server.
func (s *Service) Accounts(ctx context.Context) ([]latchkey.Account, error) {
	accounts, err := s.Store.Accounts(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range accounts {
		a := &accounts[i]
		a.Offline = a.Status == latchkey.Active && s.offline[a.DID] != nil
		a.Profile = s.faces[a.DID].profile
	}
	return accounts, err
}

// Whoami is the current account. It asks no server. The code NotSignedIn says that there is none.
func (s *Service) Whoami(ctx context.Context) (latchkey.Account, error) {
	accounts, err := s.Accounts(ctx)
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
	return s.find(ctx, func(a latchkey.Account) bool {
		return id.Account != "" && (a.DID.AtIdentifier() == id.Account || a.Handle.AtIdentifier() == id.Account)
	})
}

func (s *Service) find(ctx context.Context, fits func(latchkey.Account) bool) (latchkey.Account, error) {
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	if i := slices.IndexFunc(accounts, fits); i >= 0 {
		return accounts[i], nil
	}
	return latchkey.Account{}, latchkey.NewError(latchkey.AccountUnknown, nil)
}

// Switch makes an account the current one. It asks no server.
func (s *Service) Switch(ctx context.Context, did syntax.DID) (latchkey.Account, error) {
	if err := s.Store.UseAccount(ctx, did, s.latest(ctx)); err != nil {
		return latchkey.Account{}, err
	}
	s.announce()
	return s.find(ctx, func(a latchkey.Account) bool { return a.DID == did })
}

// latest is the time for an account that becomes the current one: after that of every other, even when
// the clock was set back.
func (s *Service) latest(ctx context.Context) time.Time {
	now := time.Now().Truncate(time.Millisecond) // as exact as the store is
	if accounts, err := s.Store.Accounts(ctx); err == nil && len(accounts) > 0 && !accounts[0].LastUsed.Before(now) {
		return accounts[0].LastUsed.Add(time.Millisecond)
	}
	return now
}

// announce tells the faces what changed with the accounts since they were told last, whichever
// process changed it. Every change of an account ends with it. It answers false when the accounts could
// not be read.
func (s *Service) announce() bool {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	ctx, cancel := context.WithTimeout(s.background, announceTime)
	defer cancel()
	accounts, err := s.Accounts(ctx)
	if s.background.Err() != nil {
		return false // nobody listens any more
	}
	if err != nil {
		s.Log.Warn("the accounts were not read after a change", "reason", err)
		return false
	}
	gone := maps.Clone(s.known)
	for _, a := range accounts {
		delete(gone, a.DID)
		before, known := s.known[a.DID]
		s.known[a.DID] = a
		// That the directory was asked again is no news.
		before.Confirmed = a.Confirmed
		switch {
		case !known:
			s.tell(latchkey.Event{Kind: latchkey.AccountAdded, Account: &a})
		case reflect.DeepEqual(before, a):
		case a.Status == latchkey.NeedsSignIn && before.Status != latchkey.NeedsSignIn:
			s.tell(latchkey.Event{Kind: latchkey.AccountNeedsSignIn, Account: &a})
		default:
			s.tell(latchkey.Event{Kind: latchkey.AccountChanged, Account: &a})
		}
	}
	for did, a := range gone {
		delete(s.known, did)
		s.mu.Lock()
		delete(s.faces, did)
		s.mu.Unlock()
		s.tell(latchkey.Event{Kind: latchkey.AccountRemoved, Account: &a})
	}
	return true
}

// Notices are what holds for the whole program right now, such as a disk that takes no data.
func (s *Service) Notices() []latchkey.Code {
	notices := slices.Clone(s.Store.Notices())
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsaved) > 0 {
		notices = append(notices, latchkey.SessionUnsaved)
	}
	return notices
}

func (s *Service) announceNotices() {
	s.emitting.Lock()
	defer s.emitting.Unlock()
	s.tell(latchkey.Event{Kind: latchkey.NoticesChanged, Notices: s.Notices()})
}
