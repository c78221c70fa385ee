package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Times that a person never waits for in vain.
const (
	// exchangeTime bounds everything between the callback and the saved session.
	exchangeTime = 45 * time.Second
	// cleanupTime bounds the removal of what a failed attempt left.
	cleanupTime = 15 * time.Second
	// sessionLife is how long servers let a session of a public client live, from its sign-in on and
	// whatever is refreshed (observed; confidential clients get more).
	sessionLife = 14 * 24 * time.Hour
	// pageTime is how long the browser has to fetch the page with the outcome.
	pageTime = 5 * time.Second
)

// Login signs in whoever is meant by text: a handle, a DID, a server's address, an email, or what
// copying makes of them. It returns when the person approved and the session is saved, or with the
// reason why not. While it waits, events tell how far it is. more are scopes to ask for beyond the
// product's own; an older session of the account is replaced only when the new one is there.
func (s *Service) Login(ctx context.Context, text string, more ...string) (latchkey.Account, error) {
	id, err := latchkey.ParseIdentifier(text)
	if err != nil {
		return latchkey.Account{}, err
	}
	if id.Email != "" {
		return s.LoginWithEmail(ctx, id.Email, more...)
	}
	return s.login(ctx, target{Identifier: id, more: more})
}

// Renew signs in once more to an account that is here: its session begins anew, with the scopes that
// it was raised to and with more. The code AccountUnknown says that it is not here.
func (s *Service) Renew(ctx context.Context, did syntax.DID, more ...string) (latchkey.Account, error) {
	if _, err := s.Store.Account(ctx, did); err != nil {
		return latchkey.Account{}, err
	}
	return s.login(ctx, target{Identifier: latchkey.Identifier{Account: did.AtIdentifier()}, more: more})
}

// target is whom or where a sign-in is for.
type target struct {
	latchkey.Identifier
	// mailbox is the address that a sign-in by email asks for, in lower case.
	mailbox latchkey.Secret
	// more are scopes beyond the product's own.
	more []string
}

func (s *Service) login(ctx context.Context, id target) (latchkey.Account, error) {
	// What is wrong with the scopes is said before anybody is asked for anything.
	if _, err := s.ClientID(s.asking(id.more)); err != nil {
		return latchkey.Account{}, err
	}
	return s.attend(ctx, rand.Text(), func(ctx context.Context, a *attempt) (latchkey.Account, latchkey.Listener, error) {
		return s.run(ctx, a, id)
	})
}

// asking are all scopes of a sign-in that asks for more than the product's own.
func (s *Service) asking(more []string) []string {
	all := slices.Clone(s.Scopes)
	for _, scope := range more {
		if !slices.Contains(all, scope) {
			all = append(all, scope)
		}
	}
	return all
}

// stillScopes are those that this build knows as scopes: another one may have asked for more.
func (s *Service) stillScopes(scopes []string) []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
		_, err := s.ClientID([]string{scope})
		return err != nil
	})
}

// attend makes an attempt of run, from its first event to its last.
func (s *Service) attend(ctx context.Context, attemptID string, run func(context.Context, *attempt) (latchkey.Account, latchkey.Listener, error)) (latchkey.Account, error) {
	ctx, a, err := s.begin(ctx, attemptID)
	if err != nil {
		return latchkey.Account{}, err
	}
	defer s.end(a)
	s.update(a, func(*latchkey.SignIn) {})
	account, listener, err := run(ctx, a)
	account.Profile = s.profileOf(account.DID)
	// The reason of a cancelled context is the person's wish or the deadline, and says more than
	// whatever was interrupted.
	var reason *latchkey.Error
	if err != nil {
		reason = latchkey.AsError(err)
		if cause := context.Cause(ctx); cause != nil {
			reason = cancelled(cause)
		}
	}
	if listener != nil {
		// The page learns the outcome now; that it is fetched is not waited for.
		s.work.Add(1)
		go func() {
			defer s.work.Done()
			ctx, cancel := context.WithTimeout(s.background, pageTime)
			defer cancel()
			if reason != nil {
				listener.Finish(ctx, nil, reason)
				return
			}
			listener.Finish(ctx, &account, nil)
		}()
	}
	if reason != nil {
		s.Log.Info("sign-in failed", "reason", reason)
		s.forgetRecent() // it may have been what failed
		s.update(a, func(si *latchkey.SignIn) { si.Phase, si.Link, si.Err = latchkey.Failed, "", reason })
		return latchkey.Account{}, reason
	}
	s.meetSoon(account)
	s.update(a, func(si *latchkey.SignIn) {
		si.Phase, si.Link, si.DID, si.Handle, si.Account = latchkey.Done, "", account.DID, account.Handle, &account
	})
	s.revokeSoon() // an older session of the account
	return account, nil
}

