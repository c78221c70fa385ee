package oauth

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

// FuzzMetadata: whatever a server says of itself, it is refused or has all that a sign-in relies on.
// hostile: 20, 21, 22, 23
func FuzzMetadata(f *testing.F) {
	good, err := json.Marshal(hostile.MetadataOf(hostile.PDS))
	must(f, err)
	f.Add(good)
	for _, old := range []string{"https://pds.example.net/oauth/par", `"code"`, "true", `"ES256"`} {
		f.Add([]byte(strings.Replace(string(good), old, "javascript:alert(1)", 1)))
	}
	for _, odd := range []string{"http://pds.example.net/oauth/token", "https://me@pds.example.net/oauth/token", "https://[fe80::1%25lo]/token", "https://pds.example.net/oauth/token#"} {
		f.Add([]byte(strings.Replace(string(good), "https://pds.example.net/oauth/token", odd, 1)))
	}
	f.Add([]byte(strings.Replace(string(good), `"issuer":"`+hostile.PDS, `"issuer":"`+hostile.PDS+`/`, 1)))
	f.Add([]byte(`[]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := canned{status: http.StatusOK, contentType: "application/json", body: body}.client()
		as, err := c.metadata(t.Context(), hostile.PDS)
		if err != nil {
			mustBeRefused(t, err)
			if as != (latchkey.AuthorizationServer{}) {
				t.Errorf("%+v came with the error", as)
			}
			return
		}
		if as.Issuer != hostile.PDS || as.Server != "" {
			t.Errorf("issuer %q, server %q", as.Issuer, as.Server)
		}
		for _, endpoint := range []string{as.AuthorizationEndpoint, as.TokenEndpoint, as.PushEndpoint, as.RevocationEndpoint} {
			if endpoint == "" && as.RevocationEndpoint == "" {
				continue
			}
			if u, err := c.checkURL(endpoint); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Contains(endpoint, "#") {
				t.Errorf("endpoint %q", endpoint)
			}
		}
		if as.AuthorizationEndpoint == "" || as.TokenEndpoint == "" || as.PushEndpoint == "" {
			t.Errorf("an endpoint is missing: %+v", as)
		}
		var can struct { // hostile: 24
			PAR        bool     `json:"require_pushed_authorization_requests"`
			Iss        bool     `json:"authorization_response_iss_parameter_supported"`
			Challenges []string `json:"code_challenge_methods_supported"`
			Signatures []string `json:"dpop_signing_alg_values_supported"`
			Scopes     []string `json:"scopes_supported"`
		}
		must(t, json.Unmarshal(body, &can))
		if !can.PAR || !can.Iss || !slices.Contains(can.Challenges, "S256") || !slices.Contains(can.Signatures, "ES256") ||
			slices.Contains(can.Signatures, "none") || !slices.Contains(can.Scopes, "atproto") {
			t.Errorf("taken although it can only do %+v", can)
		}
	})
}

// FuzzProtectedResource: the issuer that comes out is an origin, character by character.
// hostile: 20, 21
func FuzzProtectedResource(f *testing.F) {
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://pds.example.net"]}`))
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://other.example.org:8443/"]}`))
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://a","https://b"]}`))
	f.Add([]byte(`{"resource":"https://other.example.org","authorization_servers":["https://pds.example.net"]}`))
	f.Add([]byte(`{"resource":1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := canned{status: http.StatusOK, contentType: "application/json", body: body}.client()
		issuer, err := c.protectedResource(t.Context(), hostile.PDS)
		if err != nil {
			mustBeRefused(t, err)
			return
		}
		if clean, err := c.origin(issuer); err != nil || clean != issuer || !strings.HasPrefix(issuer, "https://") || strings.Count(issuer, "/") != 2 {
			t.Errorf("issuer %q", issuer)
		}
		var doc struct {
			Resource string   `json:"resource"`
			Servers  []string `json:"authorization_servers"`
		}
		must(t, json.Unmarshal(body, &doc))
		if doc.Resource != hostile.PDS || !slices.Equal(doc.Servers, []string{issuer}) {
			t.Errorf("issuer %q out of %+v", issuer, doc)
		}
	})
}

// FuzzTokenResponse: whatever comes back for a code or a refresh token is refused, or is a session of
// the AT Protocol that is bound to our key.
// hostile: 26
func FuzzTokenResponse(f *testing.F) {
	const good = `{"token_type":"DPoP","access_token":"a","refresh_token":"r","scope":"atproto","sub":"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa","expires_in":3600}`
	f.Add(200, "application/json", []byte(good))
	f.Add(200, "application/json; charset=utf-8", []byte(strings.Replace(good, "DPoP", "Bearer", 1)))
	f.Add(400, "application/json", []byte(`{"error":"invalid_grant","error_description":"<b>\u001b[31m"}`))
	f.Add(200, "text/html", []byte(good))
	f.Add(200, "application/json", []byte(`{}`))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		a := answer{status: status, contentType: contentType, body: body}
		mustBeRefused(t, a.err())
		g, err := a.grant()
		if err != nil {
			mustBeRefused(t, err)
			if g.Tokens != (latchkey.Tokens{}) {
				t.Error("tokens came with the error")
			}
			return
		}
		var raw struct {
			Type string `json:"token_type"`
		}
		must(t, json.Unmarshal(body, &raw))
		if !strings.EqualFold(raw.Type, "DPoP") || g.Tokens.Access == "" || g.Tokens.Refresh == "" || !strings.HasPrefix(string(g.Subject), "did:") {
			t.Errorf("granted: %+v", g)
		}
		if !strings.Contains(" "+strings.Join(g.Scopes, " ")+" ", " atproto ") {
			t.Errorf("scopes: %q", g.Scopes)
		}
		if !g.AccessEnds.IsZero() && (g.AccessEnds.Before(time.Now()) || g.AccessEnds.After(time.Now().Add(367*24*time.Hour))) {
			t.Errorf("ends %v", g.AccessEnds)
		}
	})
}

// FuzzPush: whatever a server answers to a pushed request, the browser is sent to the page of that
// server, for this app and this request, or nowhere.
// hostile: 20, 23
func FuzzPush(f *testing.F) {
	f.Add(201, "application/json", []byte(`{"request_uri":"urn:ietf:params:oauth:request_uri:x","expires_in":60}`))
	f.Add(200, "application/json", []byte(`{"request_uri":"javascript:alert(1)&client_id=evil#x","expires_in":1}`))
	f.Add(201, "application/json", []byte(`{"request_uri":"","expires_in":60}`))
	f.Add(400, "application/json", []byte(`{"error":"use_dpop_nonce"}`))
	f.Add(401, "application/json", []byte(`{"error":"invalid_dpop_proof"}`))
	f.Add(503, "text/html", []byte(`<html>`))
	keys := hostile.Keys(f, New(safehttp.New(safehttp.Exceptions{}, "test")))
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		asked := 0
		c := canned{status: status, contentType: contentType, body: body, asked: &asked}.client()
		address, err := c.Push(t.Context(), request(), keys)
		if asked < 1 || asked > 3 { // hostile: 27
			t.Errorf("asked %d times", asked)
		}
		if err != nil {
			mustBeRefused(t, err)
			if address != "" {
				t.Errorf("%s beside an error", string(address))
			}
			return
		}
		page, query, _ := strings.Cut(string(address), "?")
		q, err := url.ParseQuery(query)
		if err != nil || page != request().Server.AuthorizationEndpoint || len(q) != 2 ||
			!slices.Equal(q["client_id"], []string{request().ClientID}) || len(q["request_uri"]) != 1 || q.Get("request_uri") == "" {
			t.Errorf("the browser would be sent to %q, %v", string(address), err)
		}
	})
}

// FuzzAnswer: whatever a server answers to a call, the caller gets the answer, unless the server said of
// the access token that it has ended; and the call is made a few times at most.
// hostile: 27
func FuzzAnswer(f *testing.F) {
	for _, challenge := range []string{
		`DPoP error="invalid_token", error_description="exp"`, `DPoP error="use_dpop_nonce"`, `DPoP algs="ES256", error="invalid_dpop_proof"`, `DPoP`,
		`Bearer realm="x"`, `error="`, ``,
	} {
		f.Add(401, challenge, []byte(`{"error":"x"}`))
	}
	f.Add(200, `DPoP error="invalid_token"`, []byte(`{}`))
	f.Add(500, "", []byte(``))
	client := New(safehttp.New(safehttp.Exceptions{}, "test"))
	keys := hostile.Keys(f, client)
	f.Fuzz(func(t *testing.T, status int, challenge string, body []byte) {
		asked := 0
		c := canned{status: status, contentType: "application/json", body: body, challenge: challenge, asked: &asked}.client()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, hostile.PDS+"/xrpc/a.b.c", nil)
		must(t, err)
		res, err := c.Do(t.Context(), latchkey.Session{Server: hostile.PDS, Tokens: latchkey.Tokens{Access: "a"}}, keys, req)
		if asked < 1 || asked > 3 {
			t.Errorf("asked %d times", asked)
		}
		if err != nil {
			mustCode(t, err, latchkey.AccessEnded)
			if res != nil || status != http.StatusUnauthorized || !strings.Contains(challenge, `error="invalid_token"`) {
				t.Errorf("HTTP %d with %q counts as the end of the access token", status, challenge)
			}
			return
		}
		defer func() { _ = res.Body.Close() }()
		if got, err := io.ReadAll(res.Body); err != nil || res.StatusCode != status || string(got) != string(body) {
			t.Errorf("HTTP %d became %d with %q, %v", status, res.StatusCode, got, err)
		}
	})
}

