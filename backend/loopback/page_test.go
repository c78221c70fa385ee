package loopback

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// show is the page that a browser gets with the real callback and these headers.
func show(t *testing.T, p string, account *latchkey.Account, reason *latchkey.Error, headers ...string) answer {
	t.Helper()
	l := listen(t)
	l.product = p
	page := make(chan answer, 1)
	go func() {
		target := callbackTarget("state", state, "iss", issuer, "code", "canary-code", "canary-key", "canary-value") + "&" + url.QueryEscape("<b>canary") + "="
		page <- send(t, l.host, request("GET", target, l.host, headers...))
	}()
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Finish(t.Context(), account, reason)
	return <-page
}

// hostile: 16
func TestPage(t *testing.T) {
	t.Parallel()
	nasty := alice
	nasty.Handle = syntax.Handle(`<script>alert("handle")</script>`)
	nameless := alice
	nameless.Handle = ""
	tests := []struct {
		name, product string
		account       *latchkey.Account
		reason        *latchkey.Error
		want          string
	}{
		{"signed in", "Latchkey", &alice, nil, "<h1>You are signed in as alice.test</h1>"},
		{"without a handle", "Latchkey", &nameless, nil, "<h1>You are signed in as " + alice.DID.String() + "</h1>"},
		// hostile: 57
		{"nasty handle", "Latchkey", &nasty, nil, "signed in as &lt;script&gt;alert("},
		{"nasty product", `</title><script>alert("product")</script>`, &alice, nil, "&lt;/title&gt;&lt;script&gt;"},
		{"failed", "Latchkey", nil, latchkey.NewError(latchkey.Denied, nil), latchkey.Denied.Sentence()},
		{"failed, with an account", "Latchkey", &alice, latchkey.NewError(latchkey.StorageFailed, nil), template.HTMLEscapeString(latchkey.StorageFailed.Sentence())},
		{"neither", "Latchkey", nil, nil, latchkey.Internal.Sentence()},
		{"the cause stays inside", "Latchkey", nil, latchkey.NewError(latchkey.ServerBusy, fmt.Errorf("canary-cause")), latchkey.ServerBusy.Sentence()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := show(t, tt.product, tt.account, tt.reason,
				"User-Agent: canary-agent", "Referer: https://canary-referer.example", "Cookie: canary=1", "Accept-Language: canary", "X-Forwarded-Host: canary")
			if got.status != 200 || !strings.Contains(got.body, tt.want) {
				t.Fatalf("%d, want %s in %s", got.status, tt.want, got.body)
			}
			if all := fmt.Sprint(got.header, got.body); strings.Contains(all, "canary") || strings.Contains(all, state) || strings.Contains(all, issuer) {
				t.Errorf("the page repeats the request: %s", all)
			}
			if (tt.reason != nil || tt.account == nil) && strings.Contains(got.body, "signed in as") {
				t.Errorf("the page lies: %s", got.body)
			}
			checkMarkup(t, got.body)
			checkHeaders(t, got)
		})
	}
}

var (
	tags  = regexp.MustCompile(`<(/?[a-zA-Z0-9]+)`)
	sheet = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	known = map[string]bool{"html": true, "meta": true, "title": true, "style": true, "main": true, "p": true, "h1": true}
)

// checkMarkup finds anything that is not ours or leads elsewhere.
func checkMarkup(t *testing.T, body string) {
	t.Helper()
	for _, m := range tags.FindAllStringSubmatch(body, -1) {
		if !known[strings.TrimPrefix(m[1], "/")] {
			t.Errorf("the page has a <%s>", m[1])
		}
	}
	for _, way := range []string{"src=", "href=", "url(", "@import", "http:", "https:", "javascript:", "onload", "style=", "http-equiv"} {
		if strings.Contains(body, way) {
			t.Errorf("the page has %q in it", way)
		}
	}
}

func checkHeaders(t *testing.T, got answer) {
	t.Helper()
	styles := sheet.FindAllStringSubmatch(got.body, -1)
	if len(styles) != 1 {
		t.Fatalf("the page has %d styles", len(styles))
	}
	sum := sha256.Sum256([]byte(styles[0][1]))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for name, want := range map[string]string{
		"Content-Security-Policy": policy,
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"Content-Type":            "text/html; charset=utf-8",
		"Set-Cookie":              "",
		"Server":                  "",
	} {
		if value := strings.Join(got.header.Values(name), "|"); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}
