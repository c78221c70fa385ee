package app

import (
	"context"
	"errors"
	"time"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	latchkey "latchkey/backend"
	"latchkey/backend/wire"
)

// Settings are what the person chose for the window, and what the product asks servers for.
type Settings struct {
	Theme  string   `json:"theme"` // "system", "light" or "dark"
	Scopes []string `json:"scopes"`
	// SuggestionHost is the origin of the host that is asked for accounts while the person types; empty
	// for nobody. SuggestionsOffered is the one that the brand names, or empty.
	SuggestionHost     string `json:"suggestionHost"`
	SuggestionsOffered string `json:"suggestionsOffered"`
}

// Finding is one line of the diagnostics.
type Finding struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Value   string   `json:"value"`
	Trouble *Failure `json:"trouble"` // null when all is well
}

// The themes. The system's is what a person has who did not choose.
const (
	systemTheme = "system"
	lightTheme  = "light"
	darkTheme   = "dark"
)

// themeTime is how long the window stays hidden for the sake of its colours.
const themeTime = 500 * time.Millisecond

// Settings answers what is in force now.
func (a *App) Settings() (Settings, error) {
	view := Settings{Scopes: append([]string{}, a.config.Brand.Scopes...), SuggestionsOffered: a.config.Brand.Suggestions}
	var err error
	if view.Theme, err = a.theme(); err != nil {
		return view, err
	}
	view.SuggestionHost, err = a.service.SuggestionHost(a.window)
	return view, err
}

// SetTheme remembers "system", "light" or "dark"; the page changes its colours itself.
func (a *App) SetTheme(theme string) error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	value := theme
	switch theme {
	case systemTheme:
		value = ""
	case lightTheme, darkTheme:
	default:
		return latchkey.NewError(latchkey.Internal, errors.New("not a theme"))
	}
	if err := service.Store.SaveSetting(a.window, latchkey.Theme, value); err != nil {
		return err
	}
	a.paint(a.window, theme)
	return nil
}

// theme is the one in force. What this version does not know is no choice.
func (a *App) theme() (string, error) {
	service, err := a.ready()
	if err != nil {
		return systemTheme, err
	}
	chosen, err := service.Store.Setting(a.window, latchkey.Theme)
	if err != nil || chosen != lightTheme && chosen != darkTheme {
		return systemTheme, err
	}
	return chosen, nil
}

// Diagnostics answers what can be said of this installation. It works without the service, too: then
// more than ever.
func (a *App) Diagnostics() []Finding {
	findings := []Finding{}
	for _, f := range a.report() {
		view := Finding{Name: string(f.Name), Title: f.Name.Title(), Value: f.Value}
		if f.Trouble != nil {
			trouble := newFailure(f.Trouble)
			view.Trouble = &trouble
		}
		findings = append(findings, view)
	}
	return findings
}

// CopyDiagnostics puts the same into the clipboard, as text.
func (a *App) CopyDiagnostics() error {
	text := a.report().String()
	if err := a.copyToClipboard(a.window, text); err != nil {
		return latchkey.NewError(latchkey.Internal, errors.New("the clipboard took nothing"))
	}
	return nil
}

func (a *App) report() latchkey.Report {
	service, failed := a.ready()
	return wire.Report(a.window, a.config, service, failed)
}

// domReady shows the window, in the colours that the person chose: the page asks for them by itself, but
// a moment later, and would be seen in others until then.
func (a *App) domReady(window context.Context) {
	late := time.NewTimer(themeTime)
	defer late.Stop()
	select {
	case <-a.started:
		if theme, err := a.theme(); err == nil && theme != systemTheme {
			a.paint(window, theme)
			runtime.WindowExecJS(window, `document.documentElement.dataset.theme = "`+theme+`"`)
		}
	case <-late.C: // something holds up the start, which the page says
	}
	runtime.WindowShow(window)
}

// paint gives a theme to what the system draws: what is behind the page, and on Windows the frame.
func paint(window context.Context, theme string) {
	switch theme {
	case lightTheme:
		runtime.WindowSetLightTheme(window)
		runtime.WindowSetBackgroundColour(window, lightPaper.R, lightPaper.G, lightPaper.B, lightPaper.A)
	case darkTheme:
		runtime.WindowSetDarkTheme(window)
		runtime.WindowSetBackgroundColour(window, darkPaper.R, darkPaper.G, darkPaper.B, darkPaper.A)
	default:
		runtime.WindowSetSystemDefaultTheme(window)
	}
}
