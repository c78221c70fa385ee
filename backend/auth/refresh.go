package auth

import (
	"context"
	"errors"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// refreshTime bounds the wait for the lock of a session, and then its refresh, up to the saved tokens.
	refreshTime = 45 * time.Second
	// aheadMost is how long before its end an access token is renewed; a token of a short life, in the
	// last twelfth of it.
	aheadMost = 5 * time.Minute
	// A server that is busy is asked for new tokens again after firstBusyPause, and then ever more rarely.
	firstBusyPause = time.Second
	// A save that failed is tried again after firstSavePause, and then ever more rarely.
	firstSavePause, longestSavePause = time.Second, 30 * time.Second
)

// unsaved is a session whose renewed tokens are on no disk yet. The lock of the session is held as
// long as it is one.
type unsaved struct {
	session latchkey.Session
	keys    latchkey.Keys
	retry   chan struct{} // wakes the next try
}

// refresh renews a session whose access token the server takes no more, unless somebody else does
// or did it already. It goes on when ctx ends: a refresh token works once, and the new one must not
// get lost.
func (s *Service) refresh(ctx context.Context, stale latchkey.Session, keys latchkey.Keys) error {
	// Goroutines of this process share one refresh; only the first asks for the lock.
	flight := s.flights.DoChan(stale.ID+" "+string(stale.Tokens.Access), func() (any, error) {
		if session, _, ok := s.inHand(stale.ID); ok {
			if session.Tokens.Access != stale.Tokens.Access {
				return nil, nil // another goroutine was first
			}
			// The intent of another refresh could not be written down either.
			return nil, latchkey.NewError(latchkey.SessionUnsaved, nil)
		}
		if s.pausing(stale.ID) {
			return nil, latchkey.NewError(latchkey.ServerBusy, errors.New("it said so a moment ago"))
		}
		done := make(chan error, 1)
		if !s.spawn(func(ctx context.Context) { s.refreshOnce(ctx, stale, keys, done) }) {
			return nil, latchkey.NewError(latchkey.Cancelled, nil)
		}
		err := <-done
		s.pause(stale.ID, latchkey.CodeOf(err) == latchkey.ServerBusy)
		return nil, err
	})
	select {
	case result := <-flight:
		return result.Err
	case <-ctx.Done():
		return latchkey.NewError(latchkey.Cancelled, context.Cause(ctx))
	}
}

// pausing tells whether the server of a session has just said that it is busy, or out of order. It is
// not asked for new tokens then, however many calls want them.
func (s *Service) pausing(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.busy[id]
	if o == nil {
		return false
	}
	left := time.Until(o.next)
	return left > 0 && left <= longestPause // further ahead is of before the clock was set back
}

// pause makes the pause after a busy answer twice as long as the one before; any other answer ends it.
func (s *Service) pause(id string, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !busy {
		delete(s.busy, id)
		return
	}
	pause := firstBusyPause
	if o := s.busy[id]; o != nil {
		pause = min(2*o.pause, longestPause)
	}
	s.busy[id] = &outage{pause: pause, next: time.Now().Add(pause)}
}

// refreshOnce takes the lock and keeps it until the tokens are saved, which may be long after done was
// told.
func (s *Service) refreshOnce(ctx context.Context, stale latchkey.Session, keys latchkey.Keys, done chan<- error) {
	waiting, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	unlock, err := s.Store.Lock(waiting, stale.ID)
	if err != nil {
		done <- err
		return
	}
	defer unlock()
	// With a time of its own: what was waited for the lock must not shorten it.
	limited, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	saved, err := s.refreshLocked(limited, stale, keys)
	done <- err
	if !saved {
		s.keepTrying(ctx, stale.ID)
	}
}

// refreshLocked is for whoever holds the session's lock. When it answers that the tokens were not
// saved, they are in hand.
func (s *Service) refreshLocked(ctx context.Context, stale latchkey.Session, keys latchkey.Keys) (saved bool, err error) {
	session, err := s.Store.Session(ctx, stale.ID, keys)
	if latchkey.CodeOf(err) == latchkey.SessionMissing {
		return true, nil // signed out or replaced meanwhile: opening it again tells which
	}
	if err != nil {
		return true, err
	}
	if session.Tokens.Access != stale.Tokens.Access {
		return true, nil // another goroutine or process was first
	}
	if session.Unconfirmed > 1 {
		return true, s.needsSignIn(ctx, session, latchkey.RenewalUnknown)
	}
	// A network that is just waking up takes the request and loses the answer, and with it the
	// session. So the server has to show first that it is there; to learn that it is not costs nothing.
	if err := s.Protocol.Reach(ctx, session); err != nil {
		return true, err
	}
	// The intent is on the disk before the request is on the wire.
	session.Unconfirmed++
	if err := s.Store.UpdateSession(ctx, session, keys); err != nil {
		return true, err
	}
	grant, err := s.Protocol.Refresh(ctx, session, keys)
	switch code := latchkey.CodeOf(err); {
	case err == nil:
		session.Tokens, session.Scopes, session.AccessEnds = grant.Tokens, grant.Scopes, grant.AccessEnds
		session.Renewed, session.Unconfirmed = time.Now(), 0
		if grant.KeyID != "" { // perhaps it was a public client's until now
			session.KeyID, session.Ends = grant.KeyID, sessionEnd(session.Created, session.Renewed, true)
		}
		if err := s.Store.UpdateSession(ctx, session, keys); err != nil {
			s.Log.Error("renewed tokens were not saved; they are kept in memory", "reason", err)
			s.takeInHand(session, keys)
			return false, nil
		}
		s.announce()
		return true, nil
	case code == latchkey.SessionRejected && session.Unconfirmed > 1:
		// The server knows the token from the request whose answer we never saw.
		return true, s.needsSignIn(ctx, session, latchkey.RenewalUnknown)
	case code == latchkey.SessionRejected, code == latchkey.ClientChanged:
		return true, s.needsSignIn(ctx, session, code)
	case code == latchkey.RenewalUnknown && session.Unconfirmed > 1:
		return true, s.needsSignIn(ctx, session, latchkey.RenewalUnknown)
	case code == latchkey.RenewalUnknown:
		// One more try is allowed, when the next call needs it.
		return true, latchkey.NewError(latchkey.ServerUnreachable, err)
	}
	session.Unconfirmed--
	if saveErr := s.Store.UpdateSession(ctx, session, keys); saveErr != nil {
		return true, saveErr
	}
	return true, err
}

