package oauth

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	must(t, err)
	return req
}

const xrpc = hostile.PDS + "/xrpc/com.example.method"

func TestDo(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	// Query and escaped path: the proof names the path alone, as it is on the wire.
	for _, address := range []string{xrpc, xrpc + "?q=a%20b&q=c", hostile.PDS + "/xrpc/com.example.%41%2Fb"} {
		res, err := v.Do(t.Context(), v.session, v.keys, get(t, address))
		must(t, err)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", address, res.Status)
		}
	}
}

// A refused nonce costs one more request, and a body is sent again whole.
func TestDoSendsTheBodyAgain(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	v.net.RotateNonce()
	body := `{"text":"` + strings.Repeat("a", 100_000) + `"}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, xrpc, strings.NewReader(body))
	must(t, err)
	res, err := v.Do(t.Context(), v.session, v.keys, req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Method string
		Body   json.RawMessage
	}
	must(t, json.NewDecoder(res.Body).Decode(&answer))
	if answer.Method != http.MethodPost || string(answer.Body) != body {
		t.Errorf("the server got %s with %d bytes", answer.Method, len(answer.Body))
	}
	if n := v.net.Requests("xrpc"); n != 2 {
		t.Errorf("%d requests", n)
	}
	req.GetBody = nil
	_, err = v.Do(t.Context(), v.session, v.keys, req)
	mustCode(t, err, latchkey.Internal)
}

// Only the server's word about the access token is an error; every other answer is the caller's.
func TestDoAnswers(t *testing.T) {
	t.Parallel()
	challenging := func(status int, challenge string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("DPoP-Nonce", "another")
			w.Header().Set("WWW-Authenticate", challenge)
			hostile.JSON(w, status, map[string]string{"error": "x"})
		}
	}
	unauthorized := func(challenge string) http.HandlerFunc { return challenging(http.StatusUnauthorized, challenge) }
	for name, test := range map[string]struct {
		xrpc   http.HandlerFunc
		want   latchkey.Code
		status int
		sent   int
	}{
		"ended":             {unauthorized(`DPoP error="invalid_token", error_description="exp"`), latchkey.AccessEnded, 0, 1},
		"nonces for ever":   {unauthorized(`DPoP error="use_dpop_nonce"`), "", 401, 2}, // hostile: 27
		"bad proof":         {unauthorized(`DPoP error="invalid_dpop_proof"`), "", 401, 1},
		"no reason":         {unauthorized(`DPoP`), "", 401, 1},
		"no challenge":      {hostile.Body(401, "application/json", `{"error":"AuthMissing"}`), "", 401, 1},
		"scope":             {hostile.Body(403, "application/json", `{"error":"ScopeMissing"}`), "", 403, 1},
		"broken":            {hostile.Body(500, "text/html", ``), "", 500, 1},
		"busy":              {hostile.Body(503, "text/html", ``), "", 503, 1},
		"challenge in 403":  {challenging(403, `DPoP error="invalid_token"`), "", 403, 1},
		"word of it in 400": {hostile.Body(400, "application/json", `{"error":"invalid_token"}`), "", 400, 1},
		"redirect": {func(w http.ResponseWriter, r *http.Request) { // hostile: 18
			http.Redirect(w, r, hostile.Other+"/xrpc/com.example.steal", http.StatusTemporaryRedirect)
		}, latchkey.ResponseInvalid, 0, 1},
		"hangs up": {hostile.HangUp, latchkey.ServerUnreachable, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := granted(t, hostile.New(t))
			v.net.Change(func() { v.net.XRPC = test.xrpc })
			// A POST: a GET that lost its connection may be sent again by the transport.
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, xrpc, strings.NewReader(`{}`))
			must(t, err)
			res, err := v.Do(t.Context(), v.session, v.keys, req)
			mustCode(t, err, test.want)
			if err == nil {
				if _, err := io.ReadAll(res.Body); err != nil || res.StatusCode != test.status {
					t.Errorf("%s, %v", res.Status, err)
				}
				_ = res.Body.Close()
			}
			if n := v.net.Requests("xrpc"); n != test.sent {
				t.Errorf("%d requests, want %d", n, test.sent)
			}
		})
	}
}

func TestDoKeepsTokensAtHome(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	for _, address := range []string{
		hostile.Other + "/xrpc/com.example.method", "http://pds.example.net/xrpc/a", hostile.PDS + ":8443/xrpc/a",
		"https://pds.example.net.evil.example.org/xrpc/a", "https://pds.example.net@other.example.org/xrpc/a",
	} {
		_, err := v.Do(t.Context(), v.session, v.keys, get(t, address))
		mustCode(t, err, latchkey.Internal)
	}
	_, err := v.Do(t.Context(), v.session, latchkey.Keys{}, get(t, xrpc))
	mustCode(t, err, latchkey.SealBroken)
	if n := v.net.Requests("xrpc"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestDoOffline(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	x := v.net.Exceptions()
	x.Resolve["pds.example.net:443"] = safehttp.Target{Address: hostile.ClosedPort(t)}
	_, err := New(safehttp.New(x, "test")).Do(t.Context(), v.session, v.keys, get(t, xrpc))
	mustCode(t, err, latchkey.ServerUnreachable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = v.Do(ctx, v.session, v.keys, get(t, xrpc))
	mustCode(t, err, latchkey.ServerUnreachable)
}

// One P-256 key in 128 has a coordinate that starts with a zero, which a JWK has to spell out.
func TestKeysAreFitForStrictServers(t *testing.T) {
	t.Parallel()
	c := New(safehttp.New(safehttp.Exceptions{}, "test"))
	seen := map[latchkey.Keys]bool{}
	for range 2000 {
		keys := hostile.Keys(t, c)
		private, err := atcrypto.ParsePrivateMultibase(string(keys.DPoP))
		must(t, err)
		public, err := private.PublicKey()
		must(t, err)
		jwk, err := public.JWK()
		must(t, err)
		if len(jwk.X) != 43 || len(jwk.Y) != 43 {
			t.Fatalf("coordinates of %d and %d characters", len(jwk.X), len(jwk.Y))
		}
		seen[keys] = true
	}
	if len(seen) != 2000 {
		t.Error("keys repeat")
	}
}
