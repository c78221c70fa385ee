package auth_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		did  syntax.DID
		net  func(*hostile.Server)
	}{
		"handle":                  {text: "@Alice.example.net ", did: hostile.AliceDID},
		"DID":                     {text: hostile.BobDID.String(), did: hostile.BobDID},
		"server":                  {text: hostile.PDS, did: hostile.AliceDID},
		"server without scheme":   {text: "pds.example.net/", did: hostile.AliceDID},
		"host that is no handle":  {text: "pds.example.net", did: hostile.AliceDID},
		"authorization server":    {text: hostile.Other, did: hostile.AliceDID, net: func(n *hostile.Server) { n.Issuer = hostile.Other }},
		"another server's issuer": {text: "alice.example.net", did: hostile.AliceDID, net: func(n *hostile.Server) { n.Issuer = hostile.Other }},
		"profile in a web app":    {text: "https://app.example.net/profile/bob.example.net", did: hostile.BobDID},
		"another account than the server's first": {text: hostile.PDS, did: hostile.BobDID, net: func(n *hostile.Server) {
			n.Approve = func(string) (syntax.DID, string) { return hostile.BobDID, "" }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			if test.net != nil {
				test.net(net)
			}
			h := newHouse(t, net)
			account := h.mustLogin(test.text)
			want := net.DIDs[test.did]
			if account.DID != test.did || account.Handle != want.Handle || account.Server != want.Server || account.Status != latchkey.Active {
				t.Errorf("signed in as %+v", account)
			}
			if err := h.call(t.Context(), test.did); err != nil {
				t.Errorf("first call: %v", err)
			}
			if who, err := h.Whoami(t.Context()); err != nil || who.DID != test.did {
				t.Errorf("whoami: %v, %v", who, err)
			}
			if ids, err := h.store.SignIns(t.Context()); err != nil || len(ids) != 0 {
				t.Errorf("attempts left: %v, %v", ids, err)
			}
			if items := h.keychain.ids(); len(items) != 1 {
				t.Errorf("%d keychain items", len(items))
			}
			h.mustHaveSessions(test.did)
			if n := net.Requests("token"); n != 1 {
				t.Errorf("%d requests for tokens", n)
			}
			if page := h.browser.Page(); !strings.Contains(page, "You are signed in as "+account.Name()) {
				t.Errorf("page: %s", page)
			}
		})
	}
}

func TestLoginEventsInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	want := []string{"resolving", "waiting", "exchanging", "added", "done"}
	if got := h.events.story(); !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
	waiting := h.waitFor(inPhase(latchkey.Waiting)).SignIn
	if waiting.DID != hostile.AliceDID || waiting.Handle != hostile.AliceHandle || waiting.Server != hostile.PDS || waiting.Link == "" || waiting.Deadline.IsZero() {
		t.Errorf("waiting: %+v", waiting)
	}
	if done := h.waitFor(inPhase(latchkey.Done)).SignIn; done.Account == nil || done.Err != nil || done.Link != "" {
		t.Errorf("done: %+v", done)
	}
	h.mustLogin("alice.example.net")
	want = append(want, "resolving", "waiting", "exchanging", "changed", "done")
	if got := h.events.story(); !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
}

func TestLoginByEmailStartsAtTheProvider(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	var hint string
	net.Approve = func(h string) (syntax.DID, string) { hint = h; return hostile.BobDID, "" }
	h := newHouse(t, net, func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = hostile.PDS })
	if account := h.mustLogin("Bob+tag@mail.example.net"); account.DID != hostile.BobDID {
		t.Errorf("signed in as %s", account.DID)
	}
	if hint != "" {
		t.Errorf("the server was told %q", hint)
	}
	_, err := newHouse(t, hostile.New(t)).Login(t.Context(), "bob@mail.example.net")
	mustCode(t, err, latchkey.EmailProviderNotSet)
}

// hostile: 43
func TestLoginAgainReplacesTheOldSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	old := h.keychain.ids()
	h.mustLogin("alice.example.net")
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Error(err)
	}
	h.settle()
	h.mustHaveSessions(hostile.AliceDID)
	if items := h.keychain.ids(); len(items) != 1 || items[0] == old[0] {
		t.Errorf("keychain items %v, before %v", items, old)
	}
	if n := h.net.Requests("revoke"); n != 1 {
		t.Errorf("%d revocations", n)
	}
}

// A browser that does not open is a state of the attempt, which goes on: the link can be opened by hand.
func TestLoginWithoutABrowser(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]furnish{
		"fails": func(h *house, _ *auth.Rooms, _ *auth.Settings) {
			h.browser.Refuse = latchkey.NewError(latchkey.BrowserFailed, errors.New("none"))
		},
		"none": func(_ *house, r *auth.Rooms, _ *auth.Settings) { r.Browser = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), change)
			done := h.login(t.Context(), "alice.example.net")
			e := h.waitFor(func(e latchkey.Event) bool { return e.SignIn != nil && e.SignIn.BrowserFailed })
			if e.SignIn.Phase != latchkey.Waiting || e.SignIn.Link == "" {
				t.Errorf("event: %+v", e.SignIn)
			}
			mustCode(t, h.OpenBrowser(t.Context()), latchkey.BrowserFailed)
			h.browser.Follow(e.SignIn.Link)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenBrowserAgain(t *testing.T) {
	t.Parallel()
	links := make(chan string, 2)
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) {
		h.browser.Opened = func(link string) { links <- link }
	})
	mustCode(t, h.OpenBrowser(t.Context()), latchkey.NoSignIn)
	done := h.login(t.Context(), "alice.example.net")
	first := <-links
	if err := h.OpenBrowser(t.Context()); err != nil {
		t.Error(err)
	}
	if second := <-links; second != first {
		t.Error("the second link is another one")
	}
	address, err := h.AuthorizationURL()
	if err != nil || !strings.HasPrefix(string(address), hostile.PDS+"/oauth/authorize?") {
		t.Errorf("authorization URL: %v", err)
	}
	h.browser.Follow(first)
	if err := <-done; err != nil {
		t.Error(err)
	}
	_, err = h.AuthorizationURL()
	mustCode(t, err, latchkey.NoSignIn)
}

// The clock of this computer decides nothing: an access token that ended by our clock is still tried,
// one that the server refuses is refreshed however fresh it looks.
// hostile: 39
func TestLoginWithAnyLifetime(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{0, time.Second, 24 * time.Hour} {
		net := hostile.New(t)
		net.Token = hostile.Edit(net.HonestToken, func(answer map[string]any) { answer["expires_in"] = int(lifetime.Seconds()) })
		h := newHouse(t, net)
		h.mustLogin("alice.example.net")
		if err := h.call(t.Context(), hostile.AliceDID); err != nil {
			t.Error(err)
		}
		if n := net.Requests("token"); n != 1 {
			t.Errorf("%v: %d requests for tokens", lifetime, n)
		}
		net.EndAccess()
		if err := h.call(t.Context(), hostile.AliceDID); err != nil {
			t.Error(err)
		}
		if n := net.Requests("token"); n != 2 {
			t.Errorf("%v: %d requests for tokens", lifetime, n)
		}
	}
}

// settle waits for what goes on in the background. The house is closed afterwards, for attempts at
// least; what it stored can still be looked at.
func (h *house) settle() {
	h.tb.Helper()
	if err := h.Close(context.Background()); err != nil {
		h.tb.Error(err)
	}
}