func cancelled(cause error) *latchkey.Error {
	var e *latchkey.Error
	if errors.As(cause, &e) {
		return e
	}
	return latchkey.NewError(latchkey.Cancelled, cause)
}

// run is the flow of one attempt. Whatever it returns, nothing half-made is left behind; the
// listener, if there is one, is the caller's to finish.
func (s *Service) run(ctx context.Context, a *attempt, id target) (latchkey.Account, latchkey.Listener, error) {
	req, err := s.resolve(ctx, a, id)
	if err != nil {
		return latchkey.Account{}, nil, err
	}
	listener, err := s.Loopback.Listen(ctx, req.State, req.Server.Issuer, "")
	if err != nil {
		return latchkey.Account{}, nil, err
	}
	req.RedirectURI = listener.RedirectURI()
	// A browser on another computer knows nothing of what is registered on this one.
	if s.SchemeRedirect != nil && !s.Remote {
		req.RedirectURI = cmp.Or(s.SchemeRedirect(ctx), req.RedirectURI)
	}
	account, err := s.authorize(ctx, a, req, listener)
	return account, listener, err
}

// resolve finds out whom the attempt is for and where it happens.
func (s *Service) resolve(ctx context.Context, a *attempt, id target) (req latchkey.AuthorizationRequest, err error) {
	raised := id.more
	defer func() {
		if err == nil {
			req.Scopes = s.asking(raised)
			req.Raised = req.Scopes[len(s.Scopes):]
			req.ClientID, err = s.ClientID(req.Scopes)
		}
	}()
	req = latchkey.AuthorizationRequest{
		ID:       a.signIn.ID,
		State:    latchkey.Secret(rand.Text()),
		Verifier: newVerifier(),
		Deadline: time.Now().Add(s.Patience),
	}
	learn := func(identity latchkey.Identity, server string) {
		s.update(a, func(si *latchkey.SignIn) { si.DID, si.Handle, si.Server = identity.DID, identity.Handle, server })
	}
	// What a preview has just found out is not asked for once more; after the browser, verify asks for all of it.
	f, known := s.recall(id.Identifier)
	if known {
		learn(f.identity, f.as.Issuer)
	} else if f, err = s.locate(ctx, id.Identifier, learn); err != nil {
		return req, err
	}
	if identity := f.identity; identity.DID != "" {
		req.DID, req.LoginHint = identity.DID, id.Account.String()
		if identity.Handle != "" {
			req.LoginHint = identity.Handle.String()
		}
		if known, err := s.Store.Account(ctx, identity.DID); err == nil {
			raised = slices.Concat(raised, s.stillScopes(known.Raised))
		}
	}
	as := f.as
	req.Server = as
	req.Email = id.mailbox
	s.update(a, func(si *latchkey.SignIn) { si.Server, si.CodeByEmail = as.Issuer, req.Email != "" && as.TakesEmail() })
	return req, nil
}

// newVerifier makes a PKCE code verifier of 64 characters (RFC 7636 section 4.1).
func newVerifier() latchkey.Secret {
	b := make([]byte, 48)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return latchkey.Secret(base64.RawURLEncoding.EncodeToString(b))
}

// authorize saves the attempt, pushes its request, lets the person approve, and turns the answer
// into a session.
func (s *Service) authorize(ctx context.Context, a *attempt, req latchkey.AuthorizationRequest, listener latchkey.Listener) (account latchkey.Account, err error) {
	keys, err := s.Protocol.NewKeys()
	if err != nil {
		return account, err
	}
	// The lock tells other processes that this attempt is alive.
	unlock, err := s.Store.Lock(ctx, req.ID)
	if err != nil {
		return account, err
	}
	defer func() { s.letGo(req.ID, unlock, err) }()
	// The row comes first: it is what finds the keychain item again, whenever this is interrupted.
	if err := s.Store.AddSignIn(ctx, req, keys); err != nil {
		return account, err
	}
	if err := s.Keychain.Set(ctx, req.ID, keys); err != nil {
		return account, err
	}
	if req.URL, err = s.Protocol.Push(ctx, req, keys); err != nil {
		return account, err
	}
	// From here on another run of the program can pick the attempt up.
	if err := s.Store.UpdateSignIn(ctx, req, keys); err != nil {
		return account, err
	}
	return s.complete(ctx, a, req, keys, listener, s.Browser)
}

