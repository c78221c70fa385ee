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

func newClientKey(t *testing.T) *clientauth.Key {
	t.Helper()
	file, err := clientauth.Generate()
	if err != nil {
		t.Fatal(err)
	}
	key, err := clientauth.ParseKey(file)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// withoutAccess lets the access token of a session end, so that the next call needs a refresh.
func (h *house) withoutAccess(did string) {
	h.t.Helper()
	session, keys := h.session(did)
	session.Tokens.Access = "an-ended-token"
	if err := h.store().UpdateSession(h.t.Context(), session, keys); err != nil {
		h.t.Fatal(err)
	}
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

// age makes the PDS believe that it made the sessions of somebody so many days ago, and renewed them last then.
func age(t *testing.T, records *sql.DB, did string, days int) {
	t.Helper()
	then := time.Now().AddDate(0, 0, -days).UTC().Format("2006-01-02T15:04:05.000Z")
	if _, err := records.ExecContext(t.Context(), "UPDATE token SET createdAt = ?, updatedAt = ? WHERE did = ?", then, then, did); err != nil {
		t.Fatal(err)
	}
}

// A product whose key lies at its own server: signed in through the page that hands on, renewed, kept while the server
// is away, alive longer than a product without a key, and signed out. All of it at a real PDS and in a real browser.
func TestAssertionBackend(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withBackend)
	b := newBackend(t, h.config.Brand, newClientKey(t))
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
	at := as(person)
	at.ClientHost = network.ClientHost
	account, pages, err := h.signIn(person.Handle, at)
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
		h.withoutAccess(person.DID)
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
	h.withoutAccess(person.DID)
	_, err = h.getSession(account)
	if latchkey.CodeOf(err) != latchkey.ClientUnvouched {
		t.Errorf("while the server was away: %v", err)
	}
	b.down.Store(false)
	if did, err := h.getSession(account); err != nil || did != person.DID {
		t.Fatalf("when it was there again: %q, %v", did, err)
	}

	// The PDS lets a product with a key renew what it made two months ago, and one without a key not.
	records := pdsRecords(t)
	age(t, records, person.DID, 60)
	calls("two months later")
	without := newHouse(t)
	somebody := newPerson(t, "keyless.test")
	public := without.mustSignIn(somebody.Handle, as(somebody))
	age(t, records, somebody.DID, 15)
	without.withoutAccess(somebody.DID)
	_, err = without.getSession(public)
	wantCode(t, err, latchkey.SessionRejected)

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
}

// vouching implements [latchkey.ClientAuth] with whatever a test makes.
type vouching func(issuer string, keys latchkey.Keys) (latchkey.Secret, error)

// Assertion implements [latchkey.ClientAuth].
func (v vouching) Assertion(_ context.Context, issuer string, keys latchkey.Keys) (latchkey.Secret, error) {
	return v(issuer, keys)
}

// What the real PDS takes for an assertion. Ours rely on it: on the minute, and that each is good for one server, once.
func TestPDSAndAssertions(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	key, another := newClientKey(t), newClientKey(t)
	cfg.Brand.ClientID, cfg.Brand.ClientKey, cfg.Brand.AssertionBackend = harbour+"/buoy/client.json", config.BackendKey, harbour
	cfg.Brand.HandOn, cfg.Brand.JWKSURI = harbour+"/buoy/callback", harbour+"/buoy/jwks.json"
	document, err := wire.ClientMetadata(cfg.Brand)
	if err != nil {
		t.Fatal(err)
	}
	set, err := clientauth.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	network.HostClient("/buoy/client.json", document)
	network.HostClient("/buoy/jwks.json", set)
	client := safehttp.New(cfg.Network.Exceptions, "test")
	t.Cleanup(client.Close)
	p := oauth.New(client)
	p.ClientID = cfg.Brand.ClientID
	server, err := p.Discover(t.Context(), network.PDS)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := p.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var last latchkey.Secret
	for _, c := range []struct {
		name string
		make func(issuer string) (latchkey.Secret, error)
		want latchkey.Code // empty where it is taken
	}{
		// Proposal 0010 would have it refused. When it is, the sentences about that in package clientauth, SECURITY.md
		// and the packager's guide are to be made better.
		{"for another key", func(issuer string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID, issuer, another.Thumbprint(), time.Now())
		}, ""},
		{"a second time", func(string) (latchkey.Secret, error) { return last, nil }, latchkey.ServerRefused},
		{"for another server", func(string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID, "https://pds.example.org", "x", time.Now())
		}, latchkey.ClientRefused},
		{"for another client", func(issuer string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID+"x", issuer, "x", time.Now())
		}, latchkey.ClientRefused},
		{"with an unknown key", func(issuer string) (latchkey.Secret, error) {
			return another.Sign(cfg.Brand.ClientID, issuer, "x", time.Now())
		}, latchkey.ClientRefused},
		{"of a clock that is ten seconds ahead", func(issuer string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID, issuer, "x", time.Now().Add(10*time.Second))
		}, ""},
		{"of a clock that is an hour ahead", func(issuer string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID, issuer, "x", now.Add(time.Hour))
		}, latchkey.ClientRefused},
		{"of a clock that is an hour behind", func(issuer string) (latchkey.Secret, error) {
			return key.Sign(cfg.Brand.ClientID, issuer, "x", now.Add(-time.Hour))
		}, latchkey.ClientRefused},
	} {
		// Asked for anew when the server wants another nonce, which no test of this table does twice.
		p.ClientAuth = vouching(func(issuer string, _ latchkey.Keys) (latchkey.Secret, error) {
			made, err := c.make(issuer)
			last = made
			return made, err
		})
		_, err := p.Push(t.Context(), latchkey.AuthorizationRequest{
			ID: "one", Server: server, ClientID: cfg.Brand.ClientID, RedirectURI: cfg.Brand.HandOn, Scopes: cfg.Brand.Scopes,
			State: "40000.a-state-that-is-long-enough", Verifier: "a-verifier-of-at-least-43-characters-as-the-rfc-wants-it" + latchkey.Secret(c.name[:3]),
		}, keys)
		if got := latchkey.CodeOf(err); got != c.want {
			t.Errorf("%s: %v, want the code %q", c.name, err, c.want)
		}
	}
}
