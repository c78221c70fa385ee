package assertion

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"latchkey/backend/clientauth"
)

// kid is the id of the key that an assertion was made with.
func kid(tb testing.TB, assertion string) string {
	tb.Helper()
	head, _, _ := strings.Cut(assertion, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	must(tb, err)
	var header struct {
		ID string `json:"kid"`
	}
	must(tb, json.Unmarshal(text, &header))
	return header.ID
}

// The client of the house gets what it asks for, and checks it.
func TestAssertion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	remote := clientauth.NewRemote(h.network, origin, clientID)
	i := newInstallation(t)
	for range 3 {
		got, err := remote.Assertion(t.Context(), issuer, i.keys, "")
		must(t, err)
		if kid(t, string(got.Text)) != h.keys[0].ID() {
			t.Error("not signed with the first key")
		}
		if strings.Contains(h.log.String(), string(got.Text)) {
			t.Error("the assertion is in the log")
		}
	}
	// A nonce that became too old is exchanged on the way.
	h.clock.pass(fresh)
	_, err := remote.Assertion(t.Context(), issuer, i.keys, h.keys[1].ID())
	must(t, err)
	if log := h.log.String(); strings.Count(log, "made an assertion") != 4 || strings.Count(log, "issuer="+issuer) != 4 || strings.Contains(log, "refused") || strings.Contains(log, "127.0.0.1") {
		t.Errorf("the log says %s", log)
	}
}

// A session may go on with the key that it began with, as long as the server has it.
func TestAssertionWithAnOlderKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := newInstallation(t)
	for id, want := range map[string]string{"": h.keys[0].ID(), h.keys[0].ID(): h.keys[0].ID(), h.keys[1].ID(): h.keys[1].ID(), "another": ""} {
		body, err := json.Marshal(clientauth.Request{Issuer: issuer, KeyID: id})
		must(t, err)
		req := h.request("POST", clientauth.Path, string(body))
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		req.Header.Set("DPoP", i.proof(t, h.nonce(), nil))
		got := h.do(req)
		if want == "" {
			if got.status != http.StatusBadRequest || got.code(t) != clientauth.UnknownKey {
				t.Errorf("with an unknown key: %+v", got)
			}
			continue
		}
		var a clientauth.Answer
		must(t, json.Unmarshal([]byte(got.body), &a))
		if got.status != http.StatusOK || a.ClientID != clientID || kid(t, a.Assertion) != want || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("with the key %q: %+v", id, got)
		}
	}
}