// needsSignIn ends the session of an account, keeps the account, and answers the reason as an error.
// The reason is what the refresh showed; the directory or the calendar may know a better one.
func (s *Service) needsSignIn(ctx context.Context, session latchkey.Session, reason latchkey.Code) error {
	account, err := s.Store.Account(ctx, session.DID)
	if err != nil {
		return err
	}
	// A directory that does not answer must not use up the time that the end needs to be saved.
	limited, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	identity, lookupErr := s.Directory.Lookup(limited, session.DID.AtIdentifier())
	switch {
	case lookupErr == nil && identity.Server != account.Server:
		account.Server, reason = identity.Server, latchkey.AccountMoved
	case !session.Ends.IsZero() && time.Now().After(session.Ends.Add(-time.Hour)):
		reason = latchkey.SessionExpired
	}
	return s.endSession(ctx, account, reason)
}

// endSession ends the session of an account for a reason, and answers that as an error. It is for
// whoever holds the session's lock.
func (s *Service) endSession(ctx context.Context, account latchkey.Account, reason latchkey.Code) error {
	account.Status, account.Reason = latchkey.NeedsSignIn, reason
	if err := s.Store.EndSession(ctx, account); err != nil {
		return err
	}
	s.announce()
	s.revokeSoon()
	return account.Why()
}

// renewAhead renews a session that a call has just shown to work, in the background, when its access
// token ends soon. That call is what shows that the network is there; without calls nothing is renewed.
func (s *Service) renewAhead(session latchkey.Session, keys latchkey.Keys) {
	left, life := time.Until(session.AccessEnds), session.AccessEnds.Sub(session.Renewed)
	if session.AccessEnds.IsZero() || left <= 0 || left > min(aheadMost, life/12) {
		return
	}
	s.mu.Lock()
	begin := !s.renewing[session.ID]
	s.renewing[session.ID] = true
	s.mu.Unlock()
	if !begin {
		return
	}
	s.spawn(func(ctx context.Context) {
		defer func() {
			s.mu.Lock()
			delete(s.renewing, session.ID)
			s.mu.Unlock()
		}()
		if err := s.refresh(ctx, session, keys); err != nil {
			s.Log.Info("a session was not renewed ahead of time", "reason", err)
		}
	})
}

// inHand is a session whose newest tokens are in memory only.
func (s *Service) inHand(id string) (latchkey.Session, latchkey.Keys, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.unsaved[id]
	return u.session, u.keys, ok
}

func (s *Service) takeInHand(session latchkey.Session, keys latchkey.Keys) {
	s.mu.Lock()
	s.unsaved[session.ID] = unsaved{session, keys, make(chan struct{}, 1)}
	s.mu.Unlock()
	s.announceNotices()
}

// keepTrying saves what is in hand, however long it takes. When the program ends before, the tokens
// would be lost with it, so the server is told to end them.
func (s *Service) keepTrying(ctx context.Context, id string) {
	s.mu.Lock()
	u := s.unsaved[id]
	s.mu.Unlock()
	pause, closing := firstSavePause, false
	for {
		err := s.Store.UpdateSession(ctx, u.session, u.keys)
		if err == nil || latchkey.CodeOf(err) == latchkey.SessionMissing {
			break
		}
		if closing {
			s.Log.Error("renewed tokens were never saved; they are revoked", "reason", err)
			ctx, cancel := context.WithTimeout(ctx, revokeTime)
			defer cancel()
			if err := s.Protocol.Revoke(ctx, u.session, u.keys); err != nil {
				s.Log.Warn("unsaved tokens were not revoked", "reason", err)
			}
			break
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			pause = min(2*pause, longestSavePause)
		case <-u.retry:
		case <-s.closing:
			closing = true
		case <-ctx.Done():
			closing = true
		}
		timer.Stop()
	}
	s.mu.Lock()
	delete(s.unsaved, id)
	s.mu.Unlock()
	s.announceNotices()
	s.announce()
}

// saveNow wakes the tries to save a session: somebody waits for its lock.
func (s *Service) saveNow(id string) {
	s.mu.Lock()
	u, ok := s.unsaved[id]
	s.mu.Unlock()
	if !ok {
		return
	}
	select {
	case u.retry <- struct{}{}:
	default: // one is on its way
	}
}

// lockSession takes the lock of an account's session before it is ended or replaced. A refresh on
// its way is let through: what is revoked must be the newest token. Without a session there is
// nothing to lock.
func (s *Service) lockSession(ctx context.Context, did syntax.DID) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	for {
		id, err := s.Store.SessionID(ctx, did)
		if err != nil {
			return nil, err
		}
		if id == "" {
			return func() {}, nil
		}
		s.saveNow(id)
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
