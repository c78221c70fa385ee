package app

import (
	"net/url"

	latchkey "latchkey/backend"
)

// Suggestion is an account that may be meant by what stands in the box. Nobody has checked any of it.
type Suggestion struct {
	DID    string `json:"did"`
	Handle string `json:"handle"`
	Name   string `json:"name"`   // may be empty
	Avatar string `json:"avatar"` // a path to load the picture from, or empty
}

// suggestedPath is where the page finds pictures of suggestions. They are not those of [avatarPath]: the
// host chose them, and not the account.
const suggestedPath = "/suggested/"

func newSuggestions(found []latchkey.Suggestion) []Suggestion {
	views := []Suggestion{}
	for _, s := range found {
		view := Suggestion{DID: s.DID.String(), Handle: s.Handle.String(), Name: s.Name}
		if s.Avatar != "" {
			view.Avatar = suggestedPath + url.PathEscape(view.DID)
		}
		views = append(views, view)
	}
	return views
}

// Suggest answers accounts that may be meant by a text while it is typed: none while suggestions are off.
// A newer call cancels the older, which rejects with the code cancelled.
func (a *App) Suggest(text string) ([]Suggestion, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	found, err := service.Suggest(a.window, text)
	return newSuggestions(found), err
}

// ChooseSuggestions switches suggestions on, with the host of this address, and answers its origin. An empty
// address switches them off.
func (a *App) ChooseSuggestions(address string) (string, error) {
	service, err := a.ready()
	if err != nil {
		return "", err
	}
	return service.ChooseSuggestionHost(a.window, address)
}
