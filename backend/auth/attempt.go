package auth

import (
	"context"

	latchkey "latchkey/backend"
)

// attempt is the sign-in in progress of this process.
type attempt struct {
	cancel context.CancelCauseFunc
	// The rest is guarded by Service.mu.
	signIn latchkey.SignIn
	// What follows is set once it waits.
	request  latchkey.AuthorizationRequest
	keys     latchkey.Keys
	listener latchkey.Listener
}

// begin makes a new attempt, of which there is one at a time. The context ends with Cancel.
func (s *Service) begin(ctx context.Context, id string) (context.Context, *attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, latchkey.NewError(latchkey.Cancelled, nil)
	}
	if s.attempt != nil {
		return nil, nil, latchkey.NewError(latchkey.SignInInProgress, nil)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	s.attempt = &attempt{cancel: cancel, signIn: latchkey.SignIn{ID: id, Phase: latchkey.Resolving}}
	s.work.Add(1) // Close waits until the attempt has cleaned up
	return ctx, s.attempt, nil
}

// end is the last thing that happens to an attempt.
func (s *Service) end(a *attempt) {
	a.cancel(nil)
	s.mu.Lock()
	s.attempt = nil
	s.mu.Unlock()
	s.work.Done()
}

// update changes what the faces see of an attempt, and tells them.
func (s *Service) update(a *attempt, change func(*latchkey.SignIn)) {
	s.mu.Lock()
	change(&a.signIn)
	now := a.signIn
	s.mu.Unlock()
	s.emit(latchkey.Event{Kind: latchkey.SignInProgress, SignIn: &now})
}

// SignIn is the sign-in in progress. The code NoSignIn says that there is none.
func (s *Service) SignIn() (latchkey.SignIn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempt == nil {
		return latchkey.SignIn{}, latchkey.NewError(latchkey.NoSignIn, nil)
	}
	return s.attempt.signIn, nil
}

// AuthorizationURL is the page of the sign-in that waits, for a browser on another computer, where
// the link of our own listener leads nowhere. It is for the person alone.
func (s *Service) AuthorizationURL() (latchkey.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempt == nil || s.attempt.request.URL == "" {
		return "", latchkey.NewError(latchkey.NoSignIn, nil)
	}
	return s.attempt.request.URL, nil
}

// Cancel ends the sign-in in progress: its Login fails with the code Cancelled. The code NoSignIn
// says that there was none.
func (s *Service) Cancel() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempt == nil {
		return latchkey.NewError(latchkey.NoSignIn, nil)
	}
	s.attempt.cancel(latchkey.NewError(latchkey.Cancelled, nil))
	return nil
}

// OpenBrowser opens the page of the sign-in that waits once more.
func (s *Service) OpenBrowser(ctx context.Context) error {
	signIn, err := s.SignIn()
	if err != nil {
		return err
	}
	if signIn.Link == "" {
		return latchkey.NewError(latchkey.NoSignIn, nil)
	}
	if s.Browser == nil {
		return latchkey.NewError(latchkey.BrowserFailed, nil)
	}
	if err := s.Browser.Open(ctx, signIn.Link); err != nil {
		return err
	}
	s.opened(signIn.ID)
	return nil
}
