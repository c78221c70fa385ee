package assertion

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/backend/clientauth"
	"latchkey/backend/clientid"
	"latchkey/backend/safehttp"
)

// Config is what a server is made of.
type Config struct {
	// Document is the client metadata document, as "latchkey client-metadata" prints it.
	Document []byte
	// Keys are all that servers may know the product by. The first one signs.
	Keys []*clientauth.Key
	// Origin is where browsers and installations find the server; empty is the origin of the client id.
	Origin string
	// AddressHeader is the header whose last entry is the address of whoever asks, as the proxy in front of the
	// server writes it; empty where there is no proxy. Anybody could write it then.
	AddressHeader string
	// PerAddress and PerKey are how many requests for assertions a minute are answered. Addresses of IPv6 count
	// by their network (64 bits).
	PerAddress, PerKey int
	// PlainHTTP are the authorities of issuers that need no TLS: a private network's, in tests.
	PlainHTTP map[string]bool
	Log       *slog.Logger
	// Now is the clock; nil is that of the computer.
	Now func() time.Time
}

const (
	healthPath = "/healthz"
	// maxBody is far above the length of an honest request, maxQuery above that of an honest callback, in bytes.
	maxBody  = 4 << 10
	maxQuery = 4 << 10
)

// Server answers all requests. It is an [http.Handler], and safe for concurrent use.
type Server struct {
	site      site
	keys      []*clientauth.Key
	header    string
	issuers   *safehttp.Client // its rules alone: nothing is fetched
	log       *slog.Logger
	now       func() time.Time
	nonces    *nonces
	proofs    *replays
	addresses *limits
	byKey     *limits
	page      []byte
	mux       *http.ServeMux
}

// New makes a server. An error says what is wrong with the document or the keys.
func New(c Config) (*Server, error) {
	site, err := readSite(c.Document, c.Origin, c.Keys)
	if err != nil {
		return nil, err
	}
	page, err := clientid.HandOnPage(site.product)
	if err != nil {
		return nil, err
	}
	if c.PerAddress < 1 || c.PerKey < 1 {
		return nil, errors.New("the numbers of requests a minute must be above zero")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Server{
		site: site, keys: c.Keys, header: c.AddressHeader, issuers: safehttp.New(safehttp.Exceptions{PlainHTTP: c.PlainHTTP}, ""), log: c.Log, now: c.Now, page: page,
		nonces: newNonces(), proofs: newReplays(), addresses: newLimits(c.PerAddress), byKey: newLimits(c.PerKey),
		mux: http.NewServeMux(),
	}
	s.mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	s.mux.HandleFunc("POST "+clientauth.Path, s.assertion)
	s.file(site.documentPath, site.document)
	s.file(site.keysPath, site.keys)
	for _, path := range site.callbackPaths {
		s.mux.HandleFunc("GET "+literal(path), s.handOn)
	}
	c.Log.Info("the server is ready", "client", site.clientID, "origin", site.origin,
		"document", site.documentPath, "keys", site.keysPath, "callbacks", strings.Join(site.callbackPaths, " "), "signs", shown(c.Keys[0].ID()))
	return s, nil
}

// file serves something at a path, unless that is empty.
func (s *Server) file(path string, content []byte) {
	if path == "" {
		return
	}
	s.mux.HandleFunc("GET "+literal(path), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(content)
	})
}

// literal is a pattern of [http.ServeMux] for this path alone.
func literal(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	s.mux.ServeHTTP(w, r)
}

