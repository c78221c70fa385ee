package app

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

// newTestApp is the window without a window: events go to a channel.
func newTestApp(t testing.TB, change func(*config.Config)) (*App, chan any) {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Config{
		Brand: config.Brand{Name: "Latchkey", ID: "latchkey-test", ClientID: config.Loopback, Scopes: []string{"atproto"}},
		Paths: config.Paths{Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state")},
	}
	if change != nil {
		change(&cfg)
	}
	a := newApp(cfg)
	events := make(chan any, 100)
	a.emit = func(_ context.Context, _ string, payload ...any) { events <- payload[0] }
	a.toFront = func(context.Context) {}
	a.copyToClipboard = func(context.Context, string) error { return nil }
	a.paint = func(context.Context, string) {}
	a.start(t.Context())
	t.Cleanup(func() { a.stop(context.Background()) })
	return a, events
}

func second[T any](_ T, err error) error { return err }

func TestBoundMethodsBeforeAnybodySignedIn(t *testing.T) {
	t.Parallel()
	a, events := newTestApp(t, nil)
	for name, c := range map[string]struct {
		err  error
		want latchkey.Code
	}{
		"Whoami":                  {second(a.Whoami()), latchkey.NotSignedIn},
		"Logout":                  {a.Logout(), latchkey.NotSignedIn},
		"LogoutAll":               {a.LogoutAll(), ""},
		"Switch":                  {second(a.Switch("did:plc:ewvi7nxzyoun6zhxrhs64oiz")), latchkey.AccountUnknown},
		"Switch, nonsense":        {second(a.Switch("<script>")), latchkey.AccountUnknown},
		"Renew":                   {second(a.Renew("did:plc:ewvi7nxzyoun6zhxrhs64oiz")), latchkey.AccountUnknown},
		"Raise":                   {second(a.Raise([]string{"account:email"})), latchkey.NotSignedIn},
		"Check":                   {a.Check(), latchkey.NotSignedIn},
		"Cancel":                  {a.Cancel(), latchkey.NoSignIn},
		"OpenBrowser":             {a.OpenBrowser(), latchkey.NoSignIn},
		"CopyLink":                {a.CopyLink(), latchkey.NoSignIn},
		"OpenIn":                  {a.OpenIn("firefox.desktop"), latchkey.NoSignIn},
		"CopyAddress":             {a.CopyAddress(), latchkey.NoSignIn},
		"PasteAddress":            {a.PasteAddress("http://127.0.0.1:1/callback?state=x"), latchkey.NoSignIn},
		"PasteAddress, nonsense":  {a.PasteAddress("<script>"), latchkey.NoSignIn},
		"Login, nothing":          {second(a.Login("  ")), latchkey.IdentifierMissing},
		"Login, nonsense":         {second(a.Login("<script>")), latchkey.InvalidIdentifier},
		"Login, email":            {second(a.Login("alice@example.org")), latchkey.EmailProviderNotSet},
		"LoginWithEmail":          {second(a.LoginWithEmail("alice@example.org")), latchkey.EmailProviderNotSet},
		"ChooseEmailProvider":     {second(a.ChooseEmailProvider("not a server")), latchkey.InvalidIdentifier},
		"ChooseEmailProvider, us": {second(a.ChooseEmailProvider("https://127.0.0.1")), latchkey.ServerUnsafe},
		"AccountForEmail, handle": {second(a.AccountForEmail("alice.test")), latchkey.InvalidIdentifier},
		"LoginWithEmail, no mail": {second(a.LoginWithEmail("alice.example.org")), latchkey.InvalidIdentifier},
	} {
		if got := latchkey.CodeOf(c.err); got != c.want {
			t.Errorf("%s: %q (%v), want %q", name, got, c.err, c.want)
		}
	}
	if attempt, err := a.Attempt(); attempt != nil || err != nil {
		t.Errorf("Attempt: %+v, %v", attempt, err)
	}
	if account, err := a.AccountForEmail("alice@example.org"); account != nil || err != nil {
		t.Errorf("AccountForEmail: %+v, %v", account, err)
	}
	if accounts, err := a.Accounts(); accounts == nil || len(accounts) != 0 || err != nil {
		t.Errorf("Accounts: %+v, %v", accounts, err)
	}
	if notices, err := a.Notices(); notices == nil || len(notices) != 0 || err != nil {
		t.Errorf("Notices: %+v, %v", notices, err)
	}
	if browsers, err := a.Browsers(); browsers == nil || err != nil {
		t.Errorf("Browsers: %+v, %v", browsers, err)
	}
	if p, err := a.EmailProviders(); err != nil || p.Chosen != "" || p.Known == nil || len(p.Known) != 0 {
		t.Errorf("EmailProviders: %+v, %v", p, err)
	}
	if p := a.Product(); p.Name != "Latchkey" || p.Version == "" || len(p.Scopes) != 1 {
		t.Errorf("Product: %+v", p)
	}
	if len(events) != 0 {
		t.Errorf("%d events without a sign-in", len(events))
	}
}

func TestEmailProviders(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, func(c *config.Config) {
		c.Brand.EmailProvider, c.Brand.EmailProviders = "https://one.example.com", []string{"https://one.example.com", "https://two.example.com"}
	})
	if p, err := a.EmailProviders(); err != nil || p.Chosen != "https://one.example.com" || len(p.Known) != 2 {
		t.Errorf("the brand's: %+v, %v", p, err)
	}
	if err := a.service.Store.SaveSetting(t.Context(), latchkey.EmailProvider, "https://three.example.com"); err != nil {
		t.Fatal(err)
	}
	if p, err := a.EmailProviders(); err != nil || p.Chosen != "https://three.example.com" || len(p.Known) != 2 {
		t.Errorf("after the person chose: %+v, %v", p, err)
	}
}

