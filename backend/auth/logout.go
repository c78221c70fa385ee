package auth

import (
	"context"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// revokeTime bounds telling one server about one sign-out.
	revokeTime = 15 * time.Second
	// longestSession is when a session of a public client ends on its server in any case (observed).
	// A revocation that could not be delivered by then is not needed any more.
	longestSession = 14 * 24 * time.Hour
)

// Logout signs an account out. It is gone here when Logout returns, with or without a network; the
// server is told in the background, and again at later starts until it listened. The code
// AccountUnknown says that the account is not here.
func (s *Service) Logout(ctx context.Context, did syntax.DID) error {
	account, err := s.Store.Account(ctx, did)
	if err != nil {
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
	s.emitAccount(latchkey.AccountRemoved, account)
	s.revokeSoon()
	return nil
}

// revokeSoon tells servers in the background of the sessions that ended here.
func (s *Service) revokeSoon() {
	s.spawn(func(ctx context.Context) {
		s.revoking.Lock()
		defer s.revoking.Unlock()
		ids, err := s.Store.Revocations(ctx)
		if err != nil {
			s.Log.Warn("sessions to revoke were not read", "reason", err)
			return
		}
		for _, pending := range ids {
			if err := s.revoke(ctx, pending.ID); err != nil {
				s.Log.Info("a session was not revoked; the next start tries again", "reason", err)
			}
		}
	})
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
	case "", latchkey.KeychainItemMissing, latchkey.SealBroken:
		// Done, or nobody can do it any more.
	case latchkey.SessionMissing:
		return nil // another process was first
	default:
		return err
	}
	if err := s.Keychain.Delete(ctx, id); err != nil {
		return err
	}
	return s.Store.RemoveRevocation(ctx, id)
}

func (s *Service) revokeWith(ctx context.Context, id string, keys latchkey.Keys) error {
	session, err := s.Store.Revocation(ctx, id, keys)
	if err != nil {
		return err
	}
	err = s.Protocol.Revoke(ctx, session, keys)
	if err != nil && time.Since(session.Created) > longestSession {
		return nil
	}
	return err
}
