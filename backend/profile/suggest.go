package profile

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// suggestions are the limits of one question: an answer that comes later is about what stood there before.
var suggestions = safehttp.Limits{Body: 64 << 10, Total: 3 * time.Second}

// suggestionsMost is how many accounts are suggested at once.
const suggestionsMost = 8

var _ latchkey.Suggestions = (*Reader)(nil)

// Suggest implements [latchkey.Suggestions] with app.bsky.actor.searchActorsTypeahead (its lexicon). What of
// the answer is not a DID with a handle is left out, and so is whatever comes twice: a person could not
// tell the two apart.
func (r *Reader) Suggest(ctx context.Context, host, text string) ([]latchkey.Suggestion, error) {
	body, status, err := get(ctx, r.suggestions, host+"/xrpc/app.bsky.actor.searchActorsTypeahead?"+url.Values{
		"q": {text}, "limit": {strconv.Itoa(suggestionsMost)},
	}.Encode())
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, refused(status)
	}
	var answer struct {
		Actors []struct {
			DID         string `json:"did"`
			Handle      string `json:"handle"`
			DisplayName string `json:"displayName"`
			Avatar      string `json:"avatar"`
		} `json:"actors"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, latchkey.NewError(latchkey.ResponseInvalid, errors.New("not a list of accounts"))
	}
	found := []latchkey.Suggestion{}
	dids, handles := map[syntax.DID]bool{}, map[syntax.Handle]bool{syntax.HandleInvalid: true}
	for _, actor := range answer.Actors {
		did, didErr := syntax.ParseDID(actor.DID)
		handle, handleErr := syntax.ParseHandle(actor.Handle)
		if handle = handle.Normalize(); didErr != nil || handleErr != nil || dids[did] || handles[handle] {
			continue
		}
		dids[did], handles[handle] = true, true
		s := latchkey.Suggestion{DID: did, Handle: handle, Name: plain(actor.DisplayName)}
		if u, err := r.client.CheckURL(actor.Avatar); err == nil {
			s.Avatar = u.String()
		}
		if found = append(found, s); len(found) == suggestionsMost {
			break
		}
	}
	return found, nil
}

// SuggestedPicture implements [latchkey.Suggestions].
func (r *Reader) SuggestedPicture(ctx context.Context, avatar string) (latchkey.Picture, error) {
	return r.picture(ctx, avatar)
}
