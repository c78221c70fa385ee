// Package hostile is a small AT Protocol network for tests, on real TLS: a PDS that is its own
// authorization server, a PLC directory, and hosts for handles, all behind one listener. By default it
// is honest and strict: it checks every DPoP proof, PKCE and single use of tokens as a real PDS does.
// A test makes it misbehave by setting one of the function fields:
//
//	net := hostile.New(t)
//	net.Token = func(w http.ResponseWriter, r *http.Request) { http.Error(w, "", http.StatusBadGateway) }
//	client := safehttp.New(net.Exceptions(), "test")
//
// Set fields before Exceptions starts the server; later only within Change. A proof or a request
// that an honest client would not send fails the test by itself.
package hostile

import (
	"crypto/x509"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/clientid"
	"latchkey/backend/safehttp"
)

// The names that are served. Every other name below example.net and example.org is a host for
// handles and did:web documents.
const (
	PDS   = "https://pds.example.net"
	Other = "https://other.example.org" // an authorization server of its own, used when Issuer says so
	PLC   = "https://plc.example.net"
	// HandOn is the page of a product with a key: it sends browsers on to 127.0.0.1, to the port that the state names.
	HandOn = "https://app.example.net/callback"
)

// Two accounts that are there from the start, both on [PDS].
const (
	AliceDID    = syntax.DID("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa")
	AliceHandle = syntax.Handle("alice.example.net")
	BobDID      = syntax.DID("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb")
	BobHandle   = syntax.Handle("bob.example.net")
)

// Identity is what the PLC directory and the handle's host say of an account.
type Identity struct {
	Handle syntax.Handle // what the document claims
	Server string        // what the document names as PDS
}

// Server is the network.
type Server struct {
	// Handlers. Those that are nil are honest; a handler that wraps the honest one calls it by name
	// (HonestToken and so on).
	ProtectedResource http.HandlerFunc
	Metadata          http.HandlerFunc
	Push              http.HandlerFunc
	Authorize         http.HandlerFunc
	Token             http.HandlerFunc
	Revoke            http.HandlerFunc
	XRPC              http.HandlerFunc
	DIDDocument       http.HandlerFunc
	Handle            http.HandlerFunc

	// Issuer is what the PDS names as its authorization server; PDS unless set.
	Issuer string
	// Approve decides about an authorization request as the person in the browser would: whose
	// account it is, or an OAuth error. Unless set, the account of the login hint is approved, or
	// Alice's where there is none.
	Approve func(hint string) (did syntax.DID, refusal string)
	// DIDs is the PLC directory, Handles what the hosts of handles answer.
	DIDs    map[syntax.DID]Identity
	Handles map[syntax.Handle]syntax.DID
	// HTTP2 offers HTTP/2 to clients.
	HTTP2 bool
	// Ahead is by how much the network's clock is ahead of the real one. Proofs are checked by it,
	// and the Date of every answer has it.
	Ahead time.Duration
	// Date, if set, answers the Date header of an answer instead; none leaves it out.
	Date func() []string

	tb    testing.TB
	web   *httptest.Server
	start sync.Once

	fields sync.RWMutex // the exported fields, once the server runs

	mu       sync.Mutex // all below
	requests map[string]int
	conns    int
	nonce    int
	proofs   map[string]bool // jti of every proof that was taken
	pushed   map[string]pushed
	codes    map[string]code
	sessions map[string]*session // by id
	replays  int
	untimely int
	serial   int
}

// New makes a network that ends with the test.
func New(tb testing.TB) *Server {
	s := &Server{
		tb:     tb,
		Issuer: PDS,
		DIDs: map[syntax.DID]Identity{
			AliceDID: {AliceHandle, PDS},
			BobDID:   {BobHandle, PDS},
		},
		Handles:  map[syntax.Handle]syntax.DID{AliceHandle: AliceDID, BobHandle: BobDID},
		nonce:    1,
		requests: map[string]int{},
		proofs:   map[string]bool{},
		pushed:   map[string]pushed{},
		codes:    map[string]code{},
		sessions: map[string]*session{},
	}
	return s
}

