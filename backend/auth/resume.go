package auth

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Resume goes on with the sign-in that waited when an earlier run of the program ended before it: it
// listens on the same port, so that the page in the browser still leads back. It returns as Login
// does. The code NoSignIn says that none waits, SignInLost that it can't be picked up.
func (s *Service) Resume(ctx context.Context) (latchkey.Account, error) {
	pending, unlock, err := s.interrupted(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	account, err := s.attend(ctx, pending.ID, func(ctx context.Context, a *attempt) (account latchkey.Account, listener latchkey.Listener, err error) {
		held := unlock
		unlock = nil
		defer func() { s.letGo(pending.ID, held, err) }()
		keys, err := s.Keychain.Get(ctx, pending.ID)
		if err != nil {
			return account, nil, err
		}
		req, err := s.Store.SignIn(ctx, pending.ID, keys)
		if err != nil {
			return account, nil, err
		}
		if req.URL == "" {
			return account, nil, latchkey.NewError(latchkey.SignInLost, errors.New("it ended before the browser was needed"))
		}
		s.update(a, func(si *latchkey.SignIn) {
			si.DID, si.Server, si.CodeByEmail = req.DID, req.Server.Issuer, req.Email != "" && req.Server.TakesEmail()
			if handle, err := syntax.ParseHandle(req.LoginHint); err == nil {
				si.Handle = handle
			}
		})
		redirectURI := req.RedirectURI
		if throughScheme(redirectURI) {
			redirectURI = "" // any port will do
		}
		listener, err = s.Loopback.Listen(ctx, req.State, req.Server.Issuer, redirectURI)
		if err != nil {
			return account, nil, latchkey.NewError(latchkey.SignInLost, err)
		}
		// The page is open in a browser already.
		account, err = s.complete(ctx, a, req, keys, listener, nil)
		return account, listener, err
	})
	if unlock != nil {
		unlock() // another sign-in was faster
	}
	return account, err
}

// interrupted takes the lock of the newest attempt that can still succeed and that nobody attends.
func (s *Service) interrupted(ctx context.Context) (latchkey.PendingSignIn, func(), error) {
	attempts, err := s.Store.SignIns(ctx)
	if err != nil {
		return latchkey.PendingSignIn{}, nil, err
	}
	for _, p := range attempts {
		if isOver(p) {
			continue
		}
		unlock, err := s.lockIfFree(ctx, p.ID)
		if err != nil {
			return latchkey.PendingSignIn{}, nil, err
		}
		if unlock == nil {
			continue // alive, in another process
		}
		if s.stillPending(ctx, p.ID) {
			return p, unlock, nil
		}
		unlock()
	}
	return latchkey.PendingSignIn{}, nil, latchkey.NewError(latchkey.NoSignIn, nil)
}

func isOver(p latchkey.PendingSignIn) bool { return p.Used || !time.Now().Before(p.Deadline) }

// lockIfFree takes a lock unless somebody has it; nil says so.
func (s *Service) lockIfFree(ctx context.Context, id string) (func(), error) {
	short, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	unlock, err := s.Store.Lock(short, id)
	if latchkey.CodeOf(err) == latchkey.StorageBusy {
		return nil, nil
	}
	return unlock, err
}

// stillPending tells, under its lock, whether an attempt is one: until the lock was ours it may have
// become a session of the same id.
func (s *Service) stillPending(ctx context.Context, id string) bool {
	attempts, err := s.Store.SignIns(ctx)
	return err == nil && slices.ContainsFunc(attempts, func(p latchkey.PendingSignIn) bool { return p.ID == id })
}

// clearAbandoned discards the attempts of processes that are gone and that nobody can go on with.
func (s *Service) clearAbandoned(ctx context.Context, attempts []latchkey.PendingSignIn) {
	for _, p := range attempts {
		if !isOver(p) {
			continue
		}
		unlock, err := s.lockIfFree(ctx, p.ID)
		if err != nil {
			s.Log.Warn("an abandoned sign-in was not cleared; the next start tries again", "reason", err)
			continue
		}
		if unlock == nil {
			continue
		}
		if s.stillPending(ctx, p.ID) {
			// What is as old as this would be of no use to anybody.
			s.discard(p.ID, time.Since(p.Deadline) > sessionLife)
		}
		unlock()
	}
}

// clearOrphans removes the keychain items whose rows got lost with a database.
func (s *Service) clearOrphans(ctx context.Context) {
	ids, err := s.Store.Orphans(ctx)
	if err != nil {
		s.Log.Warn("lost keychain items were not looked for", "reason", err)
	}
	for _, id := range ids {
		unlock, err := s.lockIfFree(ctx, id)
		if err == nil && unlock != nil {
			err = s.clearOrphan(ctx, id)
			unlock()
		}
		if err != nil {
			s.Log.Info("a lost keychain item was not removed; the next start tries again", "reason", err)
		}
	}
}

// clearOrphan is for whoever holds the id's lock.
func (s *Service) clearOrphan(ctx context.Context, id string) error {
	ids, err := s.Store.Orphans(ctx)
	if err != nil || !slices.Contains(ids, id) {
		return err // it has just become a row
	}
	if err := s.Keychain.Delete(ctx, id); err != nil {
		return err
	}
	return s.Store.ForgetOrphan(ctx, id)
}
