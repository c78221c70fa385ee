package auth

import (
	"context"
	"fmt"
	"time"

	latchkey "latchkey/backend"
)

const (
	// recentLife is how long a sign-in may build on what a preview found out.
	recentLife = 3 * time.Minute
	// recentMost bounds how much of that is kept.
	recentMost = 32
)

// found is where a sign-in happens, and for whom.
type found struct {
	identity latchkey.Identity // empty where only a server was meant
	as       latchkey.AuthorizationServer
}

// recent keeps what previews found out, so that a sign-in right after one has little left to ask. Only
// answers that passed every check come in here, and a sign-in relies on none of them in the end: what
// it verifies after the browser came back, it asks anew. It is guarded by Service.mu.
type recent struct {
	entries map[latchkey.Identifier]recentEntry
	// purges counts how often all was forgotten: what was asked for before is not kept after.
	purges int
}

type recentEntry struct {
	found
	at time.Time
}

func (r *recent) purge() {
	r.entries = nil
	r.purges++
}

func (r *recent) keep(id latchkey.Identifier, f found, purges int, now time.Time) {
	if purges != r.purges {
		return
	}
	if r.entries == nil {
		r.entries = map[latchkey.Identifier]recentEntry{}
	}
	r.entries[id] = recentEntry{f, now}
	evictOldest(r.entries, recentMost, func(e recentEntry) time.Time { return e.at })
}

func (r *recent) get(id latchkey.Identifier, now time.Time) (found, bool) {
	e, ok := r.entries[id]
	return e.found, ok && younger(e.at, now, recentLife)
}

// younger tells whether a moment was less than life ago, by the clock that runs and by the one on the
// wall: the first knows nothing of a computer's sleep, and the other can be set back.
func younger(at, now time.Time, life time.Duration) bool {
	running, wall := now.Sub(at), now.Round(0).Sub(at.Round(0))
	return running >= 0 && running < life && wall >= 0 && wall < life
}

// evictOldest makes a map no larger than most.
func evictOldest[K comparable, V any](m map[K]V, most int, at func(V) time.Time) {
	for len(m) > most {
		var oldest K
		var when time.Time
		for k, v := range m {
			if t := at(v); when.IsZero() || t.Before(when) {
				oldest, when = k, t
			}
		}
		delete(m, oldest)
	}
}

func (s *Service) recall(id latchkey.Identifier) (found, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recent.get(id, time.Now())
}

// forgetRecent makes the next sign-in ask for everything.
func (s *Service) forgetRecent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recent.purge()
}

// locate finds out whom an identifier means and where the sign-in happens. learn is called as soon as the
// identity is known, or that there is only a server. The identity comes with the error where the server is
// what failed.
func (s *Service) locate(ctx context.Context, id latchkey.Identifier, learn func(identity latchkey.Identity, server string)) (found, error) {
	server, identity := id.Server, latchkey.Identity{}
	if id.Account != "" {
		var err error
		identity, err = s.Directory.Lookup(ctx, id.Account)
		switch {
		case err == nil:
			server = identity.Server
		case latchkey.CodeOf(err) == latchkey.HandleNotFound:
			// A host name looks like a handle. When nobody has that name, it may be a server.
			if as, serverErr := s.Protocol.Discover(ctx, "https://"+id.Account.String()); serverErr == nil {
				learn(latchkey.Identity{}, as.Issuer)
				return found{as: as}, nil
			}
			return found{}, err
		default:
			return found{}, err
		}
	}
	learn(identity, server)
	as, err := s.Protocol.Discover(ctx, server)
	if err != nil {
		return found{identity: identity}, err
	}
	if identity.DID != "" && as.Server != identity.Server {
		return found{identity: identity}, latchkey.NewError(latchkey.NotAnATProtoServer, fmt.Errorf("%s is the server of %s but no PDS", identity.Server, identity.DID))
	}
	return found{identity, as}, nil
}