// Exceptions lets a client reach the network; the first call starts it.
func (s *Server) Exceptions() safehttp.Exceptions {
	s.start.Do(func() {
		s.web = httptest.NewUnstartedServer(s)
		s.web.EnableHTTP2 = s.HTTP2
		s.web.TLS = tlsConfig()
		s.web.Config.ErrorLog = discardLog
		s.web.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.conns++
			}
		}
		s.web.StartTLS()
		s.tb.Cleanup(s.web.Close)
	})
	target := safehttp.Target{Address: s.web.Listener.Addr().String()}
	resolve := map[string]safehttp.Target{}
	for _, name := range []string{"*.example.net", "*.example.org"} {
		for _, port := range []string{"443", "8443"} {
			resolve[net.JoinHostPort(name, port)] = target
		}
	}
	return safehttp.Exceptions{Resolve: resolve, Roots: s.Roots()}
}

// Roots trusts the network's certificates.
func (s *Server) Roots() *x509.CertPool { return roots() }

// ClosedPort is an address of this machine that refuses connections.
func ClosedPort(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// Drop closes the connections that wait for their next request.
func (s *Server) Drop() { s.web.CloseClientConnections() }

// Change sets fields while the network runs.
func (s *Server) Change(f func()) {
	s.fields.Lock()
	defer s.fields.Unlock()
	f()
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := "https://" + r.Host
	var endpoint string
	var handler, honest http.HandlerFunc
	s.fields.RLock()
	switch path := r.URL.Path; {
	case host == PLC:
		endpoint, handler, honest = "plc", s.DIDDocument, s.HonestDIDDocument
	case path == "/.well-known/did.json":
		endpoint, handler, honest = "did:web", s.DIDDocument, s.HonestDIDDocument
	case path == "/.well-known/atproto-did":
		endpoint, handler, honest = "handle", s.Handle, s.HonestHandle
	case path == "/.well-known/oauth-protected-resource":
		endpoint, handler, honest = "protected-resource", s.ProtectedResource, s.HonestProtectedResource
	case path == "/.well-known/oauth-authorization-server":
		endpoint, handler, honest = "metadata", s.Metadata, s.HonestMetadata
	case host+path == HandOn:
		endpoint, honest = "hand-on", handOn
	case path == "/oauth/par":
		endpoint, handler, honest = "push", s.Push, s.HonestPush
	case path == "/oauth/authorize":
		endpoint, handler, honest = "authorize", s.Authorize, s.HonestAuthorize
	case path == "/oauth/token":
		endpoint, handler, honest = "token", s.Token, s.HonestToken
	case path == "/oauth/revoke":
		endpoint, handler, honest = "revoke", s.Revoke, s.HonestRevoke
	case strings.HasPrefix(path, "/xrpc/"):
		endpoint, handler, honest = "xrpc", s.XRPC, s.HonestXRPC
	default:
		endpoint, honest = "unknown", http.NotFound
	}
	switch { // net/http writes the real Date where there is none
	case s.Date != nil:
		w.Header()["Date"] = s.Date()
	case s.Ahead != 0:
		w.Header().Set("Date", time.Now().Add(s.Ahead).UTC().Format(http.TimeFormat))
	}
	s.fields.RUnlock()
	s.mu.Lock()
	s.requests[endpoint]++
	s.mu.Unlock()
	if handler == nil {
		handler = honest
	}
	handler(w, r)
}

func handOn(w http.ResponseWriter, r *http.Request) {
	if address, ok := clientid.HandOn(r.URL.RawQuery); ok {
		http.Redirect(w, r, address, http.StatusSeeOther)
		return
	}
	http.NotFound(w, r)
}

// Requests counts what came to an endpoint: plc, did:web, handle, protected-resource, metadata,
// push, authorize, hand-on, token, revoke, xrpc, unknown.
func (s *Server) Requests(endpoint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[endpoint]
}

// Connections counts the connections that were made.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// AllRequests is a copy of all counters.
func (s *Server) AllRequests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Keys makes a DPoP and a sealing key by the client under test.
func Keys(tb testing.TB, p latchkey.Protocol) latchkey.Keys {
	tb.Helper()
	keys, err := p.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// tokenLifetime is what the honest server says of its access tokens.
const tokenLifetime = time.Hour
