package auth

import (
	"context"
	"net/http"
	"time"

	"github.com/bluesky-social/indigo/atproto/atclient"
	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// refreshTime bounds a refresh, from the wait for its lock to the saved tokens.
const refreshTime = 45 * time.Second

// Client is an XRPC client that calls an account's own server with its session, and refreshes the
// session when the server asks for it. The error's code is the reason when the account needs a
// sign-in first.
func (s *Service) Client(ctx context.Context, did syntax.DID) (*atclient.APIClient, error) {
	session, _, err := s.open(ctx, did)
	if err != nil {
		return nil, err
	}
	return &atclient.APIClient{Host: session.Server, Auth: authMethod{s, did}, AccountDID: &did}, nil
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
	session, keys, err := s.open(ctx, did)
	if err != nil {
		return nil, err
	}
	res, err := s.Protocol.Do(ctx, session, keys, req)
	if latchkey.CodeOf(err) != latchkey.AccessEnded {
		return res, err
	}
	if err := s.refresh(ctx, session, keys); err != nil {
		return nil, err
	}
	if session, keys, err = s.open(ctx, did); err != nil {
		return nil, err
	}
	return s.Protocol.Do(ctx, session, keys, req)
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
	if account.Status == latchkey.NeedsSignIn {
		return none(latchkey.NewError(account.Reason, nil))
	}
	id, err := s.Store.SessionID(ctx, did)
	if err != nil {
		return none(err)
	}
	if id == "" {
		return none(latchkey.NewError(latchkey.SessionMissing, nil))
	}
	keys, err := s.Keychain.Get(ctx, id)
	if err == nil {
		var session latchkey.Session
		if session, err = s.Store.Session(ctx, id, keys); err == nil {
			return session, keys, nil
		}
	}
	switch code := latchkey.CodeOf(err); code {
	case latchkey.SessionMissing:
		return s.open(ctx, did) // signed out or replaced between the two questions
	case latchkey.KeychainItemMissing, latchkey.SealBroken:
		replaced, err := s.markLost(ctx, did, id, code)
		if err != nil {
			return none(err)
		}
		if replaced {
			return s.open(ctx, did)
		}
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
	s.emitAccount(latchkey.AccountNeedsSignIn, account)
	return false, nil
}

// lockSession takes the lock of an account's session before it is ended or replaced. A refresh on
// its way is let through: what is revoked must be the newest token. Without a session there is
// nothing to lock.
func (s *Service) lockSession(ctx context.Context, did syntax.DID) (unlock func(), err error) {
	for {
		id, err := s.Store.SessionID(ctx, did)
		if err != nil {
			return nil, err
		}
		if id == "" {
			return func() {}, nil
		}
		unlock, err := s.Store.Lock(ctx, id)
		if err != nil {
			return nil, err
		}
		now, err := s.Store.SessionID(ctx, did)
		if err == nil && now == id {
			return unlock, nil
		}
		unlock()
		if err != nil {
			return nil, err
		}
	}
}

// refresh renews a session whose access token the server takes no more, unless somebody else does
// or did it already. It goes on when ctx ends: a refresh token works once, and the new one must not
// get lost.
func (s *Service) refresh(ctx context.Context, stale latchkey.Session, keys latchkey.Keys) error {
	done := make(chan error, 1)
	if !s.spawn(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, refreshTime)
		defer cancel()
		done <- s.refreshLocked(ctx, stale, keys)
	}) {
		return latchkey.NewError(latchkey.Cancelled, nil)
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return latchkey.NewError(latchkey.Cancelled, context.Cause(ctx))
	}
}

func (s *Service) refreshLocked(ctx context.Context, stale latchkey.Session, keys latchkey.Keys) error {
	unlock, err := s.Store.Lock(ctx, stale.ID)
	if err != nil {
		return err
	}
	defer unlock()
	session, err := s.Store.Session(ctx, stale.ID, keys)
	if latchkey.CodeOf(err) == latchkey.SessionMissing {
		return nil // signed out or replaced meanwhile: opening it again tells which
	}
	if err != nil {
		return err
	}
	if session.Tokens.Access != stale.Tokens.Access {
		return nil // another goroutine or process was first
	}
	if session.Unconfirmed > 1 {
		return s.needsSignIn(ctx, session.DID, latchkey.RenewalUnknown)
	}
	// The intent is on the disk before the request is on the wire.
	session.Unconfirmed++
	if err := s.Store.UpdateSession(ctx, session, keys); err != nil {
		return err
	}
	grant, err := s.Protocol.Refresh(ctx, session, keys)
	switch code := latchkey.CodeOf(err); {
	case err == nil:
		session.Tokens, session.Scopes, session.AccessEnds, session.Unconfirmed = grant.Tokens, grant.Scopes, grant.AccessEnds, 0
		return s.Store.UpdateSession(ctx, session, keys)
	case code == latchkey.SessionRejected && session.Unconfirmed > 1:
		// The server knows the token from the request whose answer we never saw.
		return s.needsSignIn(ctx, session.DID, latchkey.RenewalUnknown)
	case code == latchkey.SessionRejected:
		return s.needsSignIn(ctx, session.DID, latchkey.SessionRejected)
	case code == latchkey.RenewalUnknown && session.Unconfirmed > 1:
		return s.needsSignIn(ctx, session.DID, latchkey.RenewalUnknown)
	case code == latchkey.RenewalUnknown:
		// One more try is allowed, when the next call needs it.
		return latchkey.NewError(latchkey.ServerUnreachable, err)
	}
	session.Unconfirmed--
	if saveErr := s.Store.UpdateSession(ctx, session, keys); saveErr != nil {
		return saveErr
	}
	return err
}

// needsSignIn ends an account's session, keeps the account, and answers the reason as an error.
func (s *Service) needsSignIn(ctx context.Context, did syntax.DID, reason latchkey.Code) error {
	account, err := s.Store.Account(ctx, did)
	if err != nil {
		return err
	}
	account.Status, account.Reason, account.Scopes = latchkey.NeedsSignIn, reason, nil
	if err := s.Store.EndSession(ctx, account); err != nil {
		return err
	}
	s.emitAccount(latchkey.AccountNeedsSignIn, account)
	s.revokeSoon()
	return latchkey.NewError(reason, nil)
}
