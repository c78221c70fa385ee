package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

func TestTheme(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	var painted []string
	a.paint = func(_ context.Context, theme string) { painted = append(painted, theme) }
	theme := func() string {
		t.Helper()
		settings, err := a.Settings()
		if err != nil || !slices.Equal(settings.Scopes, []string{"atproto"}) {
			t.Errorf("%+v, %v", settings, err)
		}
		return settings.Theme
	}
	if got := theme(); got != "system" {
		t.Errorf("without a choice: %q", got)
	}
	chosen := []string{"dark", "light", "system"}
	for _, want := range chosen {
		if err := a.SetTheme(want); err != nil {
			t.Fatal(err)
		}
		if got := theme(); got != want {
			t.Errorf("after %q: %q", want, got)
		}
	}
	if saved, err := a.service.Store.Setting(t.Context(), latchkey.Theme); err != nil || saved != "" {
		t.Errorf("no choice is saved as %q, %v", saved, err)
	}
	for _, odd := range []string{"", "Dark", `dark";alert(1)//`} {
		if err := a.SetTheme(odd); latchkey.CodeOf(err) != latchkey.Internal {
			t.Errorf("%q: %v", odd, err)
		}
	}
	if !slices.Equal(painted, chosen) {
		t.Errorf("painted %q", painted)
	}
	// It ends up in a script: what another version, or anybody else, has saved is not believed.
	if err := a.service.Store.SaveSetting(t.Context(), latchkey.Theme, `";alert(1)//`); err != nil {
		t.Fatal(err)
	}
	if got := theme(); got != "system" {
		t.Errorf("a strange one is %q", got)
	}
}

// What is behind the page has the colour of the page.
func TestPaper(t *testing.T) {
	t.Parallel()
	tokens, err := os.ReadFile("../frontend/src/styles/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`--paper: (#[0-9a-f]{6});`).FindAllStringSubmatch(string(tokens), -1)
	if len(found) != 3 || found[0][1] != "#faf8f4" || found[1][1] != "#15161a" || found[2][1] != "#15161a" {
		t.Errorf("the page has %v", found)
	}
	if *lightPaper != (*newOptions(newApp(config.Config{}), nil).BackgroundColour) || lightPaper.R != 0xfa || darkPaper.R != 0x15 {
		t.Errorf("behind it %v and %v", lightPaper, darkPaper)
	}
}

// hostile: 56
func TestDiagnosticsNameNobody(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, func(c *config.Config) {
		c.Brand.EmailProviders = []string{"https://known.example.com"}
	})
	save(t, a, "canaryalice", time.Now())
	ended := latchkey.Account{
		DID: "did:web:canary-bob.example", Handle: "canary-bob.example", Server: "https://canary-server.example",
		Status: latchkey.NeedsSignIn, Reason: latchkey.AccountMoved, LastUsed: time.Now(),
	}
	if err := a.service.Store.SaveAccount(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	if err := a.service.Store.SaveSetting(t.Context(), latchkey.EmailProvider, "https://canary-mail.example"); err != nil {
		t.Fatal(err)
	}
	var copied string
	a.copyToClipboard = func(_ context.Context, text string) error { copied = text; return nil }
	if err := a.CopyDiagnostics(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Accounts: 1 signed in, 1 to sign in again (account_moved)", "chosen on this computer", "Notices: none"} {
		if !strings.Contains(copied, want) {
			t.Errorf("%q is not in %s", want, copied)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	all := copied
	names := map[string]bool{}
	for _, f := range a.Diagnostics() {
		names[f.Name] = f.Title != "" && f.Value != ""
		all += f.Value
		if f.Trouble != nil {
			all += f.Trouble.Message
		}
	}
	for _, secret := range []string{"canary", "did:", "pds.example.com", home + "/", "https://"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in %s", secret, all)
		}
	}
	for _, name := range []latchkey.FindingName{latchkey.FoundKeys, latchkey.FoundFolder, latchkey.FoundDatabase, latchkey.FoundNotices} {
		if !names[string(name)] {
			t.Errorf("%s is missing or empty", name)
		}
	}
	a.copyToClipboard = func(context.Context, string) error { return errors.New("canary") }
	if err := a.CopyDiagnostics(); latchkey.CodeOf(err) != latchkey.Internal || strings.Contains(err.Error(), "canary") {
		t.Errorf("a clipboard that takes nothing: %v", err)
	}
}

// Without a service there is all the more to say.
func TestDiagnosticsWithoutService(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ := newTestApp(t, func(c *config.Config) { c.Paths.Data = filepath.Join(file, "nowhere") })
	troubles := map[string]string{}
	for _, f := range a.Diagnostics() {
		if f.Trouble != nil {
			troubles[f.Name] = f.Trouble.Code
		}
	}
	if troubles["database"] != string(latchkey.StorageFailed) || troubles["folder"] != string(latchkey.StorageFailed) {
		t.Errorf("got %v", troubles)
	}
	if _, twice := troubles["start"]; twice {
		t.Error("the same is said twice")
	}
}

// A reason that can't be seen any more is still the reason.
func TestDiagnosticsSayWhyThereIsNoService(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, nil)
	a.failure = latchkey.NewError(latchkey.StorageBusy, nil)
	for _, f := range a.Diagnostics() {
		if f.Name == string(latchkey.FoundStart) && f.Trouble != nil && f.Trouble.Code == string(latchkey.StorageBusy) {
			return
		}
	}
	t.Error("it is not said")
}
