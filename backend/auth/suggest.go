package auth

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// suggestLeast and suggestMost are how many characters a text has that is asked about; no handle is
	// longer (https://atproto.com/specs/handle).
	suggestLeast, suggestMost = 2, 253
)

// suggested is what the page may show pictures of, and the question on its way. It is guarded by
// Service.mu.
type suggested struct {
	faces  map[syntax.DID]suggestedFace
	cancel context.CancelFunc // ends the question in progress
	turn   int                // how many there were
}

type suggestedFace struct {
	avatar  string
	picture *latchkey.Picture // once fetched
}

// SuggestionHost is the origin of the host that is asked while a person types; "" while suggestions are
// off, as they are at first.
func (s *Service) SuggestionHost(ctx context.Context) (string, error) {
	return s.Store.Setting(ctx, latchkey.SuggestionHost)
}

// ChooseSuggestionHost switches suggestions on, with the host of this address, and answers its origin. An
// empty address switches them off. Nothing is asked yet, and what was suggested before is forgotten. The
// codes InvalidIdentifier and NotAnATProtoServer say that it is not the https address of a host.
func (s *Service) ChooseSuggestionHost(ctx context.Context, address string) (string, error) {
	host := ""
	if strings.TrimSpace(address) != "" {
		var err error
		if host, err = originIn(address); err != nil {
			return "", err
		}
		if !strings.HasPrefix(host, "https://") {
			return "", latchkey.NewError(latchkey.NotAnATProtoServer, errors.New("not an https address"))
		}
	}
	if err := s.Store.SaveSetting(ctx, latchkey.SuggestionHost, host); err != nil {
		return "", err
	}
	s.forgetSuggestions()
	return host, nil
}

// Suggest answers accounts that may be meant by a text while it is typed. Nobody is asked while suggestions
// are off, nor about an email, a DID or an address. A newer call cancels the older, which fails with the code
// Cancelled. A host that does not answer is no error: there are no suggestions then.
func (s *Service) Suggest(ctx context.Context, text string) ([]latchkey.Suggestion, error) {
	ctx, turn, done, err := s.beginSuggest(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	none := []latchkey.Suggestion{}
	text = strings.TrimPrefix(strings.TrimSpace(text), "@")
	if n := utf8.RuneCountInString(text); s.Suggestions == nil || n < suggestLeast || n > suggestMost || strings.ContainsAny(text, "@:/") {
		return none, nil
	}
	host, err := s.SuggestionHost(ctx)
	if err != nil || host == "" {
		return none, err
	}
	found, err := s.Suggestions.Suggest(ctx, host, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suggested.turn != turn {
		return nil, latchkey.NewError(latchkey.Cancelled, nil)
	}
	if err != nil {
		s.Log.Info("nothing was suggested", "reason", err)
		return none, nil
	}
	before := s.suggested.faces
	s.suggested.faces = map[syntax.DID]suggestedFace{}
	for _, one := range found {
		face := suggestedFace{avatar: one.Avatar}
		if before[one.DID].avatar == one.Avatar {
			face.picture = before[one.DID].picture
		}
		s.suggested.faces[one.DID] = face
	}
	return found, nil
}

func (s *Service) beginSuggest(ctx context.Context) (_ context.Context, turn int, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, 0, nil, latchkey.NewError(latchkey.Cancelled, nil)
	}
	s.endSuggest()
	ctx, cancel := context.WithCancel(ctx)
	s.suggested.cancel = cancel
	s.work.Add(1)
	return ctx, s.suggested.turn, func() { cancel(); s.work.Done() }, nil
}

// endSuggest is for whoever has the lock. An answer that comes after it is not taken.
func (s *Service) endSuggest() {
	if s.suggested.cancel != nil {
		s.suggested.cancel()
	}
	s.suggested.turn++
}

func (s *Service) forgetSuggestions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endSuggest()
	s.suggested.faces = nil
}

// SuggestedAvatar is the picture of an account that was suggested last; the code AccountUnknown says that
// it was not, or has none.
func (s *Service) SuggestedAvatar(ctx context.Context, did syntax.DID) (latchkey.Picture, error) {
	s.mu.Lock()
	face := s.suggested.faces[did]
	s.mu.Unlock()
	switch {
	case face.picture != nil:
		return *face.picture, nil
	case face.avatar == "":
		return latchkey.Picture{}, latchkey.NewError(latchkey.AccountUnknown, errors.New("no picture"))
	}
	picture, err := s.Suggestions.SuggestedPicture(ctx, face.avatar)
	if err != nil {
		return latchkey.Picture{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, ok := s.suggested.faces[did]; ok && now.avatar == face.avatar {
		now.picture = &picture
		s.suggested.faces[did] = now
	}
	return picture, nil
}
