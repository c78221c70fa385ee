package loopback

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"os"
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
	l.look.product = p
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
		{"signed in", "Latchkey", &alice, nil, "<h1>You are signed in as <span>alice.test</span></h1>"},
		{"without a handle", "Latchkey", &nameless, nil, "<h1>You are signed in as <span>" + alice.DID.String() + "</span></h1>"},
		// hostile: 57
		{"nasty handle", "Latchkey", &nasty, nil, "signed in as <span>&lt;script&gt;alert("},
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
	known = map[string]bool{"html": true, "meta": true, "title": true, "style": true, "main": true, "p": true, "h1": true, "span": true, "svg": true, "circle": true, "path": true}
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

// TestPageLooksLikeTheWindow compares what the page shows with what the window does: its colours, whose
// contrast tokens.test.ts holds.
func TestPageLooksLikeTheWindow(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile("../../frontend/src/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const darkBegins = "@media (prefers-color-scheme: dark)"
	light, dark, _ := strings.Cut(read("styles/tokens.css"), darkBegins)
	dark, _, _ = strings.Cut(dark, ":root[data-theme")
	pageLight, pageDark, _ := strings.Cut(style, darkBegins)
	for theme, colours := range map[string]struct{ page, window map[string]string }{
		"light": {coloursIn(pageLight), coloursIn(light)},
		"dark":  {coloursIn(pageDark), coloursIn(dark)},
	} {
		if len(colours.page) != 6 {
			t.Errorf("%s: the page has the colours %v", theme, colours.page)
		}
		for name, colour := range colours.page {
			if colour != colours.window[name] {
				t.Errorf("%s: --%s is %s, and %q in the window", theme, name, colour, colours.window[name])
			}
		}
	}
}

var token = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)

func coloursIn(css string) map[string]string {
	colours := map[string]string{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		colours[m[1]] = m[2]
	}
	return colours
}

// A page has the mark and the accent of its brand, and of no other.
func TestPageOfABrand(t *testing.T) {
	t.Parallel()
	const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" fill="currentColor"><rect width="9" height="9"></rect></svg>`
	l := listenAs(t, Loopback{Product: product, Mark: mark, Light: "#0b4f6c", Dark: "#6cc5e8"})
	page := make(chan answer, 1)
	go func() {
		page <- send(t, l.host, request("GET", callbackTarget("state", state, "iss", issuer, "code", "code"), l.host))
	}()
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Finish(t.Context(), &alice, nil)
	got := <-page
	checkHeaders(t, got)
	for _, want := range []string{mark, "--accent: #0b4f6c;", "--accent: #6cc5e8;"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page has no %s: %s", want, got.body)
		}
	}
	for _, ours := range []string{"#8a5f10", "#e0b050", "13.5", "{{"} {
		if strings.Contains(got.body, ours) {
			t.Errorf("the page has %s", ours)
		}
	}
}
