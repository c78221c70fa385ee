package app

import "github.com/bluesky-social/indigo/atproto/syntax"

// UsedAccount is an account that was signed out here.
type UsedAccount struct {
	DID    string `json:"did"`
	Handle string `json:"handle"` // may be empty
	Server string `json:"server"` // host, for reading
}

// Recent answers accounts that were signed out here, the one used last first.
func (a *App) Recent() ([]UsedAccount, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	used, err := service.Recent(a.window)
	views := []UsedAccount{}
	for _, u := range used {
		views = append(views, UsedAccount{DID: u.DID.String(), Handle: u.Handle.String(), Server: host(u.Server)})
	}
	return views, err
}

// Forget removes the account with this DID from those.
func (a *App) Forget(did string) error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.Forget(a.window, syntax.DID(did))
}
