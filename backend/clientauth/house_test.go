package clientauth

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

const (
	origin   = "https://app.example.com"
	clientID = origin + "/client.json"
	issuer   = "https://pds.example.org"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

// newSession makes the keys of a session, and answers the thumbprint of the one that proofs are made with.
func newSession(tb testing.TB) (latchkey.Keys, string) {
	tb.Helper()
	private, err := atcrypto.GeneratePrivateKeyP256()
	must(tb, err)
	public, err := publicJWK(private)
	must(tb, err)
	return latchkey.Keys{DPoP: latchkey.Secret(private.Multibase())}, public.thumbprint()
}

// serve makes a server at the origin, over TCP and TLS, and a client that reaches it and nothing else.
func serve(tb testing.TB, handler http.Handler) (*safehttp.Client, *httptest.Server) {
	tb.Helper()
	server := httptest.NewTLSServer(handler) // for names below example.com
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := safehttp.New(safehttp.Exceptions{
		Resolve: map[string]safehttp.Target{"app.example.com:443": {Address: server.Listener.Addr().String()}},
		Roots:   roots,
	}, "test")
	tb.Cleanup(client.Close)
	return client, server
}
