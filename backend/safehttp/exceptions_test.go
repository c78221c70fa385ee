package safehttp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// where answers with its own name and how it was reached.
func where(tb testing.TB, name string) string {
	tb.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %v", name, r.Host, r.TLS != nil)
	}))
	tb.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestResolve(t *testing.T) {
	t.Parallel()
	x := Exceptions{Resolve: map[string]Target{
		"*.test:443":        {Address: where(t, "wild"), Plain: true},
		"*.deep.test:443":   {Address: where(t, "deep"), Plain: true},
		"alice.test:443":    {Address: where(t, "alice"), Plain: true},
		"alice.test:8443":   {Address: where(t, "port"), Plain: true},
		"localhost:443":     {Address: where(t, "local"), Plain: true},
		"broken.test:443":   {Address: "127.0.0.1:1", Plain: true},
		"[2001:db8::1]:443": {Address: where(t, "six"), Plain: true},
	}}
	client := newClient(t, x, Documents)
	for address, want := range map[string]string{
		"https://alice.test/":      "alice alice.test false",
		"https://ALICE.test/":      "alice ALICE.test false",
		"https://alice.test:443/":  "alice alice.test:443 false",
		"https://alice.test:8443/": "port alice.test:8443 false",
		"https://bob.test/":        "wild bob.test false",
		"https://a.b.bob.test/":    "wild a.b.bob.test false",
		"https://x.alice.test/":    "wild x.alice.test false",
		"https://bob.deep.test/":   "deep bob.deep.test false",
		"https://localhost/":       "local localhost false",
		"https://[2001:db8::1]/":   "six [2001:db8::1] false",
	} {
		body, status, err := get(t, client, address)
		if err != nil || status != 200 || string(body) != want {
			t.Errorf("%s: %d %q, %v; want %q", address, status, body, err, want)
		}
	}
	// What the file does not name is not reached: other ports, the bare suffix, names that only
	// look alike.
	for _, name := range []string{"test:443", "bob.test:444", "alicetest:443", "alice.test.example.com:443", "deep.test.:443"} {
		host, port, err := net.SplitHostPort(name)
		if err != nil {
			t.Fatal(err)
		}
		if target, ok := x.target(host, port); ok {
			t.Errorf("%s leads to %v", name, target)
		}
	}
	// The error of a target that is down does not leave the network file for the public network.
	if _, _, err := get(t, client, "https://broken.test/"); err == nil || errors.Is(err, ErrUnsafeAddress) {
		t.Errorf("a target that is down: %v", err)
	}
}

// The URL that was asked for stays the one of the answer, though it went elsewhere: redirects and
// cookies are resolved against it.
func TestPlainTargetKeepsTheURL(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "alice.test" {
			http.Redirect(w, r, "//bob.test/next", http.StatusFound)
			return
		}
		_, _ = fmt.Fprint(w, r.Host, r.URL.Path)
	}))
	defer s.Close()
	x := Exceptions{Resolve: map[string]Target{"*.test:443": {Address: s.Listener.Addr().String(), Plain: true}}}
	res, err := newClient(t, x, Documents).Get("https://alice.test/.well-known/atproto-did")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if got := res.Request.URL.String(); err != nil || got != "https://bob.test/next" || string(body) != "bob.test/next" {
		t.Errorf("%q from %s, %v", body, got, err)
	}
}

func TestTLSTargetKeepsTheName(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.Host, " ", r.TLS.ServerName) }, "app.bench.internal")
	h.exceptions.Resolve = map[string]Target{"*.bench.internal:9443": {Address: h.address()}}
	body, _, err := get(t, h.client(t, Documents), "https://app.bench.internal:9443/")
	if err != nil || string(body) != "app.bench.internal:9443 app.bench.internal" {
		t.Errorf("%q, %v", body, err)
	}
	// The certificate has to be for the name, not for the address that is dialled.
	if _, _, err := get(t, h.client(t, Documents), "https://other.bench.internal:9443/"); err == nil {
		t.Error("a certificate of another name was accepted")
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	address := where(t, "plain")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	x := Exceptions{PlainHTTP: map[string]bool{
		"localhost:" + port: true, address: true, "10.0.0.1:80": true, "8.8.8.8:80": true, "169.254.169.254:80": true,
	}}
	client := newClient(t, x, Documents)
	for _, host := range []string{"localhost:" + port, "LOCALHOST:" + port, address} {
		body, status, err := get(t, client, "http://"+host+"/")
		if err != nil || status != 200 || string(body) != "plain "+host+" false" {
			t.Errorf("%s: %d %q, %v", host, status, body, err)
		}
	}
	// An entry that is not on this machine gains nothing, public or not.
	for _, host := range []string{"10.0.0.1:80", "8.8.8.8:80", "169.254.169.254:80"} {
		if _, _, err := get(t, client, "http://"+host+"/"); !errors.Is(err, ErrUnsafeAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"127.0.0.2:" + port, "localhost:1", "localhost", "[::1]:" + port} {
		if _, _, err := get(t, client, "http://"+host+"/"); !errors.Is(err, ErrInsecure) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