// letGo ends what an attempt holds. One that failed is discarded.
func (s *Service) letGo(id string, unlock func(), err error) {
	switch code := latchkey.CodeOf(err); {
	case err == nil:
		unlock()
	case (code == latchkey.KeychainLocked || code == latchkey.KeychainUnanswered) && s.spawn(func(context.Context) { s.discard(id, false); unlock() }):
		// Nobody answers for the keychain, and the bad news must not wait for it once more.
	default:
		// When it was not there at all, nothing was put into it.
		s.discard(id, code == latchkey.KeychainUnavailable)
		unlock()
	}
}

// complete lets the person approve what was pushed, and turns the answer into a session. browser
// opens the page; nil where one has it open already, or where there is none.
func (s *Service) complete(ctx context.Context, a *attempt, req latchkey.AuthorizationRequest, keys latchkey.Keys, listener latchkey.Listener, browser latchkey.Browser) (account latchkey.Account, err error) {
	code, err := s.approve(ctx, a, req, keys, listener, browser)
	if err != nil {
		return account, err
	}
	s.update(a, func(si *latchkey.SignIn) { si.Phase, si.Link = latchkey.Exchanging, "" })
	// From here on the code is used up: the outcome is seen through even when the person gives up,
	// so that no session stays on the server that nobody knows of.
	detached, cancel := context.WithTimeout(s.background, exchangeTime)
	defer cancel()
	consumed, err := s.Store.ConsumeSignIn(detached, req.ID, keys)
	if err != nil {
		return account, err
	}
	return s.exchange(detached, a, ctx.Err, consumed, keys, code)
}

// approve shows the person the way and waits for the browser to come back.
func (s *Service) approve(ctx context.Context, a *attempt, req latchkey.AuthorizationRequest, keys latchkey.Keys, listener latchkey.Listener, browser latchkey.Browser) (latchkey.Secret, error) {
	listener.SetTarget(req.URL)
	s.mu.Lock()
	a.request, a.keys, a.listener = req, keys, listener
	s.mu.Unlock()
	s.update(a, func(si *latchkey.SignIn) {
		si.Phase, si.Link, si.Deadline, si.BrowserFailed = latchkey.Waiting, listener.Link(), req.Deadline, s.Browser == nil || s.Remote
		si.Remote = s.Remote
	})
	ctx, cancel := context.WithDeadlineCause(ctx, req.Deadline, latchkey.NewError(latchkey.TimedOut, nil))
	defer cancel()
	// A browser of this computer would open in front of nobody, and come from no browser of theirs.
	if browser != nil && !s.Remote {
		opened := make(chan struct{})
		go func() {
			defer close(opened)
			if err := browser.Open(ctx, listener.Link()); err != nil && ctx.Err() == nil {
				s.Log.Info("no browser opened", "reason", err)
				s.update(a, func(si *latchkey.SignIn) { si.BrowserFailed = true })
			}
		}()
		defer func() { cancel(); <-opened }()
	}
	return listener.Wait(ctx)
}

