package oauth

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
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
	f.Add([]byte(`[]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := canned{http.StatusOK, "application/json", body}.client()
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
	})
}

// FuzzProtectedResource: the issuer that comes out is an origin, character by character.
// hostile: 20, 21
func FuzzProtectedResource(f *testing.F) {
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://pds.example.net"]}`))
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://other.example.org:8443/"]}`))
	f.Add([]byte(`{"resource":"https://pds.example.net","authorization_servers":["https://a","https://b"]}`))
	f.Add([]byte(`{"resource":1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := canned{http.StatusOK, "application/json", body}.client()
		issuer, err := c.protectedResource(t.Context(), hostile.PDS)
		if err != nil {
			mustBeRefused(t, err)
			return
		}
		if clean, err := c.origin(issuer); err != nil || clean != issuer || !strings.HasPrefix(issuer, "https://") || strings.Count(issuer, "/") != 2 {
			t.Errorf("issuer %q", issuer)
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

// FuzzPlain: one short line of printable text, and doing it twice changes nothing more.
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
	})
}