// handOn sends a browser on to the program on its own computer that it was sent from. Nothing of it is logged.
func (s *Server) handOn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if len(r.URL.RawQuery) <= maxQuery {
		if to, ok := clientid.HandOn(r.URL.RawQuery); ok {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(s.page)
}

// assertion answers an assertion to whoever has the key that it will be bound to.
func (s *Server) assertion(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	now := s.now()
	if wait := s.addresses.take(asker(r, s.header), now); wait > 0 {
		slowDown(w, wait) // a line for each would fill the log
		return
	}
	w.Header().Set("DPoP-Nonce", s.nonces.make(now))
	proof, refusal := s.prove(r, now)
	if refusal != nil {
		s.refuse(w, http.StatusBadRequest, *refusal)
		return
	}
	if wait := s.byKey.take(proof.Thumbprint, now); wait > 0 {
		s.log.Warn("slowed somebody down", "for", shown(proof.Thumbprint))
		slowDown(w, wait)
		return
	}
	asked, refusal := s.read(w, r)
	if refusal != nil {
		s.refuse(w, http.StatusBadRequest, *refusal)
		return
	}
	key := s.keys[0]
	if asked.KeyID != "" {
		at := slices.IndexFunc(s.keys, func(k *clientauth.Key) bool { return k.ID() == asked.KeyID })
		if at < 0 {
			s.refuse(w, http.StatusBadRequest, clientauth.Refusal{Code: clientauth.UnknownKey, Description: "the product does not use this key any more"})
			return
		}
		key = s.keys[at]
	}
	signed, err := key.Sign(s.site.clientID, asked.Issuer, proof.Thumbprint, now)
	if err != nil {
		s.log.Error("an assertion could not be made", "reason", err)
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	s.log.Info("made an assertion", "issuer", asked.Issuer, "for", shown(proof.Thumbprint), "with", shown(key.ID()))
	answer(w, http.StatusOK, clientauth.Answer{ClientID: s.site.clientID, Assertion: string(signed)})
}

// shown is enough of a thumbprint to find it again in a log.
func shown(thumbprint string) string { return thumbprint[:min(8, len(thumbprint))] }

// prove checks that whoever asks has the key of the proof, for this request and no other (RFC 9449 section 4.3).
// How old a proof may be is said by the nonce and not by its time, which is that of a computer whose clock may be
// wrong (item 11 there).
func (s *Server) prove(r *http.Request, now time.Time) (clientauth.Proof, *clientauth.Refusal) {
	invalid := func(why string) (clientauth.Proof, *clientauth.Refusal) {
		return clientauth.Proof{}, &clientauth.Refusal{Code: clientauth.InvalidProof, Description: why}
	}
	headers := r.Header.Values("DPoP")
	if len(headers) != 1 {
		return invalid("one DPoP proof is wanted")
	}
	proof, err := clientauth.ReadProof(headers[0])
	if err != nil {
		return invalid(err.Error())
	}
	if proof.Method != r.Method || proof.URL != s.site.origin+clientauth.Path {
		return invalid("the proof is for another request")
	}
	if !s.nonces.good(proof.Nonce, now) {
		return clientauth.Proof{}, &clientauth.Refusal{Code: clientauth.WantsNonce, Description: "the proof needs the nonce of this answer"}
	}
	if slices.ContainsFunc(s.keys, func(k *clientauth.Key) bool { return k.Thumbprint() == proof.Thumbprint }) {
		return invalid("the proof is made with the key of the product")
	}
	if !s.proofs.first(proof.Thumbprint+" "+proof.ID, now) {
		return invalid("the proof was used before")
	}
	return proof, nil
}

// read reads what is asked for.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (clientauth.Request, *clientauth.Refusal) {
	invalid := func(why string) (clientauth.Request, *clientauth.Refusal) {
		return clientauth.Request{}, &clientauth.Refusal{Code: clientauth.InvalidRequest, Description: why}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return invalid("the request must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return invalid("the request is too large, or broke off")
	}
	var asked clientauth.Request
	if json.Unmarshal(body, &asked) != nil {
		return invalid("the request is not a JSON object of the right kind")
	}
	if !isOrigin(s.issuers, asked.Issuer) {
		return invalid("the issuer must be the https origin of a server")
	}
	return asked, nil
}

func slowDown(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", seconds(wait))
	answer(w, http.StatusTooManyRequests, clientauth.Refusal{Code: clientauth.SlowDown})
}

// refuse answers why not. That a nonce is wanted is part of every first request, and not worth a line.
func (s *Server) refuse(w http.ResponseWriter, status int, refusal clientauth.Refusal) {
	if refusal.Code != clientauth.WantsNonce {
		s.log.Warn("refused a request", "reason", refusal.Description)
	}
	answer(w, status, refusal)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