// A service that can't start leaves a window that says why, at every method.
func TestServiceThatDoesNotStart(t *testing.T) {
	t.Parallel()
	a, _ := newTestApp(t, func(c *config.Config) { c.Paths.Data = "/dev/null/nowhere" })
	for name, err := range map[string]error{
		"Login": second(a.Login("alice.test")), "LoginWithEmail": second(a.LoginWithEmail("a@example.org")),
		"Whoami": second(a.Whoami()), "Logout": a.Logout(), "LogoutAll": a.LogoutAll(), "Accounts": second(a.Accounts()),
		"Switch": second(a.Switch("did:plc:x")), "Renew": second(a.Renew("did:plc:x")), "Raise": second(a.Raise(nil)),
		"Check": a.Check(), "Notices": second(a.Notices()), "Cancel": a.Cancel(),
		"EmailProviders": second(a.EmailProviders()), "ChooseEmailProvider": second(a.ChooseEmailProvider("pds.example.com")),
		"AccountForEmail": second(a.AccountForEmail("a@example.org")),
		"Settings":        second(a.Settings()), "SetTheme": a.SetTheme("dark"),
		"Attempt": second(a.Attempt()), "OpenBrowser": a.OpenBrowser(), "CopyLink": a.CopyLink(),
		"Browsers": second(a.Browsers()), "OpenIn": a.OpenIn("x"), "PasteAddress": a.PasteAddress("x"), "CopyAddress": a.CopyAddress(),
	} {
		if got := latchkey.CodeOf(err); got != latchkey.StorageFailed {
			t.Errorf("%s: %q (%v)", name, got, err)
		}
	}
}

// save puts an account beside the service, as another process does.
func save(t *testing.T, a *App, did string, used time.Time) latchkey.Account {
	t.Helper()
	account := latchkey.Account{DID: syntax.DID("did:plc:" + did), Status: latchkey.Active, Server: "https://pds.example.com", LastUsed: used}
	if err := a.service.Store.SaveAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	return account
}

// mustHear waits for an event about an account.
func mustHear(t *testing.T, events chan any, kind string, did syntax.DID) {
	t.Helper()
	for event := range events {
		if e, ok := event.(AccountEvent); ok && e.Kind == kind && e.Account.DID == did.String() {
			return
		}
	}
}

