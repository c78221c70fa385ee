//go:build devnet

package wire_test

import (
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
)

// byEmail makes the network's email provider the one of the house.
func byEmail(c *config.Config) { c.Brand.EmailProvider = network.EmailProvider }

// at is a person with a mailbox.
func at(email string) devnet.Browser {
	return devnet.Browser{Email: email, Mail: network.MailBox}
}

// The first sign-up by email, a restart, a second sign-in with a fresh code, and one by the handle
// that the first gave: always the same account. Beside it an account of another server by handle.
func TestSignInByEmail(t *testing.T) {
	t.Parallel()
	h := newHouse(t, byEmail, func(c *config.Config) { c.Brand.Scopes = []string{"atproto", "account:email"} })
	const email = "carol+first@mail.example.org"
	person := at(email)
	person.NewHandle = "carol-first"
	first, pages, err := h.signIn("Carol+First@mail.example.org", person)
	if err != nil {
		t.Fatal(err)
	}
	if first.Handle != "carol-first.mail.test" || first.Server != network.EmailProvider {
		t.Errorf("signed up as %+v", first)
	}
	if pages.Code.Text == "" || pages.ChooseHandle.Text == "" {
		t.Error("no code page, or nobody asked for a handle")
	}
	if mail, err := network.Mail(t.Context(), email); err != nil || mail.Count != 1 {
		t.Errorf("mails after the sign-up: %+v, %v", mail, err)
	}
	if did, err := h.getSession(first); err != nil || did != first.DID.String() {
		t.Errorf("getSession: %q, %v", did, err)
	}
	h.shut()
	h.open()
	if known, err := h.AccountForEmail(t.Context(), email); err != nil || known.DID != first.DID {
		t.Errorf("the account that the email belongs to: %+v, %v", known, err)
	}
	second, pages, err := h.signIn(email, at(email))
	if err != nil {
		t.Fatal(err)
	}
	if second.DID != first.DID || pages.Code.Text == "" || pages.ChooseHandle.Text != "" {
		t.Errorf("the second time: %s, pages %+v", second.DID, pages)
	}
	if mail, err := network.Mail(t.Context(), email); err != nil || mail.Count != 2 {
		t.Errorf("mails after the second sign-in: %+v, %v", mail, err)
	}
	if third := h.mustSignIn("carol-first.mail.test", at(email)); third.DID != first.DID {
		t.Errorf("by handle: %s", third.DID)
	}
	h.mustSignIn("alice.test", as(alice()))
	accounts, err := h.Accounts(t.Context())
	if err != nil || len(accounts) != 2 {
		t.Errorf("side by side: %+v, %v", accounts, err)
	}
	for _, a := range accounts {
		if did, err := h.getSession(a); err != nil || did != a.DID.String() {
			t.Errorf("as %s: %q, %v", a.Name(), did, err)
		}
	}
}

// The browser may still have a session at the provider, for the same mailbox or for another: the
// person who typed an address is asked for a code of that very mailbox all the same.
func TestEmailAsksForThatVeryMailbox(t *testing.T) {
	t.Parallel()
	h := newHouse(t, byEmail)
	profile := t.TempDir()
	for _, email := range []string{"dave@mail.example.org", "erin@mail.example.org", "dave@mail.example.org"} {
		person := at(email)
		person.Profile = profile
		_, pages, err := h.signIn(email, person)
		if err != nil {
			t.Fatal(err)
		}
		if pages.Code.Text == "" || pages.Chooser.Text != "" {
			t.Errorf("%s: pages %+v", email, pages)
		}
	}
	accounts, err := h.Accounts(t.Context())
	if err != nil || len(accounts) != 2 {
		t.Errorf("accounts: %+v, %v", accounts, err)
	}
}

// A random handle is shown like any other.
func TestEmailWithRandomHandle(t *testing.T) {
	t.Parallel()
	h := newHouse(t, byEmail)
	account := h.mustSignIn("frank@mail.example.org", at("frank@mail.example.org"))
	if !strings.HasSuffix(account.Handle.String(), ".mail.test") || account.Name() != account.Handle.String() {
		t.Errorf("signed up as %+v", account)
	}
}

func TestEmailDenied(t *testing.T) {
	t.Parallel()
	h := newHouse(t, byEmail)
	person := at("grace@mail.example.org")
	person.Action = devnet.Deny
	_, _, err := h.signIn(person.Email, person)
	wantCode(t, err, latchkey.Denied)
	h.nothingHalfMade(0)
}

// Five wrong codes end the request over there without a word to us. The person cancels and tries
// again: a fresh request, a fresh code, and it works.
func TestEmailEndsWithoutCallback(t *testing.T) {
	t.Parallel()
	h := newHouse(t, byEmail)
	const email = "heidi@mail.example.org"
	failed := make(chan error, 1)
	go func() {
		_, err := h.Login(t.Context(), email)
		failed <- err
	}()
	signIn := <-h.waiting
	if !signIn.CodeByEmail {
		t.Error("the person is not told to look for a mail")
	}
	person := at(email)
	person.WrongCodes = 5
	pages, err := person.Visit(t.Context(), signIn.Link)
	if err != nil || pages.Ended.Text == "" {
		t.Fatalf("the browser ended on %+v, %v", pages, err)
	}
	if now, err := h.SignIn(); err != nil || now.Phase != latchkey.Waiting {
		t.Errorf("after the request died: %+v, %v", now, err)
	}
	if err := h.Cancel(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-failed, latchkey.Cancelled)
	h.nothingHalfMade(0)
	h.mustSignIn(email, at(email))
	if mail, err := network.Mail(t.Context(), email); err != nil || mail.Count != 2 {
		t.Errorf("mails: %+v, %v", mail, err)
	}
}

// A stock PDS as email provider gets no address from here; the page is the server's own.
func TestEmailOnAStockServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Brand.EmailProvider = network.PDS })
	failed := make(chan error, 1)
	go func() {
		_, err := h.Login(t.Context(), "alice@mail.test")
		failed <- err
	}()
	if signIn := <-h.waiting; signIn.CodeByEmail {
		t.Error("the person is told to wait for a code")
	}
	address, err := h.AuthorizationURL()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(address), "login_hint") || strings.Contains(string(address), "alice") {
		t.Error("the address is in the authorization URL of a server that ignores it")
	}
	if _, err := as(alice()).Visit(t.Context(), string(address)); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

func TestChooseEmailProviderOnTheNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.Login(t.Context(), "ivan@mail.example.org")
	wantCode(t, err, latchkey.EmailProviderNotSet)
	_, err = h.ChooseEmailProvider(t.Context(), network.PLC)
	wantCode(t, err, latchkey.NotAnATProtoServer)
	if chosen, err := h.ChooseEmailProvider(t.Context(), network.EmailProvider+"/"); err != nil || chosen != network.EmailProvider {
		t.Fatalf("chosen %q, %v", chosen, err)
	}
	h.shut()
	h.open()
	h.mustSignIn("ivan@mail.example.org", at("ivan@mail.example.org"))
}
