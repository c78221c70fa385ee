//go:build devnet

package wire_test

import (
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// Whatever of the three was typed, the same person is signed in.
func TestSignInByHandleDIDAndServer(t *testing.T) {
	t.Parallel()
	for name, identifier := range map[string]string{
		"handle":          alice().Handle,
		"handle, pasted":  " @ALICE.test ",
		"profile address": "https://bsky.app/profile/alice.test",
		"DID":             alice().DID,
		"server":          network.PDS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			account, pages, err := h.signIn(identifier, as(alice()))
			if err != nil {
				t.Fatal(err)
			}
			if account.DID.String() != alice().DID || account.Handle.String() != alice().Handle || account.Server != network.PDS {
				t.Errorf("signed in as %+v", account)
			}
			if account.Status != latchkey.Active || strings.Join(account.Scopes, " ") != "atproto" {
				t.Errorf("status %s, scopes %v", account.Status, account.Scopes)
			}
			if want := "You are signed in as alice.test"; !strings.Contains(pages.Final.Text, want) {
				t.Errorf("the browser ended on %q, want %q in it", pages.Final.Text, want)
			}
			if now, err := h.Whoami(t.Context()); err != nil || now.DID != account.DID {
				t.Errorf("whoami: %+v, %v", now, err)
			}
			h.nothingHalfMade(1)
		})
	}
}

func TestPersonEndsSignIn(t *testing.T) {
	t.Parallel()
	for _, action := range []devnet.Action{devnet.Deny, devnet.Cancel} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			person := as(alice())
			person.Action = action
			_, pages, err := h.signIn("alice.test", person)
			wantCode(t, err, latchkey.Denied)
			if want := latchkey.Denied.Sentence(); !strings.Contains(pages.Final.Text, want) {
				t.Errorf("the browser ended on %q, want %q in it", pages.Final.Text, want)
			}
			h.nothingHalfMade(0)
		})
	}
}

// A browser that was closed leaves the attempt waiting: a second click is refused meanwhile, the
// way into the browser is still open, and cancelling ends it.
func TestClosedBrowserSecondClickCancel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	failed := make(chan error, 1)
	go func() {
		_, err := h.Login(t.Context(), "alice.test")
		failed <- err
	}()
	signIn := <-h.waiting
	if !signIn.BrowserFailed || !strings.HasPrefix(signIn.Link, "http://127.0.0.1:") || signIn.Server != network.PDS {
		t.Errorf("waiting as %+v", signIn)
	}
	if _, err := (devnet.Browser{Action: devnet.Leave}).Visit(t.Context(), signIn.Link); err != nil {
		t.Fatal(err)
	}
	_, err := h.Login(t.Context(), "bob.test")
	wantCode(t, err, latchkey.SignInInProgress)
	if now, err := h.SignIn(); err != nil || now.Phase != latchkey.Waiting {
		t.Errorf("after both: %+v, %v", now, err)
	}
	if err := h.Cancel(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-failed, latchkey.Cancelled)
	wantCode(t, h.Cancel(), latchkey.NoSignIn)
	h.nothingHalfMade(0)
	// The next attempt starts from nothing. The link of the listener leads to the same page.
	go func() {
		_, err := h.Login(t.Context(), "alice.test")
		failed <- err
	}()
	signIn = <-h.waiting
	if _, err := as(alice()).Visit(t.Context(), signIn.Link); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	h.nothingHalfMade(1)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	unknown := "did:plc:" + strings.Repeat("a", 24)
	for name, c := range map[string]struct {
		text string
		want latchkey.Code
	}{
		"empty":                     {"", latchkey.IdentifierMissing},
		"spaces":                    {"  \t ", latchkey.IdentifierMissing},
		"not a name":                {"what is this", latchkey.InvalidIdentifier},
		"no such handle":            {"nobody.test", latchkey.HandleNotFound},
		"no such DID":               {unknown, latchkey.DIDNotFound},
		"unknown kind of DID":       {"did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", latchkey.DIDNotSupported},
		"not a server":              {network.PLC, latchkey.NotAnATProtoServer},
		"server without TLS":        {"http://pds.example.com", latchkey.NotAnATProtoServer},
		"private address":           {"https://127.0.0.1:1", latchkey.ServerUnsafe},
		"email without provider":    {"alice@example.org", latchkey.EmailProviderNotSet},
		"host that is not there":    {"https://no-such-host.invalid", latchkey.ServerUnreachable},
		"server name, not a handle": {"pds.test", latchkey.HandleNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			_, err := h.Login(t.Context(), c.text)
			wantCode(t, err, c.want)
			h.nothingHalfMade(0)
		})
	}
}

// A server that refuses the request itself ends the attempt before any browser opens.
func TestServerRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Brand.ClientID = "https://client.example.org/metadata.json" })
	_, err := h.Login(t.Context(), "alice.test")
	wantCode(t, err, latchkey.ServerRefused)
	if len(h.waiting) != 0 {
		t.Error("the person was sent to the browser")
	}
	h.nothingHalfMade(0)
}

// The page asks the person for what the product asks for.
func TestConsentNamesScopes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Brand.Scopes = []string{"atproto", "account:email"} })
	account, pages, err := h.signIn("alice.test", as(alice()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.ToLower(pages.Consent.Text), "email") {
		t.Errorf("the consent page does not speak of the email: %q", pages.Consent.Text)
	}
	if strings.Join(account.Scopes, " ") != "atproto account:email" {
		t.Errorf("granted %v", account.Scopes)
	}
}
