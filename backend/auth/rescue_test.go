package auth_test

import (
	"net/url"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// away makes the browser one that can't come back.
func away(h *house, _ *auth.Rooms, _ *auth.Settings) { h.browser.Opened = func(string) {} }

// end goes to the server's page of the sign-in that waits and answers the address that the browser ends
// on, without loading it.
func (h *house) end() latchkey.Secret {
	h.tb.Helper()
	page, err := h.AuthorizationURL()
	if err != nil {
		h.tb.Fatal(err)
	}
	signIn, err := h.SignIn()
	if err != nil {
		h.tb.Fatal(err)
	}
	link, err := url.Parse(signIn.Link)
	if err != nil {
		h.tb.Fatal(err)
	}
	return latchkey.Secret("http://" + link.Host + "/callback?" + h.net.Visit(h.tb, string(page)).Encode())
}

// Whatever else is pasted first, the right address ends it well, with one exchange.
// hostile: 1, 5
func TestPaste(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), away)
	mustCode(t, h.Paste(t.Context(), "http://127.0.0.1:1/callback?state=x"), latchkey.NoSignIn)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	right := h.end()
	for address, want := range map[string]latchkey.Code{
		"":                         latchkey.CallbackInvalid,
		"alice.example.net":        latchkey.CallbackInvalid,
		"https://evil.example/":    latchkey.CallbackInvalid,
		string(right) + "&state=x": latchkey.CallbackInvalid,
		strings.Replace(string(right), "state=", "state=x", 1): latchkey.CallbackOther,
		"http://127.0.0.1:1/callback?state=x&code=y":           latchkey.CallbackOther,
	} {
		mustCode(t, h.Paste(t.Context(), latchkey.Secret(address)), want)
	}
	if now, err := h.SignIn(); err != nil || now.Phase != latchkey.Waiting || now.Remote {
		t.Errorf("after the wrong ones: %+v, %v", now, err)
	}
	for range 2 { // whoever presses twice
		if err := h.Paste(t.Context(), right); err != nil && latchkey.CodeOf(err) != latchkey.NoSignIn {
			t.Error(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := h.net.Requests("token"); n != 1 {
		t.Errorf("%d exchanges", n)
	}
	h.mustHaveSessions(hostile.AliceDID)
	mustCode(t, h.Paste(t.Context(), right), latchkey.NoSignIn)
	u, err := url.Parse(string(right))
	if err != nil {
		t.Fatal(err)
	}
	h.mustNotFind(u.Query().Get("code"))
}

// The browser was faster, and the person does not know yet.
// hostile: 5
func TestPasteAfterTheCallback(t *testing.T) {
	t.Parallel()
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	links := make(chan string, 1)
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) {
		h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
		h.browser.Opened = func(link string) { links <- link }
	})
	done := h.login(t.Context(), "alice.example.net")
	link := <-links
	pasted := h.end()
	h.browser.Follow(link)
	<-came
	if err := h.Paste(t.Context(), pasted); err != nil {
		t.Error(err)
	}
	mustCode(t, h.Paste(t.Context(), "nonsense"), latchkey.CallbackInvalid)
	close(letGo)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// One for the nonce of DPoP, perhaps, and none for what was pasted.
	if n := h.net.Requests("token"); n != 1 {
		t.Errorf("%d exchanges", n)
	}
	h.mustHaveSessions(hostile.AliceDID)
}

// What ended stays ended, and its address is of no use to the next attempt.
func TestPasteOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), away)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	old := h.end()
	if err := h.Cancel(); err != nil {
		t.Fatal(err)
	}
	mustCode(t, <-done, latchkey.Cancelled)
	mustCode(t, h.Paste(t.Context(), old), latchkey.NoSignIn)
	seen := len(h.events.story())
	done = h.login(t.Context(), "alice.example.net")
	h.waitFor(func(e latchkey.Event) bool { return inPhase(latchkey.Waiting)(e) && len(h.events.story()) > seen+1 })
	fresh := h.end()
	mustCode(t, h.Paste(t.Context(), old), latchkey.CallbackOther)
	if err := h.Paste(t.Context(), fresh); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPasteOfARefusal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(address string) string
		want   latchkey.Code
	}{
		"declined":       {func(a string) string { return strings.Replace(a, "code=", "error=access_denied&x=", 1) }, latchkey.Denied},
		"another issuer": {func(a string) string { return strings.Replace(a, "iss=https", "iss=http", 1) }, latchkey.IssuerMismatch}, // hostile: 3
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), away)
			done := h.login(t.Context(), "alice.example.net")
			h.waitFor(inPhase(latchkey.Waiting))
			if err := h.Paste(t.Context(), latchkey.Secret(c.change(string(h.end())))); err != nil {
				t.Error(err)
			}
			mustCode(t, <-done, c.want)
			h.mustBeEmpty()
			if n := h.net.Requests("token"); n != 0 {
				t.Errorf("%d exchanges", n)
			}
		})
	}
}

// From another computer no browser is opened unless somebody asks for it.
func TestRemote(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.Remote = true })
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	if now, err := h.SignIn(); err != nil || !now.Remote || !now.BrowserFailed || h.browser.Count() != 0 {
		t.Errorf("%+v, %v, opened %d times", now, err, h.browser.Count())
	}
	if err := h.Paste(t.Context(), h.end()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if h.browser.Count() != 0 {
		t.Error("a browser was opened")
	}
}

// hostile: 61
func TestOpenInAnotherBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) {
		h.browser.Refuse = latchkey.NewError(latchkey.BrowserFailed, nil)
	})
	if all, err := h.Browsers(t.Context()); err != nil || len(all) != 1 || all[0].ID != hostile.InstalledBrowser {
		t.Errorf("browsers: %+v, %v", all, err)
	}
	mustCode(t, h.OpenIn(t.Context(), hostile.InstalledBrowser), latchkey.NoSignIn)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(func(e latchkey.Event) bool { return inPhase(latchkey.Waiting)(e) && e.SignIn.BrowserFailed })
	mustCode(t, h.OpenIn(t.Context(), "https://evil.example/"), latchkey.BrowserFailed)
	if err := h.OpenIn(t.Context(), hostile.InstalledBrowser); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Once a browser was opened by hand, nobody is told any more that none could be.
func TestOpenedAfterAll(t *testing.T) {
	t.Parallel()
	refused := make(chan struct{})
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, s *auth.Settings) {
		s.Remote = true
		h.browser.Opened = func(string) { close(refused) }
	})
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	if err := h.OpenBrowser(t.Context()); err != nil {
		t.Error(err)
	}
	<-refused
	if now, err := h.SignIn(); err != nil || now.BrowserFailed || !now.Remote {
		t.Errorf("%+v, %v", now, err)
	}
	h.waitFor(func(e latchkey.Event) bool { return inPhase(latchkey.Waiting)(e) && !e.SignIn.BrowserFailed })
	if err := h.Cancel(); err != nil {
		t.Error(err)
	}
	mustCode(t, <-done, latchkey.Cancelled)
}

// Where links are never opened, there is nothing to choose from.
func TestNoBrowserToChoose(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), func(_ *house, r *auth.Rooms, _ *auth.Settings) { r.Browser = nil })
	if all, err := h.Browsers(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("browsers: %+v, %v", all, err)
	}
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	mustCode(t, h.OpenIn(t.Context(), hostile.InstalledBrowser), latchkey.BrowserFailed)
	if err := h.Cancel(); err != nil {
		t.Error(err)
	}
	mustCode(t, <-done, latchkey.Cancelled)
}
