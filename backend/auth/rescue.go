package auth

import (
	"context"

	latchkey "latchkey/backend"
)

// Paste goes on with the sign-in that waits by the address of the page that the browser ended on: for
// a browser that could not load that page, because it is on another computer, say. The code NoSignIn
// says that none waits, CallbackInvalid and CallbackOther that it was another address; the sign-in
// then waits on. How it ends is told by Login.
func (s *Service) Paste(_ context.Context, address latchkey.Secret) error {
	s.mu.Lock()
	var listener latchkey.Listener
	if s.attempt != nil {
		listener = s.attempt.listener
	}
	s.mu.Unlock()
	if listener == nil {
		return latchkey.NewError(latchkey.NoSignIn, nil)
	}
	return listener.Take(address)
}

// Browsers lists the browsers of this computer. There are none where links are never opened.
func (s *Service) Browsers(ctx context.Context) ([]latchkey.BrowserApp, error) {
	if s.Browser == nil {
		return nil, nil
	}
	return s.Browser.Installed(ctx)
}

// OpenIn opens the page of the sign-in that waits in one of the Browsers, named by its id.
func (s *Service) OpenIn(ctx context.Context, id string) error {
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
	if err := s.Browser.OpenWith(ctx, id, signIn.Link); err != nil {
		return err
	}
	s.opened(signIn.ID)
	return nil
}

// opened takes back that no browser could be opened, once one was.
func (s *Service) opened(id string) {
	s.mu.Lock()
	a := s.attempt
	news := a != nil && a.signIn.ID == id && a.signIn.Phase == latchkey.Waiting && a.signIn.BrowserFailed
	s.mu.Unlock()
	if news {
		s.update(a, func(si *latchkey.SignIn) { si.BrowserFailed = false })
	}
}
