package oauth

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

// newClient makes a client that reaches a network.
func newClient(tb testing.TB, net *hostile.Server) *Client {
	tb.Helper()
	client := safehttp.New(net.Exceptions(), "test")
	tb.Cleanup(client.Close)
	return New(client)
}

func mustCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// serverOf is what Discover answers for the honest network.
func serverOf(issuer string) latchkey.AuthorizationServer {
	return latchkey.AuthorizationServer{
		Issuer: issuer, Server: hostile.PDS,
		AuthorizationEndpoint: issuer + "/oauth/authorize", TokenEndpoint: issuer + "/oauth/token",
		PushEndpoint: issuer + "/oauth/par", RevocationEndpoint: issuer + "/oauth/revoke",
	}
}

func request() latchkey.AuthorizationRequest {
	return latchkey.AuthorizationRequest{
		ID: "one", DID: hostile.AliceDID, Server: serverOf(hostile.PDS),
		ClientID: "http://localhost?scope=atproto", RedirectURI: "http://127.0.0.1:1234/callback",
		Scopes: []string{"atproto", "transition:generic"}, LoginHint: "alice.example.net",
		State: "a-state-that-is-long-enough", Verifier: "a-verifier-of-at-least-43-characters-as-the-rfc-wants-it",
	}
}

// visitor is a client that was granted a session.
type visitor struct {
	*Client
	net     *hostile.Server
	keys    latchkey.Keys
	session latchkey.Session
}

// approved pushes a request and lets the person approve it.
func approved(tb testing.TB, net *hostile.Server) (v *visitor, code latchkey.Secret) {
	tb.Helper()
	v = &visitor{Client: newClient(tb, net), net: net}
	v.keys = hostile.Keys(tb, v.Client)
	address, err := v.Push(tb.Context(), request(), v.keys)
	must(tb, err)
	return v, latchkey.Secret(net.Visit(tb, string(address)).Get("code"))
}

func granted(tb testing.TB, net *hostile.Server) *visitor {
	tb.Helper()
	v, code := approved(tb, net)
	g, err := v.Exchange(tb.Context(), request(), v.keys, code)
	must(tb, err)
	as := serverOf(hostile.PDS)
	v.session = latchkey.Session{
		ID: "one", DID: g.Subject, ClientID: request().ClientID, Issuer: as.Issuer, Server: as.Server,
		TokenEndpoint: as.TokenEndpoint, RevocationEndpoint: as.RevocationEndpoint,
		Scopes: g.Scopes, Created: time.Now(), AccessEnds: g.AccessEnds, Tokens: g.Tokens,
	}
	return v
}

// canned answers every request the same, without a network.
type canned struct {
	status      int
	contentType string
	body        []byte

	challenge string // WWW-Authenticate, if it is not empty
	asked     *int   // counts the requests, if it is set
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	if c.asked != nil {
		*c.asked++
	}
	header := http.Header{"Content-Type": {c.contentType}, "Dpop-Nonce": {"some"}}
	if c.challenge != "" {
		header.Set("WWW-Authenticate", c.challenge)
	}
	return &http.Response{
		StatusCode: c.status,
		Header:     header,
		Body:       io.NopCloser(bytes.NewReader(c.body)),
	}, nil
}

func (c canned) client() *Client {
	client := New(safehttp.New(safehttp.Exceptions{}, "test"))
	client.documents = &http.Client{Transport: c}
	client.api = client.documents
	return client
}

// mustBeRefused checks that an error of ours came with a text that is fit for a log.
func mustBeRefused(tb testing.TB, err error) {
	tb.Helper()
	var e *latchkey.Error
	if !errors.As(err, &e) || e.Code == latchkey.Internal {
		tb.Errorf("got %v", err)
		return
	}
	if text := err.Error(); len(text) > 600 || strings.ContainsAny(text, "\n\x1b\u202e") {
		tb.Errorf("error text: %q", text)
	}
}
