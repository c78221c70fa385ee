package assertion

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/golang-jwt/jwt/v5"

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
	"latchkey/backend/redact"
	"latchkey/backend/safehttp"
)

const (
	origin   = "https://app.example.com"
	clientID = origin + "/oauth/client.json"
	issuer   = "https://pds.example.org"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func newKey(tb testing.TB) *clientauth.Key {
	tb.Helper()
	file, err := clientauth.Generate()
	must(tb, err)
	k, err := clientauth.ParseKey(file)
	must(tb, err)
	return k
}

// document is an honest one, but for some fields; nil leaves one out.
func document(tb testing.TB, change map[string]any) []byte {
	tb.Helper()
	fields := map[string]any{
		"client_id": clientID, "client_name": "Harbour Notes", "application_type": "web", "token_endpoint_auth_method": "private_key_jwt",
		"redirect_uris": []string{origin + "/callback"}, "jwks_uri": origin + "/jwks.json",
	}
	for name, value := range change {
		fields[name] = value
		if value == nil {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	must(tb, err)
	return text
}

// clock is one that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// house is a server at the origin, over TCP and TLS.
type house struct {
	tb      testing.TB
	keys    []*clientauth.Key
	clock   *clock
	log     *lines
	client  *http.Client // it reaches the server at any address, and follows nothing
	network *safehttp.Client
}

func newHouse(tb testing.TB, change ...func(*Config)) *house {
	tb.Helper()
	h := &house{tb: tb, clock: &clock{now: time.Unix(1_800_000_000, 0)}, log: &lines{}, keys: []*clientauth.Key{newKey(tb), newKey(tb)}}
	c := Config{
		Document: document(tb, nil), Keys: h.keys, PerAddress: 1000, PerKey: 1000,
		Log: slog.New(redact.New(slog.NewTextHandler(h.log, nil))), Now: h.clock.read,
	}
	for _, f := range change {
		f(&c)
	}
	handler, err := New(c)
	must(tb, err)
	server := httptest.NewTLSServer(handler)
	tb.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	address := server.Listener.Addr().String()
	h.network = safehttp.New(safehttp.Exceptions{Resolve: map[string]safehttp.Target{"app.example.com:443": {Address: address}}, Roots: roots}, "test")
	tb.Cleanup(h.network.Close)
	h.client = server.Client()
	h.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	h.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return h
}

// answered is what a request came to.
type answered struct {
	status int
	header http.Header
	body   string
}

// code is the code of a refusal, and empty for an assertion.
func (a answered) code(tb testing.TB) string {
	tb.Helper()
	var r clientauth.Refusal
	must(tb, json.Unmarshal([]byte(a.body), &r))
	return r.Code
}

func (h *house) do(req *http.Request) answered {
	h.tb.Helper()
	res, err := h.client.Do(req)
	must(h.tb, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(h.tb, err)
	return answered{res.StatusCode, res.Header, string(body)}
}

func (h *house) request(method, path, body string) *http.Request {
	h.tb.Helper()
	req, err := http.NewRequestWithContext(h.tb.Context(), method, origin+path, strings.NewReader(body))
	must(h.tb, err)
	return req
}

func (h *house) get(path string) answered {
	h.tb.Helper()
	return h.do(h.request("GET", path, ""))
}

// nonce asks the server for one.
func (h *house) nonce() string {
	h.tb.Helper()
	return h.do(h.request("POST", clientauth.Path, "")).header.Get("DPoP-Nonce")
}

// installation is somebody who asks for assertions, with a hand-made program.
type installation struct {
	private *atcrypto.PrivateKeyP256
	keys    latchkey.Keys
}

func newInstallation(tb testing.TB) installation {
	tb.Helper()
	private, err := atcrypto.GeneratePrivateKeyP256()
	must(tb, err)
	return installation{private, latchkey.Keys{DPoP: latchkey.Secret(private.Multibase())}}
}

// proof makes a DPoP proof that is honest but for some claims; nil leaves one out.
func (i installation) proof(tb testing.TB, nonce string, change jwt.MapClaims) string {
	tb.Helper()
	public, err := i.private.PublicKey()
	must(tb, err)
	point := public.(*atcrypto.PublicKeyP256).UncompressedBytes()
	jwk := map[string]string{"kty": "EC", "crv": "P-256", "x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])}
	claims := jwt.MapClaims{"jti": rand.Text(), "htm": "POST", "htu": origin + "/assertion", "iat": 1_800_000_000, "nonce": nonce}
	for name, value := range change {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	token := &jwt.Token{Header: map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, Claims: claims}
	text, err := token.SigningString()
	must(tb, err)
	signature, err := i.private.HashAndSign([]byte(text))
	must(tb, err)
	return text + "." + token.EncodeSegment(signature)
}

// ask sends an honest request with a proof.
func (h *house) ask(proof string) answered {
	h.tb.Helper()
	return h.do(h.asking(proof))
}

func (h *house) asking(proof string) *http.Request {
	h.tb.Helper()
	req := h.request("POST", clientauth.Path, `{"issuer":"`+issuer+`"}`)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("DPoP", proof)
	return req
}
