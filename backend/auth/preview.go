package auth

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Preview says whom a text means and where a sign-in with it would happen, before anybody signs in. What it
// finds out makes a Login with the same text shorter. There is one preview at a time: a newer one cancels
// the older, which fails with the code Cancelled. Its other errors are those of Login; a server that does
// not answer is none as long as the account is known.
func (s *Service) Preview(ctx context.Context, text string) (latchkey.Preview, error) {
	ctx, done, err := s.beginPreview(ctx)
	if err != nil {
		return latchkey.Preview{}, err
	}
	defer done()
	p, err := s.preview(ctx, text)
	if ctx.Err() != nil {
		return latchkey.Preview{}, latchkey.NewError(latchkey.Cancelled, ctx.Err())
	}
	return p, err
}

// CancelPreview ends the preview in progress, if there is one.
func (s *Service) CancelPreview() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unpreview != nil {
		s.unpreview()
	}
}

func (s *Service) beginPreview(ctx context.Context) (_ context.Context, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, latchkey.NewError(latchkey.Cancelled, nil)
	}
	if s.unpreview != nil {
		s.unpreview()
	}
	ctx, cancel := context.WithCancel(ctx)
	s.previews++
	turn := s.previews
	s.unpreview = cancel
	s.work.Add(1)
	return ctx, func() {
		cancel()
		s.mu.Lock()
		if s.previews == turn {
			s.unpreview = nil
		}
		s.mu.Unlock()
		s.work.Done()
	}, nil
}

func (s *Service) preview(ctx context.Context, text string) (latchkey.Preview, error) {
	id, err := latchkey.ParseIdentifier(text)
	if err != nil {
		if strangeName(text) {
			// No handle has such letters: nobody is asked who that is.
			return latchkey.Preview{Kind: latchkey.KindHandle, Warnings: []*latchkey.Error{latchkey.NewError(latchkey.HandleStrange, nil)}}, nil
		}
		return latchkey.Preview{}, err
	}
	p := latchkey.Preview{Kind: kindOf(id)}
	if id.Email != "" {
		// The provider is not told the address: its metadata is the same for everybody.
		if p.Server, err = s.ChosenEmailProvider(ctx); err != nil || p.Server == "" {
			return p, err
		}
		id = latchkey.Identifier{Server: p.Server}
	}
	f, reading, err := s.look(ctx, id)
	p.Identity, p.Profile = f.identity, reading()
	p.Ready = err == nil
	switch {
	case latchkey.CodeOf(err) == latchkey.IdentityMismatch:
		e := latchkey.AsError(err)
		if did, parseErr := syntax.ParseDID(e.Subject); parseErr == nil {
			p.Identity.DID = did
		}
		p.Warnings = append(p.Warnings, e)
	case err != nil && f.identity.DID == "":
		return p, err
	case f.identity.DID == "" && p.Kind != latchkey.KindEmail:
		p.Kind, p.Server = latchkey.KindServer, f.as.Server
		if p.Server == "" {
			p.Server = f.as.Issuer
		}
	}
	p.Warnings = append(p.Warnings, s.warnings(ctx, id, p)...)
	return p, nil
}

// look asks who and where, and the account for its profile as soon as it is known. reading waits for that.
func (s *Service) look(ctx context.Context, id latchkey.Identifier) (f found, reading func() latchkey.Profile, err error) {
	var profile latchkey.Profile
	var work sync.WaitGroup
	learn := func(identity latchkey.Identity, _ string) {
		if identity.DID != "" {
			work.Go(func() { profile = s.meet(ctx, identity, recentLife) })
		}
	}
	reading = func() latchkey.Profile { work.Wait(); return profile }
	s.mu.Lock()
	purges := s.recent.purges
	s.mu.Unlock()
	f, known := s.recall(id)
	if known {
		learn(f.identity, "")
		return f, reading, nil
	}
	if f, err = s.locate(ctx, id, learn); err == nil {
		s.mu.Lock()
		s.recent.keep(id, f, purges, time.Now())
		s.mu.Unlock()
	}
	return f, reading, err
}

func kindOf(id latchkey.Identifier) latchkey.Kind {
	switch {
	case id.Email != "":
		return latchkey.KindEmail
	case id.Server != "":
		return latchkey.KindServer
	case id.Account.IsDID():
		return latchkey.KindDID
	}
	return latchkey.KindHandle
}

// warnings are what a person should look at before they go on.
func (s *Service) warnings(ctx context.Context, id latchkey.Identifier, p latchkey.Preview) (found []*latchkey.Error) {
	name := p.Identity.Handle.String()
	switch p.Kind {
	case latchkey.KindEmail:
		return nil
	case latchkey.KindServer:
		if u, err := url.Parse(p.Server); err == nil && strangeHost(u.Host) {
			found = append(found, latchkey.NewError(latchkey.HandleStrange, nil))
		}
		return found
	case latchkey.KindDID:
		if name == "" {
			found = append(found, latchkey.NewError(latchkey.HandleUnconfirmed, nil))
		}
	default:
		name = id.Account.String()
	}
	if strangeHost(name) {
		return append(found, latchkey.NewError(latchkey.HandleStrange, nil))
	}
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return found
	}
	for _, a := range accounts {
		if known := a.Handle.String(); a.DID != p.Identity.DID && known != "" && known != name && skeleton(known) == skeleton(name) {
			return append(found, latchkey.NewError(latchkey.HandleLooksAlike, nil).About(known))
		}
	}
	return found
}
