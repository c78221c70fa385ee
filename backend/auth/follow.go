package auth

import (
	"context"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

func (s *Service) Follow(ctx context.Context) {}

func (s *Service) Resume(ctx context.Context) (latchkey.Account, error) {
	return latchkey.Account{}, latchkey.NewError(latchkey.NoSignIn, nil)
}
func (s *Service) Switch(ctx context.Context, did syntax.DID) (latchkey.Account, error) {
	return latchkey.Account{}, nil
}
func (s *Service) Renew(ctx context.Context, did syntax.DID, more ...string) (latchkey.Account, error) {
	return latchkey.Account{}, nil
}
func (s *Service) Check(ctx context.Context, did syntax.DID) {}
func (s *Service) Notices() []latchkey.Code                  { return nil }
func (s *Service) LogoutAll(ctx context.Context) error       { return nil }
