//go:build devnet

package wire_test

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/assertion"
	"latchkey/backend/clientauth"
	"latchkey/backend/config"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// harbour is the origin of the one product here whose key lies at a server: that takes requests for assertions at one
// path only.
const harbour = "https://app.latchkey.internal"

// backend is that server, behind the TLS of the host for client metadata.
type backend struct {
	document []byte
	down     atomic.Bool
	handler  atomic.Pointer[assertion.Server]

	mu       sync.Mutex
	answered map[string]int // by path and status
}

// withBackend makes a product with a key of a brand.
func withBackend(c *config.Config) {
	c.Brand.Name, c.Brand.ClientID, c.Brand.ClientKey, c.Brand.AssertionBackend = "Harbour Notes", harbour+"/harbour/client.json", config.BackendKey, harbour
	c.Brand.HandOn, c.Brand.JWKSURI = harbour+"/harbour/callback", harbour+"/harbour/jwks.json"
}

func newBackend(t *testing.T, brand config.Brand, keys ...*clientauth.Key) *backend {
	t.Helper()
	document, err := wire.ClientMetadata(brand)
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{document: document, answered: map[string]int{}}
	b.start(t, keys...)
	for _, path := range []string{"/harbour/client.json", "/harbour/jwks.json", "/harbour/callback", clientauth.Path} {
		network.HostClientAs(path, b.ServeHTTP)
	}
	return b
}

