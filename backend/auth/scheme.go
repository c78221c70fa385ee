package auth

import (
	"context"
	"errors"
	"strings"

	latchkey "latchkey/backend"
)

// The way back through a scheme of the product's own: the operating system hands the address of the callback to
// the program, in place of a request that the browser makes to the listener. The listener waits all the same: it
// checks whatever comes, and its link leads to the page.

// throughScheme tells a redirect URI with such a scheme, which a single slash follows.
func throughScheme(redirectURI string) bool { return !strings.Contains(redirectURI, "://") }

// HandOver goes on with the sign-in that waits by an address that the operating system handed to this program.
// Anybody can make it do that, so what is not the callback of this sign-in changes nothing: the codes are those of
// Paste. How the sign-in ends is told by Login.
func (s *Service) HandOver(address latchkey.Secret) error {
	s.mu.Lock()
	var listener latchkey.Listener
	var redirectURI string
	if s.attempt != nil {
		listener, redirectURI = s.attempt.listener, s.attempt.request.RedirectURI
	}
	s.mu.Unlock()
	if listener == nil {
		return latchkey.NewError(latchkey.NoSignIn, nil)
	}
	query, ok := strings.CutPrefix(string(address), redirectURI+"?")
	if !ok || !throughScheme(redirectURI) {
		return latchkey.NewError(latchkey.CallbackInvalid, errors.New("not an address of this sign-in"))
	}
	return listener.Take(latchkey.Secret(listener.RedirectURI() + "?" + query))
}

// AddressElsewhere is AuthorizationURL for a browser on another computer. There a scheme of ours leads nowhere, so
// a sign-in that would come back through it is asked for once more, to end on an address that a person can paste;
// the page that it had until then ends nothing any more. The code NoSignIn says that none waits.
func (s *Service) AddressElsewhere(ctx context.Context) (latchkey.Secret, error) {
	s.mu.Lock()
	a := s.attempt
	if a == nil || a.signIn.Phase != latchkey.Waiting {
		s.mu.Unlock()
		return "", latchkey.NewError(latchkey.NoSignIn, nil)
	}
	req, keys, listener := a.request, a.keys, a.listener
	s.mu.Unlock()
	if !throughScheme(req.RedirectURI) {
		return req.URL, nil
	}
	req.RedirectURI = listener.RedirectURI()
	var err error
	if req.URL, err = s.Protocol.Push(ctx, req, keys); err != nil {
		return "", err
	}
	if err := s.Store.UpdateSignIn(ctx, req, keys); err != nil {
		return "", err
	}
	s.mu.Lock()
	a.request = req
	s.mu.Unlock()
	listener.SetTarget(req.URL)
	return req.URL, nil
}
