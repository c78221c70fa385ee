package browser

import (
	"cmp"
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"

	latchkey "latchkey/backend"
)

// app is a browser that is installed, and how it is started.
type app struct {
	latchkey.BrowserApp
	command []string // place stands for the address
}

func newApp(id, name string, command []string) app {
	return app{latchkey.BrowserApp{ID: id, Name: name}, command}
}

// Installed implements [latchkey.Browser].
func (Browser) Installed(context.Context) ([]latchkey.BrowserApp, error) {
	all, err := installed()
	if err != nil {
		return nil, latchkey.NewError(latchkey.BrowserFailed, err)
	}
	apps := make([]latchkey.BrowserApp, 0, len(all))
	for _, a := range all {
		apps = append(apps, a.BrowserApp)
	}
	slices.SortStableFunc(apps, func(a, b latchkey.BrowserApp) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return apps, nil
}

// OpenWith implements [latchkey.Browser]. The list is made anew: what a caller says is only ever
// compared with the ids in it.
func (Browser) OpenWith(ctx context.Context, id, address string) error {
	if err := check(address); err != nil {
		return latchkey.NewError(latchkey.BrowserFailed, err)
	}
	all, err := installed()
	if err != nil {
		return latchkey.NewError(latchkey.BrowserFailed, err)
	}
	at := slices.IndexFunc(all, func(a app) bool { return a.ID == id })
	if at < 0 {
		return latchkey.NewError(latchkey.BrowserFailed, errors.New("no such browser is installed"))
	}
	return watch(ctx, func() error { return start(all[at].command, address) })
}

// start runs a command, with the address in its place, to its end.
func start(command []string, address string) error {
	arguments := slices.Clone(command)
	for i, a := range arguments {
		if a == place {
			arguments[i] = address
		}
	}
	// #nosec G204 -- a browser that is installed, no shell in between
	cmd := exec.Command(arguments[0], arguments[1:]...)
	detach(cmd)
	return cmd.Run()
}
