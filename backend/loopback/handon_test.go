package loopback

import (
	"net"
	"net/url"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

const acmePage = "https://app.acme.com/callback"

// handedOn is a listener that a page hands browsers on to.
func handedOn(t *testing.T, state latchkey.Secret, redirectURI string) (*listener, error) {
	t.Helper()
	l, err := Loopback{Product: product, HandOn: acmePage}.Listen(t.Context(), state, issuer, redirectURI)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { l.Finish(t.Context(), nil, nil) })
	return l.(*listener), nil
}

// The page learns the port from the state, which is the state that counts from then on; all of it.
func TestHandedOn(t *testing.T) {
	t.Parallel()
	l, err := handedOn(t, state, "")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.host)
	if l.RedirectURI() != acmePage || l.State() != latchkey.Secret(port+"."+state) {
		t.Errorf("redirect %s, state %s", l.RedirectURI(), string(l.State()))
	}
	for _, bare := range []string{state, "." + state, "1" + port + "." + state} {
		err := l.Take(latchkey.Secret(acmePage + "?" + strings.Replace(rightQuery, state, bare, 1)))
		if latchkey.CodeOf(err) != latchkey.CallbackOther {
			t.Errorf("the state %q: %v", bare, err)
		}
	}
	query := "?" + strings.Replace(rightQuery, state, string(l.State()), 1)
	if err := l.Take(latchkey.Secret("http://" + l.host + "/callback" + query)); err != nil {
		t.Error(err)
	}
	if code, err := l.Wait(t.Context()); err != nil || string(code) != "real-code" {
		t.Errorf("delivers %q, %v", string(code), err)
	}
}

func TestTakeFromPage(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]latchkey.Code{
		acmePage + "?QUERY":                        "",
		" " + acmePage + "?QUERY#x\n":              "",
		"app.acme.com/callback?QUERY":              "",
		"http://HOST/callback?QUERY":               "",
		"HOST/callback?QUERY":                      "",
		"http://app.acme.com/callback?QUERY":       latchkey.CallbackInvalid,
		"https://app.acme.com/callback/?QUERY":     latchkey.CallbackInvalid,
		"https://app.acme.com/c%61llback?QUERY":    latchkey.CallbackInvalid,
		"https://app.acme.com:1/callback?QUERY":    latchkey.CallbackInvalid,
		"https://me@app.acme.com/callback?QUERY":   latchkey.CallbackInvalid,
		"https://app.acme.com.evil/callback?QUERY": latchkey.CallbackInvalid,
		"https://HOST/callback?QUERY":              latchkey.CallbackInvalid,
		"http://127.0.0.1:1/callback?QUERY":        latchkey.CallbackOther,
		acmePage:                                   latchkey.CallbackInvalid,
		acmePage + "?QUERY&state=x":                latchkey.CallbackInvalid,
	} {
		l, err := handedOn(t, state, "")
		if err != nil {
			t.Fatal(err)
		}
		address = strings.NewReplacer("HOST", l.host, "QUERY", strings.Replace(rightQuery, state, string(l.State()), 1)).Replace(address)
		if err := l.Take(latchkey.Secret(address)); latchkey.CodeOf(err) != want || (err == nil) != (len(l.callback) == 1) {
			t.Errorf("%s: %v, %d delivered", address, err, len(l.callback))
		}
	}
	// The page of another product is nobody's to a listener without one.
	if err := listen(t).Take(acmePage + "?" + rightQuery); latchkey.CodeOf(err) != latchkey.CallbackInvalid {
		t.Errorf("without a page: %v", err)
	}
}

// A later run listens where the page leads, with the same state; and where a sign-in came from that began without a
// page, there again.
func TestListenAgainForPage(t *testing.T) {
	t.Parallel()
	first, err := handedOn(t, state, "")
	if err != nil {
		t.Fatal(err)
	}
	first.Finish(t.Context(), nil, nil)
	again, err := handedOn(t, first.State(), first.RedirectURI())
	if err != nil {
		t.Fatal(err)
	}
	if again.host != first.host || again.State() != first.State() || again.RedirectURI() != acmePage {
		t.Errorf("at %s with %s, before at %s with %s", again.host, string(again.State()), first.host, string(first.State()))
	}
	plain := listen(t)
	plain.Finish(t.Context(), nil, nil)
	again, err = handedOn(t, state, plain.RedirectURI())
	if err != nil || again.host != plain.host || again.State() != state || again.RedirectURI() != plain.RedirectURI() {
		t.Errorf("%+v, %v", again, err)
	}
	for _, bad := range []struct {
		state latchkey.Secret
		uri   string
	}{{state, acmePage}, {"x." + state, acmePage}, {"1.2.3", "https://app.acme.com/other"}} {
		if _, err := handedOn(t, bad.state, bad.uri); latchkey.CodeOf(err) != latchkey.ListenerFailed {
			t.Errorf("%s for %s: %v", string(bad.state), bad.uri, err)
		}
	}
	if u, err := url.Parse(again.Link()); err != nil || u.Host != again.host {
		t.Errorf("the link leads to %s", again.Link())
	}
}
