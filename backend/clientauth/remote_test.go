package clientauth

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// service answers as an honest server does, but for what a test changes.
type service struct {
	t   *testing.T
	key *Key

	mu     sync.Mutex
	nonce  string // the one that is wanted; empty for none
	asked  int
	proofs map[string]bool
	answer func(w http.ResponseWriter, honest Answer, proof hostile.Proof)
}

func newService(t *testing.T) *service {
	t.Helper()
	_, key := generated(t)
	return &service{t: t, key: key, nonce: "first", proofs: map[string]bool{}, answer: func(w http.ResponseWriter, honest Answer, _ hostile.Proof) {
		hostile.JSON(w, http.StatusOK, honest)
	}}
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	// Another reader of proofs than our own.
	proof, err := hostile.ReadProof(r, time.Now())
	if err != nil || s.proofs[proof.ID] || proof.Ath != "" {
		s.t.Errorf("the proof %+v: %v", proof, err)
	}
	s.proofs[proof.ID] = true
	if own, err := ReadProof(r.Header.Get("DPoP")); err != nil || own.Thumbprint != proof.Key || own.ID != proof.ID || own.URL != origin+Path || own.Method != http.MethodPost || own.Nonce != proof.Nonce {
		s.t.Errorf("our reader says %+v, %v", own, err)
	}
	body, err := io.ReadAll(r.Body)
	var asked Request
	if err != nil || json.Unmarshal(body, &asked) != nil || asked.Issuer != issuer || r.URL.Path != "/assertion" || r.Header.Get("Content-Type") != "application/json" {
		s.t.Errorf("asked for %s at %s, %v", body, r.URL, err)
	}
	if s.nonce != "" {
		w.Header().Set("DPoP-Nonce", s.nonce)
		if proof.Nonce != s.nonce {
			hostile.Refuse(w, http.StatusBadRequest, "use_dpop_nonce", "")
			return
		}
	}
	assertion, err := s.key.Sign(clientID, asked.Issuer, proof.Key, time.Now())
	if err != nil {
		s.t.Error(err)
	}
	s.answer(w, Answer{ClientID: clientID, Assertion: string(assertion)}, proof)
}

func TestRemote(t *testing.T) {
	t.Parallel()
	s := newService(t)
	client, _ := serve(t, s)
	remote := NewRemote(client, origin, clientID)
	keys, thumbprint := newSession(t)
	for _, step := range []struct {
		nonce string
		asked int // how often so far
	}{{"first", 2}, {"first", 3}, {"second", 5}, {"", 6}} {
		s.mu.Lock()
		s.nonce = step.nonce
		s.mu.Unlock()
		assertion, err := remote.Assertion(t.Context(), issuer, keys, "")
		must(t, err)
		if id, err := check(string(assertion.Text), clientID, issuer, thumbprint); err != nil || id != s.key.ID() || assertion.KeyID != id {
			t.Errorf("%q and %q, %v", assertion.KeyID, id, err)
		}
		if s.asked != step.asked {
			t.Errorf("after the nonce %q asked %d times, want %d", step.nonce, s.asked, step.asked)
		}
	}
	_, err := remote.Assertion(t.Context(), issuer, latchkey.Keys{DPoP: "not a key"}, "")
	wantCode(t, err, latchkey.SealBroken)
}

