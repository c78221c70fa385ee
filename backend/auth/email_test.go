package auth_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// mailer makes the network's PDS a provider that mails codes: its pages are on another origin. What
// came with the pushed request and with the browser is kept.
type mailer struct {
	mu     sync.Mutex
	pushed url.Values
	opened url.Values
}

func newMailer(net *hostile.Server) *mailer {
	m := &mailer{}
	net.Metadata = hostile.Edit(net.HonestMetadata, func(answer map[string]any) {
		answer["authorization_endpoint"] = "https://auth.example.net/oauth/authorize"
	})
	net.Authorize = func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.opened = r.URL.Query()
		m.mu.Unlock()
		net.HonestAuthorize(w, r)
	}
	net.Push = func(w http.ResponseWriter, r *http.Request) {
		net.HonestPush(w, r)
		m.mu.Lock()
		m.pushed = r.PostForm
		m.mu.Unlock()
	}
	return m
}

// reveal makes the PDS tell an email, as scopes allow it.
func reveal(net *hostile.Server, email string) {
	net.XRPC = hostile.Edit(net.HonestXRPC, func(answer map[string]any) { answer["email"] = email })
}

func byProvider(scopes ...string) furnish {
	return func(_ *house, _ *auth.Rooms, s *auth.Settings) {
		s.EmailProvider, s.Scopes = hostile.PDS, append([]string{"atproto"}, scopes...)
	}
}

// The address goes with the browser only, in lower case, together with the wish for that very mailbox.
func TestEmailGoesWithTheBrowserOnly(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	m := newMailer(net)
	h := newHouse(t, net, byProvider())
	h.mustLogin("Alice+Tag@Mail.example.net")
	if m.pushed.Has("login_hint") || m.pushed.Get("prompt") != "login" {
		t.Errorf("pushed: hint %q, prompt %q", m.pushed["login_hint"], m.pushed["prompt"])
	}
	if m.opened.Get("login_hint") != "alice+tag@mail.example.net" || m.opened.Get("prompt") != "login" {
		t.Errorf("opened with hint %q, prompt %q", m.opened["login_hint"], m.opened["prompt"])
	}
	waiting := h.waitFor(inPhase(latchkey.Waiting)).SignIn
	if !waiting.CodeByEmail || waiting.Server != hostile.PDS || waiting.OtherEmail {
		t.Errorf("waiting: %+v", waiting)
	}
}

// A stock PDS ignores such a hint: the address is not sent to it at all.
func TestEmailStaysHereForAStockServer(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	var opened url.Values
	net.Authorize = func(w http.ResponseWriter, r *http.Request) {
		opened = r.URL.Query()
		net.HonestAuthorize(w, r)
	}
	h := newHouse(t, net, byProvider())
	h.mustLogin("alice@mail.example.net")
	if opened.Has("login_hint") || opened.Has("prompt") {
		t.Errorf("opened with %v", opened)
	}
	if waiting := h.waitFor(inPhase(latchkey.Waiting)).SignIn; waiting.CodeByEmail {
		t.Error("the person is told to wait for a code")
	}
}

// Any account of the provider may come back; a sign-in by handle later ends with the same.
func TestEmailThenHandle(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	newMailer(net)
	net.Approve = func(string) (syntax.DID, string) { return hostile.BobDID, "" }
	h := newHouse(t, net, byProvider())
	if account := h.mustLogin("bob@mail.example.net"); account.DID != hostile.BobDID {
		t.Errorf("by email: %s", account.DID)
	}
	if account := h.mustLogin(hostile.BobHandle.String()); account.DID != hostile.BobDID {
		t.Errorf("by handle: %s", account.DID)
	}
}

func TestOtherEmail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scopes   []string
		revealed string
		other    bool
	}{
		"the very mailbox":     {[]string{"account:email"}, "Alice@mail.example.net", false},
		"another mailbox":      {[]string{"account:email"}, "work@mail.example.net", true},
		"by the old scope":     {[]string{"transition:email"}, "work@mail.example.net", true},
		"not to be seen":       {nil, "work@mail.example.net", false},
		"the server tells not": {[]string{"account:email"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			newMailer(net)
			reveal(net, test.revealed)
			h := newHouse(t, net, byProvider(test.scopes...))
			h.mustLogin("alice@mail.example.net")
			if done := h.waitFor(inPhase(latchkey.Done)).SignIn; done.OtherEmail != test.other {
				t.Errorf("other email: %v", done.OtherEmail)
			}
			// Whose session it is decides whom the address is offered for later.
			_, err := h.AccountForEmail(t.Context(), "ALICE@mail.example.net")
			if test.other {
				mustCode(t, err, latchkey.AccountUnknown)
				_, err = h.AccountForEmail(t.Context(), test.revealed)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAccountForEmail(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	newMailer(net)
	h := newHouse(t, net, byProvider())
	account := h.mustLogin("alice@mail.example.net")
	if found, err := h.AccountForEmail(t.Context(), " alice@MAIL.example.net"); err != nil || found.DID != account.DID {
		t.Errorf("found %+v, %v", found, err)
	}
	_, err := h.AccountForEmail(t.Context(), "bob@mail.example.net")
	mustCode(t, err, latchkey.AccountUnknown)
	_, err = h.AccountForEmail(t.Context(), "alice.example.net")
	mustCode(t, err, latchkey.InvalidIdentifier)
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	_, err = h.AccountForEmail(t.Context(), "alice@mail.example.net")
	mustCode(t, err, latchkey.AccountUnknown)
}

// The provider is never guessed, is asked what it is before it is remembered, and the person's
// choice outlives the process.
func TestChooseEmailProvider(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	m := newMailer(net)
	h := newHouse(t, net)
	_, err := h.LoginWithEmail(t.Context(), "alice@mail.example.net")
	mustCode(t, err, latchkey.EmailProviderNotSet)
	for address, want := range map[string]latchkey.Code{
		"":                            latchkey.IdentifierMissing,
		"not a server":                latchkey.InvalidIdentifier,
		"alice@mail.example.net":      latchkey.NotAnATProtoServer,
		hostile.AliceDID.String():     latchkey.NotAnATProtoServer,
		"https://nothing.example.net": latchkey.NotAnATProtoServer,
		"https://127.0.0.1":           latchkey.ServerUnsafe,
	} {
		_, err := h.ChooseEmailProvider(t.Context(), address)
		mustCode(t, err, want)
	}
	if chosen, err := h.ChosenEmailProvider(t.Context()); err != nil || chosen != "" {
		t.Errorf("after refusals: %q, %v", chosen, err)
	}
	for _, address := range []string{"pds.example.net", "https://PDS.example.net/"} {
		if chosen, err := h.ChooseEmailProvider(t.Context(), address); err != nil || chosen != hostile.PDS {
			t.Errorf("%s: %q, %v", address, chosen, err)
		}
	}
	next := h.neighbour(byBrand("https://brand.example.org"))
	if chosen, err := next.ChosenEmailProvider(t.Context()); err != nil || chosen != hostile.PDS {
		t.Errorf("in the next process: %q, %v", chosen, err)
	}
	next.mustLogin("alice@mail.example.net")
	if m.opened.Get("login_hint") != "alice@mail.example.net" {
		t.Error("the chosen provider did not get the address")
	}
}

func byBrand(provider string) furnish {
	return func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = provider }
}

// Neither an event nor the database tells the address.
func TestEmailIsNotKeptReadable(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	newMailer(net)
	h := newHouse(t, net, byProvider())
	const canary = "canary-mailbox@mail.example.net"
	h.mustLogin(canary)
	h.mustNotFind(canary)
}
