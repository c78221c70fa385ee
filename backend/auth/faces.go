package auth

import (
	"context"
	"errors"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// facesMost bounds how many profiles and pictures are kept, at a megabyte each at most.
	facesMost = 32
	// faceLife is how long the profile of an account that is signed in is not asked for again.
	faceLife = time.Hour
)

// faces are the accounts that were previewed or are signed in, and what they say of themselves. It is
// guarded by Service.mu.
type faces map[syntax.DID]face

type face struct {
	identity latchkey.Identity
	profile  latchkey.Profile
	at       time.Time
	picture  *latchkey.Picture // once fetched
}

// meet answers an account's profile, not older than life. Not to learn it is no reason to fail.
func (s *Service) meet(ctx context.Context, identity latchkey.Identity, life time.Duration) latchkey.Profile {
	if s.Profiles == nil {
		return latchkey.Profile{}
	}
	s.mu.Lock()
	before, known := s.faces[identity.DID]
	s.mu.Unlock()
	if known && before.identity.Server == identity.Server && younger(before.at, time.Now(), life) {
		return before.profile
	}
	profile, err := s.Profiles.Profile(ctx, identity)
	if err != nil {
		s.Log.Info("a profile was not read", "reason", err)
		return before.profile
	}
	now := face{identity: identity, profile: profile, at: time.Now()}
	if before.profile.Avatar == profile.Avatar {
		now.picture = before.picture
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faces == nil {
		s.faces = faces{}
	}
	s.faces[identity.DID] = now
	evictOldest(s.faces, facesMost, func(f face) time.Time { return f.at })
	return profile
}

// meetSoon asks for the profile of an account that is signed in, in the background.
func (s *Service) meetSoon(account latchkey.Account) {
	if s.Profiles == nil {
		return
	}
	s.spawn(func(ctx context.Context) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-s.closing: // nobody will look at it
				cancel()
			case <-ctx.Done():
			}
		}()
		before := s.profileOf(account.DID)
		after := s.meet(ctx, latchkey.Identity{DID: account.DID, Handle: account.Handle, Server: account.Server}, faceLife)
		if after != before {
			s.announce()
		}
	})
}

func (s *Service) profileOf(did syntax.DID) latchkey.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faces[did].profile
}

// Avatar is the picture of an account that was previewed or is signed in; of everybody else nothing is
// asked, and the code is AccountUnknown, as it is where there is no picture.
func (s *Service) Avatar(ctx context.Context, did syntax.DID) (latchkey.Picture, error) {
	s.mu.Lock()
	f := s.faces[did]
	s.mu.Unlock()
	switch {
	case f.picture != nil:
		return *f.picture, nil
	case f.profile.Avatar == "":
		return latchkey.Picture{}, latchkey.NewError(latchkey.AccountUnknown, errors.New("no picture"))
	}
	picture, err := s.Profiles.Picture(ctx, f.identity, f.profile.Avatar)
	if err != nil {
		return latchkey.Picture{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, ok := s.faces[did]; ok && now.profile.Avatar == f.profile.Avatar {
		now.picture = &picture
		s.faces[did] = now
	}
	return picture, nil
}