// Whoever does not show that the key is theirs, for this very request, gets nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i, other := newInstallation(t), newInstallation(t)
	nonce := h.nonce()
	used := i.proof(t, nonce, nil)
	if got := h.ask(used); got.status != http.StatusOK {
		t.Fatalf("an honest request: %+v", got)
	}
	mixed := strings.Split(i.proof(t, nonce, nil), ".")
	mixed[2] = strings.Split(other.proof(t, nonce, nil), ".")[2]
	proving := func(change jwt.MapClaims) *http.Request { return h.asking(i.proof(t, nonce, change)) }
	with := func(f func(*http.Request)) *http.Request {
		req := proving(nil)
		f(req)
		return req
	}
	asking := func(body string) *http.Request {
		req := h.request("POST", clientauth.Path, body)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("DPoP", i.proof(t, nonce, nil))
		return req
	}
	naming := func(issuer string) *http.Request {
		body, err := json.Marshal(clientauth.Request{Issuer: issuer})
		must(t, err)
		return asking(string(body))
	}
	for name, c := range map[string]struct {
		request *http.Request
		code    string
	}{
		"no proof":             {with(func(r *http.Request) { r.Header.Del("DPoP") }), clientauth.InvalidProof},
		"two proofs":           {with(func(r *http.Request) { r.Header.Add("DPoP", i.proof(t, nonce, nil)) }), clientauth.InvalidProof},
		"used before":          {h.asking(used), clientauth.InvalidProof},
		"signed by another":    {h.asking(strings.Join(mixed, ".")), clientauth.InvalidProof},
		"another method":       {proving(jwt.MapClaims{"htm": "GET"}), clientauth.InvalidProof},
		"another address":      {proving(jwt.MapClaims{"htu": origin + "/other"}), clientauth.InvalidProof},
		"another server":       {proving(jwt.MapClaims{"htu": issuer + "/assertion"}), clientauth.InvalidProof},
		"no address":           {proving(jwt.MapClaims{"htu": nil}), clientauth.InvalidProof},
		"no id":                {proving(jwt.MapClaims{"jti": nil}), clientauth.InvalidProof},
		"no time":              {proving(jwt.MapClaims{"iat": nil}), clientauth.InvalidProof},
		"no nonce":             {proving(jwt.MapClaims{"nonce": nil}), clientauth.WantsNonce},
		"an own nonce":         {proving(jwt.MapClaims{"nonce": "x"}), clientauth.WantsNonce},
		"another house's":      {proving(jwt.MapClaims{"nonce": newHouse(t).nonce()}), clientauth.WantsNonce},
		"another kind of body": {with(func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }), clientauth.InvalidRequest},
		"no kind of body":      {with(func(r *http.Request) { r.Header.Del("Content-Type") }), clientauth.InvalidRequest},
		"not JSON":             {asking("{"), clientauth.InvalidRequest},
		"nothing":              {asking(""), clientauth.InvalidRequest},
		"no issuer":            {asking("{}"), clientauth.InvalidRequest},
		"a list":               {asking(`[]`), clientauth.InvalidRequest},
		"another type":         {asking(`{"issuer":7}`), clientauth.InvalidRequest},
		"too large":            {asking(`{"issuer":"` + issuer + `","x":"` + strings.Repeat("x", maxBody) + `"}`), clientauth.InvalidRequest},
		"plain HTTP":           {naming("http://pds.example.org"), clientauth.InvalidRequest},
		"a path":               {naming(issuer + "/x"), clientauth.InvalidRequest},
		"a slash":              {naming(issuer + "/"), clientauth.InvalidRequest},
		"a query":              {naming(issuer + "?x"), clientauth.InvalidRequest},
		"a name":               {naming("https://me@pds.example.org"), clientauth.InvalidRequest},
		"capitals":             {naming("https://PDS.example.org"), clientauth.InvalidRequest},
		"a usual port":         {naming(issuer + ":443"), clientauth.InvalidRequest},
		"not an address":       {naming("pds.example.org"), clientauth.InvalidRequest},
		"a long one":           {naming("https://" + strings.Repeat("x", 300)), clientauth.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := h.do(c.request)
			if got.status != http.StatusBadRequest || got.code(t) != c.code || strings.Contains(got.body, "client_assertion") || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%+v, want %s", got, c.code)
			}
			if got.header.Get("DPoP-Nonce") == "" {
				t.Error("no nonce came with it")
			}
		})
	}
}

// A nonce is good for three minutes, and so is a proof; then it is stale.
func TestStaleProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	i := newInstallation(t)
	nonce := h.nonce()
	h.clock.pass(fresh - time.Second)
	// Whatever the clock of the installation says.
	if got := h.ask(i.proof(t, nonce, jwt.MapClaims{"iat": 1})); got.status != http.StatusOK {
		t.Errorf("in time: %+v", got)
	}
	h.clock.pass(time.Second)
	if got := h.ask(i.proof(t, nonce, nil)); got.code(t) != clientauth.WantsNonce {
		t.Errorf("too late: %+v", got)
	}
}

// The key of the product makes no proofs: servers would refuse what it got.
func TestProofWithTheProductsKey(t *testing.T) {
	t.Parallel()
	file, err := clientauth.Generate()
	must(t, err)
	k, err := clientauth.ParseKey(file)
	must(t, err)
	h := newHouse(t, func(c *Config) { c.Keys = append(c.Keys, k) })
	if got := h.ask(installationOf(t, file).proof(t, h.nonce(), nil)); got.code(t) != clientauth.InvalidProof {
		t.Errorf("%+v", got)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	set, err := clientauth.PublicSet(h.keys...)
	must(t, err)
	for path, want := range map[string]string{"/oauth/client.json": string(document(t, nil)), "/jwks.json": string(set)} {
		if got := h.get(path); got.status != http.StatusOK || got.body != want || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if got := h.get("/healthz"); got.status != http.StatusOK || got.body != "ok\n" {
		t.Errorf("%+v", got)
	}
	for path, status := range map[string]int{"/": 404, "/assertion": 405, "/jwks.json/": 404, "/oauth/": 404, "/assertion/x": 404} {
		if got := h.get(path); got.status != status {
			t.Errorf("%s: %d, want %d", path, got.status, status)
		}
	}
	for _, path := range []string{"/jwks.json", "/callback", "/healthz"} {
		if got := h.do(h.request("POST", path, "")); got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
	// A page of somebody else asks a browser first whether it may ask, and may not.
	if got := h.do(h.request("OPTIONS", "/assertion", "")); got.status != http.StatusMethodNotAllowed || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("OPTIONS: %+v", got)
	}
}