// start begins it anew, with other keys perhaps.
func (b *backend) start(t *testing.T, keys ...*clientauth.Key) {
	t.Helper()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := assertion.New(assertion.Config{
		Document: b.document, Keys: keys, PerAddress: 1000, PerKey: 1000,
		PlainHTTP: cfg.Network.Exceptions.PlainHTTP, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.handler.Store(server)
}

// ServeHTTP implements [http.Handler].
func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.down.Load() {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	seen := &status{ResponseWriter: w, code: http.StatusOK}
	b.handler.Load().ServeHTTP(seen, r)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered[r.URL.Path+" "+http.StatusText(seen.code)]++
}

func (b *backend) count(path, status string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.answered[path+" "+status]
}

// status notes how a request was answered.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements [http.ResponseWriter].
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// pdsRecords opens what the first PDS has written down of sign-ins.
func pdsRecords(t *testing.T) *sql.DB {
	t.Helper()
	file := url.URL{Scheme: "file", OmitHost: true, Path: filepath.Join(filepath.Dir(network.NetworkFile()), "pds", "account.sqlite"), RawQuery: "mode=rw&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// sessionsOf counts the sessions that the PDS has of somebody.
func sessionsOf(t *testing.T, records *sql.DB, did string) (n int) {
	t.Helper()
	if err := records.QueryRowContext(t.Context(), "SELECT count(*) FROM token WHERE did = ?", did).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A product whose key lies at its own server: signed in through the page that hands on, renewed, kept while the server
// is away and while its key is changed, and signed out. All of it at a real PDS and in a real browser.
func TestAssertionBackend(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withBackend)
	first, second := newProductKey(t).Key, newProductKey(t).Key
	b := newBackend(t, h.config.Brand, first, second)
	findings, err := wire.CheckClient(t.Context(), h.config, "", false)
	for _, f := range findings {
		if !f.Warning {
			t.Errorf("the check says %+v", f)
		}
	}
	if err != nil {
		t.Error(err)
	}
	person := newPerson(t, "harbour.test")
	account, pages, err := h.signIn(person.Handle, through(person))
	if err != nil {
		t.Fatal(err)
	}
	if b.count("/harbour/callback", "See Other") != 1 || !strings.Contains(pages.Final.Text, "Harbour Notes") {
		t.Errorf("the browser was answered %v and shows %q", b.answered, pages.Final.Text)
	}
	if b.count("/harbour/jwks.json", "OK") == 0 {
		t.Errorf("the PDS read no keys: %v", b.answered)
	}
	session, _ := h.session(person.DID)
	if session.ClientID != harbour+"/harbour/client.json" || session.Ends.Sub(session.Created) < 30*24*time.Hour {
		t.Errorf("the session belongs to %s, from %v to %v", session.ClientID, session.Created, session.Ends)
	}
	calls := func(when string) {
		t.Helper()
		h.endAccess(person.DID)
		before := b.count(clientauth.Path, "OK")
		if did, err := h.getSession(account); err != nil || did != person.DID {
			t.Fatalf("%s: %q, %v", when, did, err)
		}
		if b.count(clientauth.Path, "OK") == before {
			t.Errorf("%s: nobody asked for an assertion", when)
		}
	}
	calls("renewed")
	h.shut()
	h.open()
	calls("in another process")

	// While the server is away nothing is renewed, and nothing is lost.
	b.down.Store(true)
	h.endAccess(person.DID)
	_, err = h.getSession(account)
	if latchkey.CodeOf(err) != latchkey.ClientUnvouched {
		t.Errorf("while the server was away: %v", err)
	}
	b.down.Store(false)
	if did, err := h.getSession(account); err != nil || did != person.DID {
		t.Fatalf("when it was there again: %q, %v", did, err)
	}

	// The key is changed for another one, which servers know already: they read the keys anew after half a minute at the
	// soonest (observed). What began with the old one goes on with it; what begins, begins with the new.
	b.start(t, second, first)
	calls("with the older key")
	if again, _ := h.session(person.DID); again.KeyID != first.ID() {
		t.Errorf("the session goes on with the key %s", again.KeyID)
	}
	other := newPerson(t, "harbour2.test")
	h.mustSignIn(other.Handle, through(other))
	if begun, _ := h.session(other.DID); begun.KeyID != second.ID() {
		t.Errorf("another one begins with the key %s", begun.KeyID)
	}

	records := pdsRecords(t)
	if n := sessionsOf(t, records, person.DID); n != 1 {
		t.Errorf("the PDS has %d sessions", n)
	}
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h.untilRevoked(ctx)
	if n := sessionsOf(t, records, person.DID); n != 0 {
		t.Errorf("the PDS has %d sessions after the sign-out", n)
	}

	// A key that is given up ends what began with it, without a word to the PDS, and nothing else.
	third := newProductKey(t).Key
	b.start(t, third)
	h.endAccess(other.DID)
	_, err = h.getSession(mustFind(h, other.DID))
	wantCode(t, err, latchkey.ClientChanged)
	if now := mustFind(h, other.DID); now.Status != latchkey.NeedsSignIn {
		t.Errorf("the account is %+v", now)
	}
}

func mustFind(h *house, did string) latchkey.Account {
	h.t.Helper()
	account, err := h.Find(h.t.Context(), did)
	if err != nil {
		h.t.Fatal(err)
	}
	return account
}

// Proposal 0010 would have a server refuse an assertion that names the key of another session. The real PDS does not look:
// when this test fails because it does, the sentences about that in package clientauth, SECURITY.md and the packager's
// guide are to be made better.
func TestPDSPassesOverTheKeyOfAnAssertion(t *testing.T) {
	t.Parallel()
	file := newProductKey(t)
	h := newHouse(t, keyed(t, "/keyed/bound", file))
	h.host(nil)
	key, err := clientauth.ParseKey(file.file)
	if err != nil {
		t.Fatal(err)
	}
	p := oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))
	p.ClientID = h.config.Brand.ClientID
	p.ClientAuth = signing(func(issuer string, _ latchkey.Keys) (latchkey.Secret, error) {
		return key.Sign(p.ClientID, issuer, newProductKey(t).Key.Thumbprint(), time.Now())
	})
	server, err := p.Discover(t.Context(), network.PDS)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := p.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Push(t.Context(), latchkey.AuthorizationRequest{
		Server: server, ClientID: p.ClientID, RedirectURI: h.config.Brand.HandOn, Scopes: []string{"atproto"}, State: "state", Verifier: "a-verifier-that-is-long-enough-for-the-specification",
	}, keys); err != nil {
		t.Error(err)
	}
}
