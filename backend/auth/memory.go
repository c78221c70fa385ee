package auth

import (
	"context"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// glance is how long a lock is asked for when the question is whether somebody has it.
const glance = 50 * time.Millisecond

// memoryLock is the lock of whoever has the keys of a session in memory.
func memoryLock(id string) string { return "memory-" + id }

// holdInMemory tells other processes, as long as this one lives, that it has the keys of a session.
func (s *Service) holdInMemory(ctx context.Context, id string) error {
	unlock, err := s.Store.Lock(ctx, memoryLock(id))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory[id] = unlock
	return nil
}

// keptElsewhere tells whether another process has the keys of a session in its memory.
func (s *Service) keptElsewhere(ctx context.Context, id string) bool {
	s.mu.Lock()
	here := s.memory[id] != nil
	s.mu.Unlock()
	if here {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	unlock, err := s.Store.Lock(ctx, memoryLock(id))
	if err != nil {
		return true // or not known, which ends no session
	}
	unlock()
	return false
}

// endForgotten marks the accounts whose keys were in the memory of a process that is gone.
func (s *Service) endForgotten(ctx context.Context, accounts []latchkey.Account) {
	for _, a := range accounts {
		if !a.InMemory || a.Status != latchkey.Active {
			continue
		}
		id, err := s.Store.SessionID(ctx, a.DID)
		if err == nil && id != "" && !s.keptElsewhere(ctx, id) {
			_, err = s.markLost(ctx, a.DID, id, latchkey.KeysNotKept)
		}
		if err != nil {
			s.Log.Warn("an account without keys was not marked", "reason", err)
		}
	}
}

// endInMemory ends the sessions whose keys end with this process, here and on their servers.
func (s *Service) endInMemory(ctx context.Context) {
	s.mu.Lock()
	held := s.memory
	s.memory = map[string]func(){}
	s.mu.Unlock()
	if len(held) == 0 {
		return
	}
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		s.Log.Warn("sessions in memory were not ended", "reason", err)
	}
	for _, a := range accounts {
		id, err := s.Store.SessionID(ctx, a.DID)
		if err == nil && held[id] != nil {
			err = s.endOne(ctx, a.DID, id)
		}
		if err != nil {
			s.Log.Warn("a session in memory was not ended", "reason", err)
		}
	}
	// Nobody can tell their servers later, so this includes what was signed out or replaced before.
	pending, err := s.Store.Revocations(ctx)
	if err != nil {
		s.Log.Warn("sessions in memory were not revoked", "reason", err)
	}
	for _, p := range pending {
		if held[p.ID] == nil {
			continue
		}
		if err := s.revoke(ctx, p.ID); err != nil {
			s.Log.Warn("a session in memory was not revoked", "reason", err)
		}
	}
	for _, unlock := range held {
		unlock()
	}
}

// endOne ends a session in memory, unless it was replaced or signed out meanwhile.
func (s *Service) endOne(ctx context.Context, did syntax.DID, id string) error {
	unlock, err := s.Store.Lock(ctx, id)
	if err != nil {
		return err
	}
	now, err := s.Store.SessionID(ctx, did)
	if err == nil && now == id {
		var account latchkey.Account
		if account, err = s.Store.Account(ctx, did); err == nil {
			err = s.endSession(ctx, account, latchkey.KeysNotKept)
		}
	}
	unlock()
	if latchkey.CodeOf(err) != latchkey.KeysNotKept {
		return err
	}
	return nil
}