func TestSwitchShowsTheAccount(t *testing.T) {
	t.Parallel()
	a, events := newTestApp(t, nil)
	// The window hears of what other processes do.
	alice := save(t, a, "alice", time.Now().Add(-time.Hour))
	mustHear(t, events, "added", alice.DID)
	bob := save(t, a, "bob", time.Now().Add(-time.Minute))
	mustHear(t, events, "added", bob.DID)
	if shown, err := a.Switch(alice.DID.String()); err != nil || shown.DID != alice.DID.String() {
		t.Fatalf("Switch: %+v, %v", shown, err)
	}
	mustHear(t, events, "changed", alice.DID)
	all, err := a.Accounts()
	if err != nil || len(all) != 2 || all[0].DID != alice.DID.String() {
		t.Errorf("Accounts: %+v, %v", all, err)
	}
	if err := a.Logout(); err != nil {
		t.Error(err)
	}
	mustHear(t, events, "removed", alice.DID)
	if err := a.LogoutAll(); err != nil {
		t.Error(err)
	}
	mustHear(t, events, "removed", bob.DID)
}

func TestLogoutMeansTheShownAccount(t *testing.T) {
	t.Parallel()
	a, events := newTestApp(t, nil)
	alice := save(t, a, "alice", time.Now())
	mustHear(t, events, "added", alice.DID)
	if shown, err := a.Whoami(); err != nil || shown.DID != alice.DID.String() {
		t.Fatalf("Whoami: %+v, %v", shown, err)
	}
	bob := save(t, a, "bob", time.Now().Add(time.Hour)) // the terminal made another one current
	if err := a.Logout(); err != nil {
		t.Fatal(err)
	}
	left, err := a.service.Accounts(t.Context())
	if err != nil || len(left) != 1 || left[0].DID != bob.DID {
		t.Errorf("left: %+v, %v", left, err)
	}
	mustHear(t, events, "removed", alice.DID)
}

// What crosses to the page: JSON text with the fields of a failure, and never the cause.
func TestFormatError(t *testing.T) {
	t.Parallel()
	const secret = "canary-in-the-cause"
	for name, c := range map[string]struct {
		err     error
		want    latchkey.Code
		subject string
	}{
		"ours":           {latchkey.NewError(latchkey.Denied, errors.New(secret)), latchkey.Denied, ""},
		"with a subject": {latchkey.NewError(latchkey.ScopeInvalid, errors.New(secret)).About("repo:x"), latchkey.ScopeInvalid, "repo:x"},
		"foreign":        {errors.New(secret), latchkey.Internal, ""},
	} {
		text, ok := formatError(c.err).(string)
		if !ok || strings.Contains(text, secret) {
			t.Errorf("%s: %v", name, text)
		}
		var got Failure
		want := latchkey.NewError(c.want, nil).About(c.subject).Message()
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Code != string(c.want) || got.Message != want || got.Subject != c.subject {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	deadline := time.Date(2030, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	view := newSignIn(latchkey.SignIn{
		ID: "1", Phase: latchkey.Waiting, Server: "https://pds.example.com", Link: "http://127.0.0.1:1/start/x",
		BrowserFailed: true, Remote: true, Deadline: deadline, Err: latchkey.NewError(latchkey.Denied, nil),
	})
	if view.Server != "pds.example.com" || view.Deadline != "2030-01-02T02:04:05Z" || view.BrowserOpened || !view.Remote || view.Error.Code != "denied" {
		t.Errorf("%+v", view)
	}
	if view := newSignIn(latchkey.SignIn{}); view.Deadline != "" || view.Error != nil || !view.BrowserOpened {
		t.Errorf("an empty one: %+v", view)
	}
	moved := newAccount(latchkey.Account{DID: "did:plc:x", Server: "https://new.example.com", Status: latchkey.NeedsSignIn, Reason: latchkey.AccountMoved})
	if moved.ReasonCode != "account_moved" || moved.ReasonSubject != "new.example.com" || !strings.Contains(moved.Reason, "moved to new.example.com.") || moved.SessionEnds != "" {
		t.Errorf("one that moved: %+v", moved)
	}
	if soon := newAccount(latchkey.Account{Status: latchkey.Active, SessionEnds: time.Now().Add(time.Hour), Offline: true, InMemory: true}); !soon.EndsSoon || soon.SessionEnds == "" || !soon.Offline || !soon.InMemory || soon.Reason != "" {
		t.Errorf("one that ends soon: %+v", soon)
	}
	data, err := json.Marshal(newAccount(latchkey.Account{DID: "did:plc:x", Status: latchkey.NeedsSignIn, Reason: latchkey.SessionRejected}))
	if err != nil || !strings.Contains(string(data), `"scopes":[]`) || !strings.Contains(string(data), latchkey.SessionRejected.Sentence()) {
		t.Errorf("%s, %v", data, err)
	}
}
