package app

import (
	"errors"

	latchkey "latchkey/backend"
)

// What helps when the browser did not open, or can't come back.

// BrowserApp is a browser that is installed on this computer.
type BrowserApp struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Browsers answers the browsers of this computer.
func (a *App) Browsers() ([]BrowserApp, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	installed, err := service.Browsers(a.window)
	views := []BrowserApp{}
	for _, b := range installed {
		views = append(views, BrowserApp(b))
	}
	return views, err
}

// OpenIn opens the page of the sign-in in progress in the browser with this id.
func (a *App) OpenIn(id string) error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.OpenIn(a.window, id)
}

// PasteAddress goes on with the sign-in in progress by the address of the page that the browser ended
// on. It is as good as a key until it was used: it is not opened, and not kept.
func (a *App) PasteAddress(address string) error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.Paste(a.window, latchkey.Secret(address))
}

// CopyAddress puts the address of the server's page into the clipboard, for a browser on another
// computer, which the link of CopyLink leads nowhere. The page itself never gets to see it.
func (a *App) CopyAddress() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	address, err := service.AddressElsewhere(a.window)
	if err != nil {
		return err
	}
	if err := a.copyToClipboard(a.window, string(address)); err != nil {
		return latchkey.NewError(latchkey.Internal, errors.New("the clipboard took nothing"))
	}
	return nil
}
