package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/bluesky-social/indigo/atproto/atclient"
	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Client is an XRPC client that calls an account's own server with its session, and refreshes the
// session when the server asks for it. The error's code is the reason when the account needs a
// sign-in first. Goroutines may share it.
func (s *Service) Client(ctx context.Context, did syntax.DID) (*atclient.APIClient, error) {
	session, _, err := s.open(ctx, did)
	if err != nil {
		return nil, err
	}
	// The first request would set a client that is missing, which is a race among goroutines, and
	// WithService would panic without headers (observed).
	return &atclient.APIClient{
		Client:     http.DefaultClient,
		Host:       session.Server,
		Auth:       authMethod{s, did},
		Headers:    http.Header{},
		AccountDID: &did,
	}, nil
}

// authMethod implements [atclient.AuthMethod]. The given HTTP client is not used: Protocol has its
// own, with limits.
type authMethod struct {
	service *Service
	did     syntax.DID
}

func (m authMethod) DoWithAuth(_ *http.Client, req *http.Request, _ syntax.NSID) (*http.Response, error) {
	return m.service.do(req.Context(), m.did, req)
}

func (s *Service) do(ctx context.Context, did syntax.DID, req *http.Request) (*http.Response, error) {
	res, err := s.send(ctx, did, req)
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.heard(did, err) // a call that was given up tells nothing of the server
	}
	return res, err
}

func (s *Service) send(ctx context.Context, did syntax.DID, req *http.Request) (*http.Response, error) {
	session, keys, err := s.open(ctx, did)
	if err != nil {
		return nil, err
	}
	res, err := s.Protocol.Do(ctx, session, keys, req)
	if latchkey.CodeOf(err) == latchkey.AccessEnded {
		if err := s.refresh(ctx, session, keys); err != nil {
			return nil, err
		}
		if session, keys, err = s.open(ctx, did); err != nil {
			return nil, err
		}
		res, err = s.Protocol.Do(ctx, session, keys, req)
	}
	if err != nil {
		return nil, err
	}
	if saysGone(res) {
		err := s.confirm(ctx, did)
		if latchkey.CodeOf(err) == latchkey.AccountMoved {
			_ = res.Body.Close()
			return nil, err
		}
		if err != nil {
			s.Log.Info("an account that its server refused was not confirmed", "reason", err)
		}
	}
	s.confirmSoon(did)
	s.renewAhead(session, keys)
	return res, nil
}

// open reads the session of an account with its keys. An account whose keys are gone is kept and
// needs a sign-in.
func (s *Service) open(ctx context.Context, did syntax.DID) (latchkey.Session, latchkey.Keys, error) {
	none := func(err error) (latchkey.Session, latchkey.Keys, error) {
		return latchkey.Session{}, latchkey.Keys{}, err
	}
	account, err := s.Store.Account(ctx, did)
	if err != nil {
		return none(err)
	}
	if why := account.Why(); why != nil {
		return none(why)
	}
	id, err := s.Store.SessionID(ctx, did)
	if err != nil {
		return none(err)
	}
	if id == "" {
		return none(latchkey.NewError(latchkey.SessionMissing, nil))
	}
	if session, keys, ok := s.inHand(id); ok {
		return session, keys, nil
	}
	keys, err := s.Keychain.Get(ctx, id)
	if err == nil {
		var session latchkey.Session
		if session, err = s.Store.Session(ctx, id, keys); err == nil {
			return session, keys, nil
		}
	}
	code := latchkey.CodeOf(err)
	switch code {
	case latchkey.SessionMissing:
		return s.open(ctx, did) // signed out or replaced between the two questions
	case latchkey.KeychainItemMissing, latchkey.KeychainUnavailable:
		if account.InMemory {
			code = latchkey.KeysNotKept
		}
	}
	switch code {
	case latchkey.KeysNotKept:
		if s.keptElsewhere(ctx, id) {
			return none(err)
		}
	case latchkey.KeychainItemMissing, latchkey.KeychainItemForeign, latchkey.SealBroken:
	default:
		return none(err)
	}
	replaced, markErr := s.markLost(ctx, did, id, code)
	switch {
	case markErr != nil:
		return none(markErr)
	case replaced:
		return s.open(ctx, did)
	case code == latchkey.KeysNotKept:
		return none(latchkey.NewError(code, err))
	}
	return none(err)
}

// markLost keeps an account whose session can't be opened any more, and its row, but it needs a
// sign-in. It does nothing when the session was replaced or signed out meanwhile.
func (s *Service) markLost(ctx context.Context, did syntax.DID, id string, reason latchkey.Code) (replaced bool, err error) {
	unlock, err := s.Store.Lock(ctx, id)
	if err != nil {
		return false, err
	}
	defer unlock()
	if now, err := s.Store.SessionID(ctx, did); err != nil || now != id {
		return true, err
	}
	account, err := s.Store.Account(ctx, did)
	if err != nil || account.Status == latchkey.NeedsSignIn {
		return false, err
	}
	account.Status, account.Reason = latchkey.NeedsSignIn, reason
	if err := s.Store.SaveAccount(ctx, account); err != nil {
		return false, err
	}
	s.announce()
	return false, nil
}
