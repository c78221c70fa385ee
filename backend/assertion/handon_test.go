package assertion

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestHandOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const query = "state=41234.abcdef&iss=https%3A%2F%2Fpds.example.org&code=cod-123"
	got := h.get("/callback?" + query)
	to, err := url.Parse(got.header.Get("Location"))
	must(t, err)
	want, err := url.ParseQuery(query)
	must(t, err)
	if got.status != http.StatusSeeOther || to.Scheme != "http" || to.Host != "127.0.0.1:41234" || to.Path != "/callback" || to.Query().Encode() != want.Encode() || to.Fragment != "" || got.body != "" {
		t.Errorf("%+v", got)
	}
	if got.header.Get("Referrer-Policy") != "no-referrer" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", got.header)
	}
	for name, query := range map[string]string{
		"nothing":      "",
		"no state":     "code=x",
		"no port":      "state=abcdef",
		"a low port":   "state=1023.x",
		"a high port":  "state=65536.x",
		"a host":       "state=41234@evil.example.com.x",
		"two states":   "state=41234.x&state=41235.x",
		"too long":     "state=41234.x&code=" + strings.Repeat("x", maxQuery),
		"not a query":  "state=41234.x&%zz",
		"a port alone": "state=41234",
	} {
		got := h.get("/callback?" + query)
		if got.status != http.StatusBadRequest || got.header.Get("Location") != "" || !strings.Contains(got.body, "Harbour Notes") || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, secret := range []string{"cod-123", "abcdef", "41234", "callback?"} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

// FuzzHandOn: whatever a browser comes with, it is sent to the callback of its own computer or nowhere.
func FuzzHandOn(f *testing.F) {
	for _, query := range []string{"state=41234.x&code=y", "state=41234.x%0d%0aLocation:%20http://x", "state=1024.@evil.example.com/", "a;b=c&state=9999.#", "state=65535.&state"} {
		f.Add(query)
	}
	h := newHouse(f)
	server, err := New(Config{Document: document(f, nil), Keys: h.keys, PerAddress: 1, PerKey: 1, Log: discard})
	must(f, err)
	f.Fuzz(func(t *testing.T, query string) {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/callback", RawQuery: query}, Header: http.Header{}})
		to := w.Header().Get("Location")
		if to == "" {
			if w.Code != http.StatusBadRequest {
				t.Errorf("status %d", w.Code)
			}
			return
		}
		u, err := url.Parse(to)
		must(t, err)
		port, err := strconv.Atoi(u.Port())
		if err != nil || port < 1024 || port > 65535 || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.Path != "/callback" || u.User != nil || u.Fragment != "" || strings.ContainsAny(to, "\r\n") {
			t.Errorf("sent to %q", to)
		}
		came, err := url.ParseQuery(query)
		if err != nil || u.Query().Encode() != came.Encode() || !strings.HasPrefix(came.Get("state"), u.Port()+".") {
			t.Errorf("%q became %q", query, u.RawQuery)
		}
	})
}
