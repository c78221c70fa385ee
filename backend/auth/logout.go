package auth

import (
	"context"
	"errors"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Logout signs an account out. It is gone here when Logout returns, with or without a network; the
// server is told in the background, and again until it listened or the session has ended anyway. The
// code AccountUnknown says that the account is not here.
func (s *Service) Logout(ctx context.Context, did syntax.DID) error {
	if _, err := s.Store.Account(ctx, did); err != nil {
		return err
	}
	unlock, err := s.lockSession(ctx, did)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.Store.RemoveAccount(ctx, did); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.offline, did)
	s.mu.Unlock()
	s.announce()
	s.revokeSoon()
	return nil
}

// LogoutAll signs out every account. When one can't be signed out the others still are.
func (s *Service) LogoutAll(ctx context.Context) error {
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, a := range accounts {
		if err := s.Logout(ctx, a.DID); err != nil && latchkey.CodeOf(err) != latchkey.AccountUnknown {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

const (
	// revokeTime bounds telling one server about one sign-out.
	revokeTime = 15 * time.Second
	// A server that did not listen is told again after firstRevocation, and then ever more rarely.
	firstRevocation, rarestRevocation = 2 * time.Second, 6 * time.Hour
)

// revokeSoon tells servers in the background of the sessions that ended here.
func (s *Service) revokeSoon() {
	select {
	case s.revokeNow <- struct{}{}:
	default: // it will look anyway
	}
}

// revokeLoop tells servers of the sessions that ended here, each when it is due. After Close it looks
// once more: a sign-out just before the end still reaches its server.
func (s *Service) revokeLoop(ctx context.Context) {
	for {
		timer := time.NewTimer(s.revokeDue(ctx))
		select {
		case <-s.revokeNow:
		case <-timer.C:
		case <-s.closing:
			select {
			case <-s.revokeNow:
				s.revokeDue(ctx)
			default:
			}
			return
		}
		timer.Stop()
	}
}

// revokeDue goes once over what is due, and answers how long nothing more will be.
func (s *Service) revokeDue(ctx context.Context) time.Duration {
	pending, err := s.Store.Revocations(ctx)
	if err != nil {
		s.Log.Warn("sessions to revoke were not read", "reason", err)
		return rarestRevocation
	}
	wait := rarestRevocation
	for _, p := range pending {
		// A time far ahead is one of before the clock was set back.
		if left := time.Until(p.Due); left > 0 && left <= rarestRevocation {
			wait = min(wait, left)
			continue
		}
		if p.InMemory && s.keptElsewhere(ctx, p.ID) {
			continue // the process that has its keys tells the server
		}
		err := s.revoke(ctx, p.ID)
		if p.InMemory && latchkey.CodeOf(err) == latchkey.KeychainUnavailable {
			err = s.Store.RemoveRevocation(ctx, p.ID) // nobody has its keys any more
		}
		if err == nil {
			continue
		}
		s.Log.Info("a session was not revoked; it is tried again", "reason", err)
		if time.Now().After(p.Ends) {
			// It has ended on its server by itself.
			err = s.dropRevocation(ctx, p.ID)
		} else {
			pause := backOff(p.Tries)
			wait = min(wait, pause)
			err = s.Store.PostponeRevocation(ctx, p.ID, time.Now().Add(pause))
		}
		if err != nil {
			s.Log.Warn("a session to revoke was not put off", "reason", err)
		}
	}
	return wait
}

// backOff is the pause after so many tries and one more in vain: four times the one before.
func backOff(tries int) time.Duration {
	pause := firstRevocation
	for range min(tries, 20) {
		pause = min(4*pause, rarestRevocation)
	}
	return pause
}

// revoke tells one server, and forgets the session when it need not be told again.
func (s *Service) revoke(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, revokeTime)
	defer cancel()
	unlock, err := s.Store.Lock(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	keys, err := s.Keychain.Get(ctx, id)
	if err == nil {
		err = s.revokeWith(ctx, id, keys)
	}
	switch latchkey.CodeOf(err) {
	case "", latchkey.KeychainItemMissing, latchkey.KeychainItemForeign, latchkey.SealBroken:
		// Done, or nobody can do it any more.
	case latchkey.SessionMissing:
		return nil // another process was first
	default:
		return err
	}
	return s.dropRevocation(ctx, id)
}

func (s *Service) revokeWith(ctx context.Context, id string, keys latchkey.Keys) error {
	session, err := s.Store.Revocation(ctx, id, keys)
	if err != nil {
		return err
	}
	return s.Protocol.Revoke(ctx, session, keys)
}

// dropRevocation removes the keychain item first, so that the row can still name it when that fails.
func (s *Service) dropRevocation(ctx context.Context, id string) error {
	if err := s.Keychain.Delete(ctx, id); err != nil {
		return err
	}
	return s.Store.RemoveRevocation(ctx, id)
}
