package app

import latchkey "latchkey/backend"

// Preview is what is understood of a text before anybody signs in, as the page shows it.
type Preview struct {
	Kind   string `json:"kind"`   // "handle", "did", "server" or "email"
	DID    string `json:"did"`    // empty where no account is meant
	Handle string `json:"handle"` // empty unless verified
	Server string `json:"server"` // host, for reading
	// Name is what the account calls itself; Avatar is a path to load its picture from. Both may be empty.
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
	Ready  bool   `json:"ready"` // the server answers, and people can sign in there
	// Warnings are sentences to read before going on.
	Warnings []Notice `json:"warnings"`
}

func newPreview(p latchkey.Preview) Preview {
	server := p.Server
	if server == "" {
		server = p.Identity.Server
	}
	view := Preview{
		Kind: string(p.Kind), DID: p.Identity.DID.String(), Handle: p.Identity.Handle.String(), Server: host(server),
		Name: p.Profile.Name, Avatar: avatarOf(p.Identity.DID, p.Profile), Ready: p.Ready, Warnings: []Notice{},
	}
	for _, w := range p.Warnings {
		view.Warnings = append(view.Warnings, Notice{Code: string(w.Code), Message: w.Message(), Subject: w.Subject})
	}
	return view
}

// Preview says whom or what a text means while it is typed. A newer call cancels the older, which rejects with
// the code cancelled.
func (a *App) Preview(text string) (Preview, error) {
	service, err := a.ready()
	if err != nil {
		return Preview{}, err
	}
	p, err := service.Preview(a.window, text)
	return newPreview(p), err
}

// CancelPreview ends the preview that is under way: the person types on.
func (a *App) CancelPreview() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	service.CancelPreview()
	return nil
}
