package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// saving runs something just before an account becomes the current one.
type saving struct {
	latchkey.Store
	meanwhile func()
}

func (s *saving) UseAccount(ctx context.Context, did syntax.DID, at time.Time) error {
	if f := s.meanwhile; f != nil {
		s.meanwhile = nil
		f()
	}
	return s.Store.UseAccount(ctx, did, at)
}

// Switching undoes nothing of what another process did to the account meanwhile.
func TestSwitchUndoesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(other *house)
		want      latchkey.Code // of the next call
	}{
		"signed out": {func(o *house) { _ = o.Logout(context.Background(), hostile.AliceDID) }, latchkey.AccountUnknown},
		"rejected": {func(o *house) {
			o.net.EndAccess()
			o.net.EndSessions()
			_ = o.call(context.Background(), hostile.AliceDID)
		}, latchkey.SessionRejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newHouse(t, hostile.New(t))
			first.mustLogin("alice.example.net")
			store := &saving{}
			h := first.neighbour(storeIn(func(s latchkey.Store) latchkey.Store { store.Store = s; return store }))
			store.meanwhile = func() { test.meanwhile(first) }
			_, _ = h.Switch(t.Context(), hostile.AliceDID)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), test.want)
		})
	}
}