// What a server answers is not believed.
// hostile: 19, 20
func TestHostileService(t *testing.T) {
	t.Parallel()
	now := time.Now()
	_, another := newSession(t)
	raw := func(status int, kind, body string) func(*service, http.ResponseWriter, Answer, hostile.Proof) {
		return func(_ *service, w http.ResponseWriter, _ Answer, _ hostile.Proof) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	claiming := func(clientID, issuer, thumbprint string) func(*service, http.ResponseWriter, Answer, hostile.Proof) {
		return func(s *service, w http.ResponseWriter, honest Answer, proof hostile.Proof) {
			if thumbprint == "" {
				thumbprint = proof.Key
			}
			assertion, err := s.key.Sign(clientID, issuer, thumbprint, now)
			if err != nil {
				s.t.Error(err)
			}
			honest.Assertion = string(assertion)
			hostile.JSON(w, http.StatusOK, honest)
		}
	}
	// jwt is any header and claims; JWT leaves room for the thumbprint.
	jwt := func(header, claims string) func(*service, http.ResponseWriter, Answer, hostile.Proof) {
		return func(_ *service, w http.ResponseWriter, honest Answer, proof hostile.Proof) {
			honest.Assertion = base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(strings.ReplaceAll(claims, "KEY", proof.Key))) + ".c2ln"
			hostile.JSON(w, http.StatusOK, honest)
		}
	}
	const header = `{"alg":"ES256","kid":"one"}`
	claims := func(change string) string {
		return fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"jti":"x","iat":1,"exp":61,"cnf":{"jkt":"KEY"}%s}`, clientID, clientID, issuer, change)
	}
	for name, c := range map[string]struct {
		answer func(*service, http.ResponseWriter, Answer, hostile.Proof)
		want   latchkey.Code // empty for an assertion
		reason string        // a piece of the cause
	}{
		"honest by hand":     {jwt(header, claims("")), "", ""},
		"busy":               {raw(503, "text/html", "later"), latchkey.ClientUnvouched, "status 503"},
		"too often":          {raw(429, "application/json", `{"error":"slow_down"}`), latchkey.ClientUnvouched, "status 429"},
		"another client":     {claiming(clientID+"x", issuer, ""), latchkey.ClientRefused, "another client"},
		"another server":     {claiming(clientID, issuer+"x", ""), latchkey.ClientRefused, "another server"},
		"another key":        {claiming(clientID, issuer, another), latchkey.ClientRefused, "another key"},
		"another subject":    {jwt(header, claims(`,"sub":"x"`)), latchkey.ClientRefused, "another client"},
		"several servers":    {jwt(header, claims(`,"aud":["https://pds.example.org","x"]`)), latchkey.ClientRefused, "not a JWT"},
		"no id":              {jwt(header, claims(`,"jti":""`)), latchkey.ClientRefused, "no id"},
		"no end":             {jwt(header, claims(`,"exp":0`)), latchkey.ClientRefused, "lasts too long"},
		"a year":             {jwt(header, claims(`,"exp":31536000`)), latchkey.ClientRefused, "lasts too long"},
		"no kid":             {jwt(`{"alg":"ES256"}`, claims("")), latchkey.ClientRefused, "name its key"},
		"unsigned":           {jwt(`{"alg":"none","kid":"one"}`, claims("")), latchkey.ClientRefused, "name its key"},
		"not a JWT":          {raw(200, "application/json", `{"client_id":"`+clientID+`","client_assertion":"x.y"}`), latchkey.ClientRefused, "not a JWT"},
		"for another client": {raw(200, "application/json", `{"client_id":"x","client_assertion":"x"}`), latchkey.ClientRefused, "another client"},
		"no assertion":       {raw(200, "application/json", `{}`), latchkey.ClientRefused, "no assertion"},
		"null":               {raw(200, "application/json", `null`), latchkey.ClientRefused, "no assertion"},
		"a list":             {raw(200, "application/json", `[]`), latchkey.ClientRefused, "no assertion"},
		"a page":             {raw(200, "text/html", "<html>"), latchkey.ClientRefused, "without JSON"},
		"not found":          {raw(404, "text/plain", "404"), latchkey.ClientRefused, "status 404"},
		"a redirect": {func(_ *service, w http.ResponseWriter, _ Answer, _ hostile.Proof) {
			w.Header().Set("Location", "/other")
			w.WriteHeader(http.StatusFound)
		}, latchkey.ClientUnvouched, "redirected"},
		"refused":             {raw(400, "application/json", `{"error":"access_denied"}`), latchkey.ClientRefused, "access_denied"},
		"no such key":         {raw(400, "application/json", `{"error":"unknown_key"}`), latchkey.ClientChanged, "session's key"},
		"a long kid":          {jwt(`{"alg":"ES256","kid":"`+strings.Repeat("x", 201)+`"}`, claims("")), latchkey.ClientRefused, "name its key"},
		"refused at length":   {raw(400, "application/json", `{"error":"`+strings.Repeat("x", 999)+`\u001b"}`), latchkey.ClientRefused, "xxx"},
		"refused anyhow":      {raw(403, "application/json", `{"message":"no"}`), latchkey.ClientRefused, "without a reason"},
		"large":               {raw(200, "application/json", `{"client_id":"`+clientID+`","client_assertion":"`+strings.Repeat("x", longest)+`"}`), latchkey.ClientRefused, "without JSON"},
		"never enough nonces": {raw(400, "application/json", `{"error":"use_dpop_nonce"}`), latchkey.ClientRefused, "does not accept"},
		"breaks off": {func(_ *service, w http.ResponseWriter, _ Answer, _ hostile.Proof) {
			w.Header().Set("Content-Length", "999")
			_, _ = io.WriteString(w, "{")
		}, latchkey.ClientUnvouched, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.nonce = ""
			s.answer = func(w http.ResponseWriter, honest Answer, proof hostile.Proof) { c.answer(s, w, honest, proof) }
			client, _ := serve(t, s)
			keys, _ := newSession(t)
			assertion, err := NewRemote(client, origin, clientID).Assertion(t.Context(), issuer, keys, "")
			if c.want == "" {
				must(t, err)
				return
			}
			wantCode(t, err, c.want)
			if assertion.Text != "" || err == nil || !strings.Contains(err.Error(), c.reason) || len(err.Error()) > 200 || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("the cause is %v, want %q", err, c.reason)
			}
			if s.asked > 2 {
				t.Errorf("asked %d times", s.asked)
			}
		})
	}
}

// Servers would end a session whose key becomes another one.
func TestServiceWithAnotherKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	client, _ := serve(t, s)
	remote := NewRemote(client, origin, clientID)
	keys, _ := newSession(t)
	_, err := remote.Assertion(t.Context(), issuer, keys, "the session's")
	wantCode(t, err, latchkey.ClientRefused)
	_, err = remote.Assertion(t.Context(), issuer, keys, s.key.ID())
	must(t, err)
}

// A service that is not there is no reason to lose anything.
func TestServiceOutOfReach(t *testing.T) {
	t.Parallel()
	client, server := serve(t, newService(t))
	server.Close()
	keys, _ := newSession(t)
	_, err := NewRemote(client, origin, clientID).Assertion(t.Context(), issuer, keys, "")
	wantCode(t, err, latchkey.ClientUnvouched)
	if !latchkey.AsError(err).Retryable() {
		t.Error("trying again is said not to help")
	}
	// Another name is not reached at all: it is no public address.
	_, err = NewRemote(client, "https://127.0.0.1", clientID).Assertion(t.Context(), issuer, keys, "")
	wantCode(t, err, latchkey.ClientUnvouched)
}
