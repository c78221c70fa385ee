package app

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/loopback"
	"latchkey/backend/sqlite"
)

// schemed gives the product a scheme of its own.
func schemed(c *config.Config) {
	c.Brand.ClientID, c.Brand.SchemeRedirect = "https://app.example.com/client.json", true
}

const stray = redirect + "?state=another&code=forged"

func TestIsAddress(t *testing.T) {
	t.Parallel()
	var with, without config.Config
	schemed(&with)
	for name, c := range map[string]struct {
		config config.Config
		args   []string
		want   bool
	}{
		"an address":           {with, []string{stray}, true},
		"the scheme alone":     {with, []string{"com.example.app:"}, true},
		"two":                  {with, []string{stray, stray}, false},
		"another scheme":       {with, []string{"com.example.apps:/callback"}, false},
		"a file":               {with, []string{"/com.example.app:/callback"}, false},
		"a flag":               {with, []string{"--help"}, false},
		"nothing":              {with, nil, false},
		"an empty argument":    {with, []string{""}, false},
		"no scheme":            {without, []string{stray}, false},
		"no scheme, no scheme": {without, []string{":/callback"}, false},
	} {
		if got := newApp(c.config).isAddress(c.args); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// counted makes a test's app count how often its window comes to the front, and keeps what it logs.
func counted(a *App) (fronts chan struct{}, log *lines) {
	fronts, log = make(chan struct{}, 100), &lines{}
	a.toFront = func(context.Context) { fronts <- struct{}{} }
	a.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return fronts, log
}

type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// Whoever starts the program again finds its window; an address that belongs to nothing brings it to the front once.
func TestStrayAddresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := config.Config{
		Brand: config.Brand{Name: "Latchkey", ID: "latchkey-test", Scopes: []string{"atproto"}},
		Paths: config.Paths{Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state")},
	}
	schemed(&cfg)
	a := newApp(cfg)
	a.emit = func(context.Context, string, ...any) {}
	fronts, log := counted(a)
	for range 10 * maxHanded { // nobody waits for us, not even before there is a window
		a.hand([]string{stray})
	}
	a.start(t.Context())
	<-fronts
	for range 3 {
		a.hand([]string{stray})
		a.hand(nil)
		<-fronts // of the second
	}
	a.forward(latchkey.Event{Kind: latchkey.SignInProgress, SignIn: &latchkey.SignIn{Phase: latchkey.Failed, Err: latchkey.NewError(latchkey.Cancelled, nil)}})
	a.hand([]string{stray})
	<-fronts // people may come from a page that is out of date once more
	a.hand([]string{stray})
	a.hand(nil)
	<-fronts
	a.stop(context.Background())
	if len(fronts) != 0 {
		t.Errorf("the window came to the front %d times more", len(fronts))
	}
	if text := log.text.String(); strings.Contains(text, "com.example.app") || strings.Contains(text, "forged") {
		t.Errorf("the log says: %s", text)
	}
}

// A window without a service takes addresses as well, and does nothing with them.
func TestAddressWithoutAService(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Paths: config.Paths{Data: "/dev/null/nowhere"}}
	schemed(&cfg)
	a := newApp(cfg)
	fronts, _ := counted(a)
	a.start(t.Context())
	a.hand([]string{stray})
	<-fronts
	a.stop(context.Background())
}

// While a sign-in waits nothing but its own callback moves the window.
// hostile: 1
func TestAddressDuringASignIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "test.db"), filepath.Join(dir, "locks"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	var cfg config.Config
	schemed(&cfg)
	a := newApp(cfg)
	a.window = t.Context()
	fronts, _ := counted(a)
	waiting := make(chan struct{}, 1)
	a.emit = func(_ context.Context, _ string, payload ...any) {
		if s, ok := payload[0].(SignIn); ok && s.Phase == string(latchkey.Waiting) {
			waiting <- struct{}{}
		}
	}
	server := &server{pushed: make(chan latchkey.AuthorizationRequest, 1)}
	a.service = auth.New(auth.Rooms{
		Directory: server, Protocol: server, Loopback: loopback.Loopback{Product: "Test"}, Keychain: &pocket{}, Store: store,
	}, auth.Settings{
		ClientID:       func([]string) (string, error) { return cfg.Brand.ClientID, nil },
		SchemeRedirect: func(context.Context) string { return redirect },
	})
	a.service.Subscribe(a.forward)
	a.closeAll = a.service.Close
	if err := a.service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(a.started)
	a.work.Go(a.receive)
	defer a.stop(context.Background())

	done := make(chan error, 1)
	go func() { done <- second(a.Login(alice.String())) }()
	<-waiting
	request := <-server.pushed
	if request.RedirectURI != redirect {
		t.Errorf("the redirect is %s", request.RedirectURI)
	}
	right := redirect + "?" + url.Values{"state": {string(request.State)}, "iss": {pds}, "code": {"code"}}.Encode()
	for _, address := range []string{stray, right + "&state=x", "com.example.app:", right} {
		a.hand([]string{address})
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// It has with the end.
	if n := server.exchanges.Load(); n != 1 || len(fronts) != 1 {
		t.Errorf("%d exchanges, and the window came to the front %d times", n, len(fronts))
	}
}

const (
	redirect = "com.example.app:/callback"
	pds      = "https://pds.example.com"
	alice    = syntax.DID("did:plc:ewvi7nxzyoun6zhxrhs64oiz")
)

// server is all that a sign-in asks others.
type server struct {
	latchkey.Protocol
	pushed    chan latchkey.AuthorizationRequest
	exchanges atomic.Int32
}

func (*server) Lookup(context.Context, syntax.AtIdentifier) (latchkey.Identity, error) {
	return latchkey.Identity{DID: alice, Server: pds}, nil
}

func (*server) NewKeys() (latchkey.Keys, error) { return latchkey.Keys{}, nil }

func (*server) Discover(context.Context, string) (latchkey.AuthorizationServer, error) {
	return latchkey.AuthorizationServer{Issuer: pds, Server: pds}, nil
}

func (s *server) Push(_ context.Context, req latchkey.AuthorizationRequest, _ latchkey.Keys) (latchkey.Secret, error) {
	s.pushed <- req
	return pds + "/oauth/authorize", nil
}

func (s *server) Exchange(_ context.Context, _ latchkey.AuthorizationRequest, _ latchkey.Keys, _ latchkey.Secret) (latchkey.Grant, error) {
	s.exchanges.Add(1)
	return latchkey.Grant{Subject: alice}, nil
}