// hostile: 29
func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "",
		"invalid_request":                "invalid_request",
		" two\r\n\tlines ":               "two lines",
		"\x1b[31mred\x1b[0m":             "[31mred [0m",
		"a\u202eb\u200bc\x00d":           "a b c d",
		"bad \xff\xfe bytes":             "bad bytes",
		"mail for me+x@mail.example.net": "mail for [redacted]",
		"token " + strings.Repeat("aB3", 20) + " ended": "token [redacted] ended",
		strings.Repeat("word ", 100):                    strings.Repeat("word ", 8)[:40] + "...",
		"größer":                                        "größer",
	} {
		if got := Plain(text, 40); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// FuzzPlain: one short line of printable text, without an email or a token.
// hostile: 29
func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31m\u202e<b>\xff", 20)
	f.Add(strings.Repeat("a", 100), 10)
	f.Add("me@example.net", 5)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 1), 1000)
		plain := Plain(text, limit)
		if n := utf8.RuneCountInString(plain); n > limit+3 || !utf8.ValidString(plain) {
			t.Errorf("%d characters: %q", n, plain)
		}
		if strings.ContainsFunc(plain, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not printable: %q", plain)
		}
		if emailLike.MatchString(plain) {
			t.Errorf("an email: %q", plain)
		}
		if tokenLike.MatchString(strings.TrimSuffix(plain, "...")) {
			t.Errorf("a token: %q", plain)
		}
	})
}
