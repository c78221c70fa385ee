package auth_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// registered is a computer on which the product's scheme leads to this program.
func registered(_ *house, _ *auth.Rooms, s *auth.Settings) {
	s.SchemeRedirect = func(context.Context) string { return hostile.SchemeRedirect }
}

// handed goes to the server's page of the sign-in that waits and answers the address that the browser hands to the
// operating system.
func (h *house) handed() latchkey.Secret {
	h.tb.Helper()
	page, err := h.AuthorizationURL()
	if err != nil {
		h.tb.Fatal(err)
	}
	return handedAt(h, page)
}

func handedAt(h *house, page latchkey.Secret) latchkey.Secret {
	h.tb.Helper()
	return latchkey.Secret(hostile.SchemeRedirect + "?" + h.net.Visit(h.tb, string(page)).Encode())
}

// Whatever else is handed over first, the right address ends it well, with one exchange. The checks are those of the
// listener, whose rows these are.
// hostile: 1, 2, 5, 6, 12, 13
func TestHandOver(t *testing.T) {
	t.Parallel()
	log := &log{}
	h := newHouse(t, hostile.New(t), away, registered, log.furnish)
	mustCode(t, h.HandOver(hostile.SchemeRedirect+"?state=x"), latchkey.NoSignIn)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	right := h.handed()
	_, query, _ := strings.Cut(string(right), "?")
	for name, c := range map[string]struct {
		address string
		want    latchkey.Code
	}{
		"nothing":              {"", latchkey.CallbackInvalid},
		"the scheme alone":     {"com.example.app:", latchkey.CallbackInvalid},
		"no query":             {hostile.SchemeRedirect, latchkey.CallbackInvalid},
		"an empty query":       {hostile.SchemeRedirect + "?", latchkey.CallbackInvalid},
		"two slashes":          {"com.example.app://callback?" + query, latchkey.CallbackInvalid},
		"three slashes":        {"com.example.app:///callback?" + query, latchkey.CallbackInvalid},
		"no slash":             {"com.example.app:callback?" + query, latchkey.CallbackInvalid},
		"another path":         {"com.example.app:/callbacks?" + query, latchkey.CallbackInvalid},
		"another scheme":       {"com.example.other:/callback?" + query, latchkey.CallbackInvalid},
		"in capitals":          {"COM.example.app:/callback?" + query, latchkey.CallbackInvalid},
		"the listener's":       {"http://127.0.0.1:1/callback?" + query, latchkey.CallbackInvalid},
		"a user name":          {"com.example.app:/callback@evil.example?" + query, latchkey.CallbackInvalid},
		"wrong state":          {strings.Replace(string(right), "state=", "state=x", 1), latchkey.CallbackOther},
		"no state":             {hostile.SchemeRedirect + "?code=forged&iss=" + url.QueryEscape(hostile.PDS), latchkey.CallbackInvalid},
		"a refusal, no state":  {hostile.SchemeRedirect + "?error=access_denied&iss=" + url.QueryEscape(hostile.PDS), latchkey.CallbackInvalid},
		"a refusal, of others": {hostile.SchemeRedirect + "?error=access_denied&state=x&iss=" + url.QueryEscape(hostile.PDS), latchkey.CallbackOther},
		"state twice":          {string(right) + "&state=x", latchkey.CallbackInvalid},
		"code twice":           {string(right) + "&code=x", latchkey.CallbackInvalid},
		"response":             {string(right) + "&response=x", latchkey.CallbackInvalid},
		"half an escape":       {string(right) + "&x=%zz", latchkey.CallbackInvalid},
		"9 KiB":                {string(right) + "&x=" + strings.Repeat("x", 9<<10), latchkey.CallbackInvalid},
		"1 MiB":                {string(right) + "&x=" + strings.Repeat("x", 1<<20), latchkey.CallbackInvalid},
		"state in a fragment":  {hostile.SchemeRedirect + "?code=forged#" + query, latchkey.CallbackInvalid},
	} {
		err := h.HandOver(latchkey.Secret(c.address))
		if got := latchkey.CodeOf(err); got != c.want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, c.want)
		}
	}
	if now, err := h.SignIn(); err != nil || now.Phase != latchkey.Waiting {
		t.Errorf("after the wrong ones: %+v, %v", now, err)
	}
	for range 2 { // whoever starts the program twice
		if err := h.HandOver(right); err != nil && latchkey.CodeOf(err) != latchkey.NoSignIn {
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
	mustCode(t, h.HandOver(right), latchkey.NoSignIn)
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	h.mustNotFind(values.Get("code"))
	log.mustNotSay(t, "com.example.app")
}

// hostile: 3, 4
func TestHandOverOfARefusal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(address string) string
		want   latchkey.Code
	}{
		"declined":       {func(a string) string { return strings.Replace(a, "code=", "error=access_denied&x=", 1) }, latchkey.Denied},
		"another issuer": {func(a string) string { return strings.Replace(a, "iss=https", "iss=http", 1) }, latchkey.IssuerMismatch},
		"no issuer":      {func(a string) string { return strings.Replace(a, "iss=", "x=", 1) }, latchkey.IssuerMismatch},
		"another issuer declines": {func(a string) string {
			return strings.Replace(strings.Replace(a, "code=", "error=access_denied&x=", 1), "iss=https", "iss=http", 1)
		}, latchkey.IssuerMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), away, registered)
			done := h.login(t.Context(), "alice.example.net")
			h.waitFor(inPhase(latchkey.Waiting))
			if err := h.HandOver(latchkey.Secret(c.change(string(h.handed())))); err != nil {
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

// A sign-in that comes back to the listener takes no address of the scheme, and one from another computer never
// asks for it.
func TestHandOverToAListener(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]furnish{
		"nothing is registered": func(_ *house, _ *auth.Rooms, s *auth.Settings) {
			s.SchemeRedirect = func(context.Context) string { return "" }
		},
		"no scheme": func(*house, *auth.Rooms, *auth.Settings) {},
		"over SSH":  func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.Remote = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes := []furnish{away, registered, change}
			if name == "no scheme" {
				changes = []furnish{away}
			}
			h := newHouse(t, hostile.New(t), changes...)
			done := h.login(t.Context(), "alice.example.net")
			h.waitFor(inPhase(latchkey.Waiting))
			right := h.end()
			_, query, _ := strings.Cut(string(right), "?")
			for _, address := range []latchkey.Secret{latchkey.Secret(hostile.SchemeRedirect + "?" + query), right} {
				mustCode(t, h.HandOver(address), latchkey.CallbackInvalid)
			}
			page, err := h.AuthorizationURL()
			if err != nil {
				t.Fatal(err)
			}
			if there, err := h.AddressElsewhere(t.Context()); err != nil || there != page {
				t.Errorf("another page: %v", err)
			}
			if err := h.Paste(t.Context(), right); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The desktop hands the address to the next run when the one that asked for it has crashed.
func TestHandOverAfterACrash(t *testing.T) {
	t.Parallel()
	var life life
	first := newHouse(t, hostile.New(t), idle, registered, life.furnish)
	first.login(t.Context(), "alice.example.net")
	first.waitFor(inPhase(latchkey.Waiting))
	right := first.handed()
	life.kill()
	h := first.neighbour(idle, registered)
	done := h.resume(t.Context())
	h.waitFor(inPhase(latchkey.Waiting))
	mustCode(t, h.HandOver(hostile.SchemeRedirect+"?state=x"), latchkey.CallbackOther)
	if err := h.HandOver(right); err != nil {
		t.Error(err)
	}
	if err := happened(t, done); err != nil {
		t.Fatal(err)
	}
	h.mustBeActive()
}

// On another computer the scheme leads nowhere: the page for that one ends on an address that can be pasted, and the
// one before it ends nothing any more.
func TestAddressElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), away, registered)
	_, err := h.AddressElsewhere(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	here := h.handed()
	there, err := h.AddressElsewhere(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.AddressElsewhere(t.Context()); err != nil || again != there {
		t.Errorf("asked for twice, it is another page: %v", err)
	}
	if page, err := h.AuthorizationURL(); err != nil || page != there || h.pending().URL != there {
		t.Errorf("the page of the sign-in is another one: %v", err)
	}
	now, err := h.SignIn()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, now.Link, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.Header.Get("Location") != string(there) {
		t.Error("the link leads to another page")
	}
	mustCode(t, h.HandOver(here), latchkey.CallbackInvalid)
	if err := h.Paste(t.Context(), h.end()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h.mustHaveSessions(hostile.AliceDID)
	_, err = h.AddressElsewhere(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
}

// Where no other page can be had, the one that there is goes on being good.
func TestAddressElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), away, registered)
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	h.net.Change(func() {
		h.net.Push = func(w http.ResponseWriter, _ *http.Request) {
			hostile.JSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		}
	})
	_, err := h.AddressElsewhere(t.Context())
	mustCode(t, err, latchkey.ServerRefused)
	if err := h.HandOver(h.handed()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
