package loopback

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzCallback holds the listener to its promise for any query: nothing is delivered unless the
// state is there once and right, and no code unless the issuer is as well.
//
// hostile: 6
func FuzzCallback(f *testing.F) {
	right := strings.TrimPrefix(callbackTarget("state", state, "iss", issuer, "code", "c"), "/callback?")
	for _, seed := range []string{
		"", right, right + "&state=" + state, right + "&st%61te=x", right + "&response=x", right + ";x=y", right + "&%zz", right + "&x",
		"state=" + state, "state=" + state + "&error=access_denied&iss=" + url.QueryEscape(issuer), "error=access_denied",
		"state=+" + state, "state=" + state + "%00", right + "&", "&&" + right, right + "&x=1&x=2", strings.ReplaceAll(right, "%", "%25"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		l := &listener{product: product, host: "127.0.0.1:1", start: "/start/x", state: state, issuer: issuer, callback: make(chan callback, 1), settled: make(chan struct{})}
		l.page = outcomePage(product, &alice, nil)
		close(l.settled)
		w := httptest.NewRecorder()
		l.ServeHTTP(w, &http.Request{Method: http.MethodGet, Host: l.host, URL: &url.URL{Path: "/callback", RawQuery: query}})
		select {
		case c := <-l.callback:
			if w.Code != 200 || w.Body.Len() == 0 {
				t.Fatalf("%q is delivered and answered with %d", query, w.Code)
			}
			values := parameters(query)
			for key, all := range values {
				if len(all) != 1 || key == "response" {
					t.Fatalf("%q is delivered although %q is given %d times", query, key, len(all))
				}
			}
			if len(values["state"]) != 1 || values["state"][0] != state {
				t.Fatalf("%q is delivered", query)
			}
			if c.err == nil && (c.code == "" || len(values["iss"]) != 1 || values["iss"][0] != issuer || string(c.code) != values["code"][0]) {
				t.Fatalf("%q delivers the code %q", query, string(c.code))
			}
		default:
			if w.Code != http.StatusBadRequest || w.Body.Len() != 0 {
				t.Fatalf("%q is not delivered and answered with %d %s", query, w.Code, w.Body)
			}
		}
	})
}

// parameters reads a query in its own way: whatever any reader could take for a parameter.
func parameters(query string) map[string][]string {
	values := map[string][]string{}
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(pair, "=")
		k, _ := url.QueryUnescape(key)
		v, _ := url.QueryUnescape(value)
		values[k] = append(values[k], v)
	}
	return values
}
