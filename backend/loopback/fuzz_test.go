package loopback

import (
	"bufio"
	"bytes"
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
		l := &listener{look: look{product: product}, host: "127.0.0.1:1", start: "/start/x", state: state, issuer: issuer, callback: make(chan callback, 1), settled: make(chan struct{})}
		l.page = outcomePage(l.look, &alice, nil)
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

// FuzzRequest holds the listener to its promise for any request: one that is not a navigation of the
// person's browser to its very address delivers nothing, and is told nothing.
//
// hostile: 7, 8, 9, 10
func FuzzRequest(f *testing.F) {
	const host = "127.0.0.1:1"
	right := callbackTarget("state", state, "iss", issuer, "code", "c")
	for _, seed := range []string{
		request("GET", right, host), request("GET", right, "localhost:1"), request("POST", right, host), request("OPTIONS", "*", host), request("GET", "/", host),
		request("GET", right, host, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"), request("GET", right, host, "Sec-Fetch-Mode: cors"),
		request("GET", right, host, "Origin: null"), request("GET", right, host, "Sec-Fetch-Dest: iframe"), request("GET", "http://evil.example"+right, host),
		request("GET", "/start/x", host), request("GET", "/callback/../start/x", host), request("HEAD", right, host), request("GET", "/%63allback"+right[len("/callback"):], host),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		l := &listener{look: look{product: product}, host: host, start: "/start/x", state: state, issuer: issuer, callback: make(chan callback, 1), settled: make(chan struct{})}
		l.SetTarget(issuer + "/secret")
		l.page = outcomePage(l.look, &alice, nil)
		close(l.settled)
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
		navigation := r.Method == http.MethodGet && r.Host == host && r.Header.Get("Origin") == "" && (mode == "" || mode == "navigate") && (dest == "" || dest == "document")
		if !navigation && (len(l.callback) > 0 || w.Body.Len() > 0 || w.Header().Get("Location") != "" || w.Code < 400) {
			t.Errorf("%q is answered with %d", raw, w.Code)
		}
		if r.URL.Path != "/callback" && r.URL.Path != l.start && (w.Code != http.StatusNotFound || len(w.Header()) > 0) {
			t.Errorf("%q learns that somebody is here: %d %v", raw, w.Code, w.Header())
		}
		if w.Header().Get("Location") != "" && r.URL.Path != l.start {
			t.Errorf("%q is sent on", raw)
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
