package auth

import (
	"context"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Recent lists accounts that were signed out here, the one used last first: at most 5, and nobody who is
// signed in. It asks no server.
func (s *Service) Recent(ctx context.Context) ([]latchkey.UsedAccount, error) {
	return s.Store.UsedAccounts(ctx)
}

// Forget removes an account from those; it is no error when it is not among them.
func (s *Service) Forget(ctx context.Context, did syntax.DID) error {
	return s.Store.ForgetUsed(ctx, did)
}