// exchange turns the code into tokens, checks whose they are, and saves them. Tokens that came and
// are not kept are revoked at once. givenUp tells whether the person cancelled meanwhile.
func (s *Service) exchange(ctx context.Context, a *attempt, givenUp func() error, req latchkey.AuthorizationRequest, keys latchkey.Keys, code latchkey.Secret) (account latchkey.Account, err error) {
	grant, err := s.Protocol.Exchange(ctx, req, keys, code)
	if err != nil {
		return account, err
	}
	now := time.Now()
	session := latchkey.Session{
		ID: req.ID, DID: grant.Subject, ClientID: req.ClientID,
		Issuer: req.Server.Issuer, TokenEndpoint: req.Server.TokenEndpoint, RevocationEndpoint: req.Server.RevocationEndpoint,
		Scopes: grant.Scopes, Created: now, Ends: now.Add(sessionLife), Renewed: now, AccessEnds: grant.AccessEnds,
		InMemory: s.Keychain.InMemory(req.ID), Tokens: grant.Tokens,
	}
	defer func() {
		if err != nil {
			// With a time of its own: the exchange may have failed because its own ran out.
			ctx, cancel := context.WithTimeout(s.background, revokeTime)
			defer cancel()
			if revokeErr := s.Protocol.Revoke(ctx, session, keys); revokeErr != nil {
				s.Log.Warn("tokens of a failed sign-in were not revoked", "reason", revokeErr)
			}
		}
	}()
	identity, err := s.verify(ctx, req, grant)
	if err != nil {
		return account, err
	}
	session.Server = identity.Server
	if session.Email = s.mailbox(ctx, req, session, keys); req.Email != "" && session.Email != "" && session.Email != req.Email {
		s.update(a, func(si *latchkey.SignIn) { si.OtherEmail = true })
	}
	raised := req.Raised
	if known, err := s.Store.Account(ctx, identity.DID); err == nil {
		// A sign-in that began with a server's address did not know whom to ask for.
		raised = s.asking(slices.Concat(raised, s.stillScopes(known.Raised)))[len(s.Scopes):]
	}
	account = latchkey.Account{
		DID: identity.DID, Handle: identity.Handle, Server: identity.Server,
		Status: latchkey.Active, Scopes: grant.Scopes, Raised: raised, LastUsed: s.latest(ctx), Confirmed: now,
		SignedIn: session.Created, Renewed: session.Renewed, SessionEnds: session.Ends, InMemory: session.InMemory,
	}
	if err := givenUp(); err != nil {
		return account, err
	}
	unlock, err := s.lockSession(ctx, account.DID)
	if err != nil {
		return account, err
	}
	defer unlock()
	if session.InMemory {
		if err := s.holdInMemory(ctx, session.ID); err != nil {
			return account, err
		}
	}
	if err := s.Store.SaveSession(ctx, account, session, keys); err != nil {
		return account, err
	}
	s.mu.Lock()
	delete(s.offline, account.DID) // its server has just answered
	s.mu.Unlock()
	s.announce()
	return account, nil
}

// verify makes sure that the tokens are for the account that was asked for, and that the account's
// own server says that this issuer may speak for it
// (https://atproto.com/specs/oauth, "Identity Authentication"). Nothing that was known before counts here.
func (s *Service) verify(ctx context.Context, req latchkey.AuthorizationRequest, grant latchkey.Grant) (latchkey.Identity, error) {
	s.forgetRecent()
	if req.DID != "" && grant.Subject != req.DID {
		return latchkey.Identity{}, latchkey.NewError(latchkey.SubjectMismatch, fmt.Errorf("asked for %s, got %s", req.DID, grant.Subject))
	}
	identity, err := s.Directory.Lookup(ctx, grant.Subject.AtIdentifier())
	if err != nil {
		return identity, err
	}
	as, err := s.Protocol.Discover(ctx, identity.Server)
	if err != nil {
		return identity, err
	}
	if as.Issuer != req.Server.Issuer || as.Server != identity.Server {
		return identity, latchkey.NewError(latchkey.IssuerMismatch, fmt.Errorf("%s belongs to %s, not to %s", grant.Subject, as.Issuer, req.Server.Issuer))
	}
	return identity, nil
}

// discard removes what an attempt left: the keychain item first, so that the row can still name it
// when that fails. A keychain that is not there can't remove an item; noItem says that there is none.
func (s *Service) discard(id string, noItem bool) {
	ctx, cancel := context.WithTimeout(s.background, cleanupTime)
	defer cancel()
	err := s.Keychain.Delete(ctx, id)
	if err == nil || noItem && latchkey.CodeOf(err) == latchkey.KeychainUnavailable {
		err = s.Store.RemoveSignIn(ctx, id)
	} else if endErr := s.Store.EndSignIn(ctx, id); endErr != nil {
		err = errors.Join(err, endErr) // or the next run would go on with it
	}
	if err != nil {
		s.Log.Warn("an ended sign-in was not cleaned up; the next start will", "reason", err)
	}
}
