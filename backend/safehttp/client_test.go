package safehttp

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/reserved"
)

func get(tb testing.TB, c *http.Client, address string) (body []byte, status int, err error) {
	tb.Helper()
	res, err := c.Get(address)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	return body, res.StatusCode, err
}

func TestRequestsOverTLS(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Host, r.TLS.ServerName, r.UserAgent())
	}, "pds.example.com")
	body, status, err := get(t, h.client(t, Documents), "https://pds.example.com/x")
	if err != nil || status != 200 || string(body) != "pds.example.com pds.example.com test/1" {
		t.Errorf("%d %q, %v", status, body, err)
	}
	req, err := http.NewRequest(http.MethodGet, "https://pds.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "other/2")
	res, err := h.client(t, Documents).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	if err != nil || !strings.HasSuffix(string(body), "other/2") {
		t.Errorf("%q, %v", body, err)
	}
}

// hostile: 18
func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	other := newCounter(t)
	locations := map[string]string{
		"same server":    "/elsewhere",
		"another server": "https://127.0.0.1:" + other.port() + "/",
		"http":           "http://127.0.0.1:" + other.port() + "/",
		"handle path":    "/.well-known/atproto-did",
		"javascript":     "javascript:alert(1)",
		"nonsense":       "https://%zz/?login_hint=alice%40example.com",
	}
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", locations[r.URL.Query().Get("to")])
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.WriteHeader(status)
	}, "pds.example.com")
	client := h.client(t, Documents)
	for _, path := range []string{
		"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/.well-known/did.json",
		"/oauth/par", "/oauth/token", "/xrpc/com.atproto.server.getSession", "/.well-known/atproto-did/", "/x/.well-known/atproto-did",
	} {
		for name := range locations {
			for _, status := range []int{301, 302, 303, 307, 308} {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					what := fmt.Sprintf("%s %s %d to %s", method, path, status, name)
					before := h.requests.Load()
					address := fmt.Sprintf("https://pds.example.com%s?status=%d&to=%s", path, status, url.QueryEscape(name))
					req, err := http.NewRequest(method, address, strings.NewReader("refresh_token=canary"))
					if err != nil {
						t.Fatal(err)
					}
					res, err := client.Do(req)
					if err == nil {
						_ = res.Body.Close()
					}
					if !errors.Is(err, ErrRedirect) || Code(err) != latchkey.ResponseInvalid || Bare(err).Error() != ErrRedirect.Error() {
						t.Errorf("%s: %v", what, err)
					}
					if n := h.requests.Load() - before; n != 1 {
						t.Errorf("%s: %d requests arrived", what, n)
					}
				}
			}
		}
	}
	if n := other.connections(t); n != 0 {
		t.Errorf("the other server got %d connections", n)
	}
}

// hostile: 18
func TestHandleRedirects(t *testing.T) {
	t.Parallel()
	const handlePath = "/.well-known/atproto-did"
	other := newCounter(t)
	var mu sync.Mutex
	var hosts []string
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hosts = append(hosts, r.Host)
		mu.Unlock()
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if left, _ := strconv.Atoi(r.URL.Query().Get("left")); left > 0 {
			name := []string{"alice.example.com", "b.example.com"}[left%2]
			http.Redirect(w, r, fmt.Sprintf("https://%s%s?left=%d", name, []string{handlePath, "/moved"}[left%2], left-1), 301+left%2)
			return
		}
		_, _ = io.WriteString(w, "did:plc:x")
	}, "alice.example.com", "b.example.com")

	for hops := range 8 {
		before := h.requests.Load()
		body, _, err := get(t, h.client(t, Documents), fmt.Sprintf("https://alice.example.com%s?left=%d", handlePath, hops))
		arrived := h.requests.Load() - before
		switch {
		case hops <= 4 && (err != nil || string(body) != "did:plc:x" || arrived != int64(hops)+1):
			t.Errorf("%d hops: %q, %v, %d requests", hops, body, err, arrived)
		case hops > 4 && (!errors.Is(err, ErrRedirect) || arrived != 5):
			t.Errorf("%d hops: %v, %d requests", hops, err, arrived)
		}
	}
	if !slices.Contains(hosts, "b.example.com") {
		t.Error("no hop led to the other name")
	}

	// Every hop is guarded anew. hostile: 17
	here := "127.0.0.1:" + other.port()
	tests := []struct {
		to   string
		want error
	}{
		{"https://" + here + "/", ErrUnsafeAddress},
		{"https://localhost:" + other.port() + handlePath, ErrUnsafeAddress},
		{"https://[::ffff:127.0.0.1]:" + other.port() + "/", ErrUnsafeAddress},
		{"https://10.0.0.1/", ErrUnsafeAddress},
		{"https://169.254.169.254/latest/meta-data/", ErrUnsafeAddress},
		{"https://[fd00:ec2::254]/", ErrUnsafeAddress},
		{"http://" + here + "/", ErrInsecure},
		{"http://b.example.com/", ErrInsecure},
		{"ftp://b.example.com/", ErrInsecure},
		{"file:///etc/hosts", ErrInsecure},
		{"javascript:alert(1)", ErrInsecure},
		{"//" + here + "/", ErrUnsafeAddress},
	}
	for _, tt := range tests {
		before := h.requests.Load()
		_, _, err := get(t, h.client(t, Documents), "https://alice.example.com"+handlePath+"?to="+url.QueryEscape(tt.to))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.to, err, tt.want)
		}
		if n := h.requests.Load() - before; n != 1 {
			t.Errorf("%s: %d requests arrived", tt.to, n)
		}
	}
	dialled, client := 0, h.client(t, Documents)
	for _, a := range reserved.Addresses() {
		to := "https://" + net.JoinHostPort(a.String(), "443") + "/"
		if _, _, err := get(t, client, "https://alice.example.com"+handlePath+"?to="+url.QueryEscape(to)); !errors.Is(err, ErrUnsafeAddress) {
			t.Errorf("%s: %v", to, err)
		}
		dialled++
	}
	t.Logf("address matrix, by a redirect: %d addresses, connections 0", dialled)
	if n := other.connections(t); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// hostile: 19
func TestSizes(t *testing.T) {
	t.Parallel()
	const limit = 1000
	stopped := make(chan error, 1)
	announce := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(n))
			_, _ = w.Write(make([]byte, n))
		}
	}
	chunked := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for range n {
				_, _ = w.Write([]byte{'x'})
			}
			w.(http.Flusher).Flush()
		}
	}
	bomb := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.CopyN(z, zeros{}, int64(n))
			_ = z.Close()
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		fits    int // -1 when refused
	}{
		{"nothing", announce(0), 0},
		{"just right, announced", announce(limit), limit},
		{"just right, not announced", chunked(limit), limit},
		{"just right, compressed", bomb(limit), limit},
		{"one too many, announced", announce(limit + 1), -1},
		{"one too many, not announced", chunked(limit + 1), -1},
		{"one too many, compressed", bomb(limit + 1), -1},
		{"100 MB announced", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100000000") }, -1},
		{"a bomb", bomb(100 << 20), -1},
		{"without end", func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					stopped <- err
					return
				}
			}
		}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, tt.handler, "pds.example.com")
			body, _, err := get(t, h.client(t, Limits{Body: limit, Total: time.Minute}), "https://pds.example.com/")
			if tt.fits >= 0 && (err != nil || len(body) != tt.fits) {
				t.Errorf("got %d bytes, %v", len(body), err)
			}
			if tt.fits < 0 && (!errors.Is(err, ErrTooLarge) || len(body) > limit || Code(err) != latchkey.ResponseInvalid) {
				t.Errorf("got %d bytes, %v", len(body), err)
			}
			if tt.name == "without end" {
				<-stopped // the server notices that nobody reads any more
			}
		})
	}
	if Documents.Body != 512<<10 || Documents.Total != 10*time.Second {
		t.Errorf("documents are limited to %+v", Documents)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Once a body was too large it stays so, however it is read.
func TestTooLargeIsFinal(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 3, 4, 5, 100} {
		b := &limitedBody{ReadCloser: io.NopCloser(bytes.NewReader(make([]byte, 20))), left: 4}
		var got int
		var err error
		for err == nil {
			var n int
			n, err = b.Read(make([]byte, size))
			got += n
		}
		if got != 4 || !errors.Is(err, ErrTooLarge) {
			t.Errorf("reads of %d bytes: got %d, %v", size, got, err)
		}
		if n, err := b.Read(make([]byte, size)); n != 0 || !errors.Is(err, ErrTooLarge) {
			t.Errorf("reads of %d bytes, once more: got %d, %v", size, n, err)
		}
	}
}

// hostile: 19
func TestSlowServers(t *testing.T) {
	t.Parallel()
	until := func(r *http.Request) { <-r.Context().Done() }
	handlers := map[string]http.HandlerFunc{
		"no headers": func(_ http.ResponseWriter, r *http.Request) { until(r) },
		"no body": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			until(r)
		},
		"a body byte by byte": func(w http.ResponseWriter, r *http.Request) {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
					_, _ = w.Write([]byte{' '})
					w.(http.Flusher).Flush()
				}
			}
		},
	}
	limits := Limits{Body: Documents.Body, Total: 500 * time.Millisecond}
	check := func(t *testing.T, err error) {
		t.Helper()
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || Code(err) != latchkey.ServerUnreachable {
			t.Errorf("it ended with %v", err)
		}
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, handler, "pds.example.com")
			_, _, err := get(t, h.client(t, limits), "https://pds.example.com/")
			check(t, err)
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		silent, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = silent.Close() }()
		x := Exceptions{Resolve: map[string]Target{"pds.example.com:443": {Address: silent.Addr().String()}}}
		_, _, err = get(t, newClient(t, x, limits), "https://pds.example.com/")
		check(t, err)
	})
	t.Run("headers without end", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) }, "pds.example.com")
		if _, _, err := get(t, h.client(t, Documents), "https://pds.example.com/"); err == nil {
			t.Error("a megabyte of headers was read")
		}
	})
}

// hostile: 31
func TestBadCertificates(t *testing.T) {
	t.Parallel()
	ca, soon := newAuthority(t), time.Now().Add(time.Hour)
	tests := []struct {
		name string
		tls  *tls.Config
		pool *x509.CertPool
		good bool
	}{
		{"good", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, soon, "pds.example.com")}}, ca.pool, true},
		{"another name", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, soon, "other.example.com")}}, ca.pool, false},
		{"expired", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, time.Now().Add(-time.Minute), "pds.example.com")}}, ca.pool, false},
		{"unknown authority", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, soon, "pds.example.com")}}, newAuthority(t).pool, false},
		{"not in the system's authorities", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, soon, "pds.example.com")}}, nil, false},
		{"an old TLS", &tls.Config{Certificates: []tls.Certificate{ca.certificate(t, soon, "pds.example.com")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ca.pool, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var arrived sync.Once
			served := false
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Do(func() { served = true }) }))
			server.TLS = tt.tls
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			x := Exceptions{Roots: tt.pool, Resolve: map[string]Target{"pds.example.com:443": {Address: server.Listener.Addr().String()}}}
			_, _, err := get(t, newClient(t, x, Documents), "https://pds.example.com/?personal=alice")
			server.Close()
			if served != tt.good || (err == nil) != tt.good {
				t.Errorf("served: %v, error: %v", served, err)
			}
			if err != nil && Code(err) != latchkey.ServerUnreachable {
				t.Errorf("the code is %s", Code(err))
			}
			if err != nil && strings.Contains(Bare(err).Error(), "personal") {
				t.Errorf("the error repeats the URL: %v", Bare(err))
			}
		})
	}
}

func TestOnlyHTTPS(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for _, address := range []string{
		"http://pds.example.com/", "http://127.0.0.1:" + c.port() + "/", "http://localhost:" + c.port() + "/", "ftp://pds.example.com/",
		"file:///etc/hosts", "ws://pds.example.com/", "//pds.example.com/",
	} {
		body := &closed{Reader: strings.NewReader("x")}
		req, err := http.NewRequest(http.MethodPost, address, body)
		if err != nil {
			t.Fatal(err)
		}
		// A private network on another port changes nothing.
		x := Exceptions{PlainHTTP: map[string]bool{"localhost:1": true, "127.0.0.1:1": true}}
		res, err := newClient(t, x, Documents).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if !errors.Is(err, ErrInsecure) || Code(err) != latchkey.ResponseInvalid {
			t.Errorf("%s: %v", address, err)
		}
		if !body.closed {
			t.Errorf("%s: the request's body was left open", address)
		}
	}
	if n := c.connections(t); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

type closed struct {
	io.Reader
	closed bool
}

func (c *closed) Close() error { c.closed = true; return nil }

func TestBareHidesURLs(t *testing.T) {
	t.Parallel()
	inner := errors.New("inner")
	full := &url.Error{Op: "Get", URL: "https://pds.example.com/?login_hint=alice", Err: inner}
	for _, err := range []error{full, fmt.Errorf("asking: %w", full)} {
		if got := Bare(err); !errors.Is(got, inner) || strings.Contains(got.Error(), "alice") {
			t.Errorf("Bare(%v) = %v", err, got)
		}
	}
	if !errors.Is(Bare(inner), inner) || Bare(nil) != nil {
		t.Error("Bare changed an error that names no URL")
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	c := New(Exceptions{PlainHTTP: map[string]bool{"localhost:2583": true, "localhost:443": true}}, "test/1")
	defer c.Close()
	tests := []struct{ raw, origin, failure string }{ // failure: url, origin or none
		{"https://pds.example.com", "https://pds.example.com", ""},
		{"https://pds.example.com/", "https://pds.example.com", ""},
		{"https://PDS.example.com", "https://pds.example.com", ""},
		{"HTTPS://pds.example.com:443", "https://pds.example.com", ""},
		{"https://pds.example.com:8443", "https://pds.example.com:8443", ""},
		{"https://pds.example.com:4443", "https://pds.example.com:4443", ""},
		{"https://[2001:db8::1]:443", "https://[2001:db8::1]", ""},
		{"http://localhost:2583", "http://localhost:2583", ""},
		{"http://LOCALHOST:2583/", "http://localhost:2583", ""},
		{"http://localhost:443", "http://localhost:443", ""},
		// hostile: 21
		{"https://pds.example.com/oauth", "", "origin"},
		{"https://pds.example.com//", "", "origin"},
		{"https://pds.example.com/%2F", "", "origin"},
		{"https://pds.example.com?", "", "origin"},
		{"https://pds.example.com?x=y", "", "origin"},
		// hostile: 22
		{"http://pds.example.com", "", "url"},
		{"http://localhost:2584", "", "url"},
		{"http://localhost", "", "url"},
		{"http://localhost.example.com:2583", "", "url"},
		{"http://localhost:2583@example.com", "", "url"},
		{"ftp://pds.example.com", "", "url"},
		{"file:///etc/hosts", "", "url"},
		{"javascript:alert(1)", "", "url"},
		{"https:pds.example.com", "", "url"},
		{"https://", "", "url"},
		{"https:///x", "", "url"},
		{"https://:443", "", "url"},
		{"https://user@pds.example.com", "", "url"},
		{"https://user:pw@pds.example.com", "", "url"},
		{"https://@pds.example.com", "", "url"},
		{"https://pds.example.com#", "", "url"},
		{"https://pds.example.com/#x", "", "url"},
		{"https://pds.example.com:", "", "url"},
		{"https://pds.example.com:x", "", "url"},
		{"https://[fe80::1%25eth0]", "", "url"},
		{"https://[2001:db8::1%25eth0]:8443/x", "", "url"},
		{"https://pds%25.example.com", "", "url"},
		{"https://pds.exam ple.com", "", "url"},
		{"https://pds.example.com\n", "", "url"},
		{"//pds.example.com", "", "url"},
		{"pds.example.com", "", "url"},
		{"", "", "url"},
	}
	for _, tt := range tests {
		u, err := c.CheckURL(tt.raw)
		if (err == nil) != (tt.failure != "url") {
			t.Errorf("CheckURL(%q) = %v, %v", tt.raw, u, err)
		}
		if err != nil && tt.raw != "" && strings.Contains(err.Error(), tt.raw) {
			t.Errorf("CheckURL(%q) repeats it: %v", tt.raw, err)
		}
		origin, err := c.Origin(tt.raw)
		if origin != tt.origin || (err == nil) != (tt.failure == "") {
			t.Errorf("Origin(%q) = %q, %v; want %q", tt.raw, origin, err, tt.origin)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	wrap := func(err error) error { return &url.Error{Op: "Get", URL: "https://pds.example.com/", Err: err} }
	for err, want := range map[error]latchkey.Code{
		ErrUnsafeAddress:         latchkey.ServerUnsafe,
		ErrInsecure:              latchkey.ResponseInvalid,
		ErrRedirect:              latchkey.ResponseInvalid,
		ErrTooLarge:              latchkey.ResponseInvalid,
		errors.New("no network"): latchkey.ServerUnreachable,
	} {
		if got := Code(wrap(err)); got != want {
			t.Errorf("%v has the code %s, want %s", err, got, want)
		}
	}
}

// After Reconnect nothing new goes over the old connections, and what is on
// its way comes back all the same.
func TestReconnect(t *testing.T) {
	t.Parallel()
	waiting, answer := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	from := map[string]int{}
	h := newHouse(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from[r.RemoteAddr]++
		mu.Unlock()
		if r.URL.Path == "/slow" {
			close(waiting)
			<-answer
		}
		_, _ = io.WriteString(w, "here")
	}, "a.example.net")
	client := New(h.exceptions, "test/1")
	t.Cleanup(client.Close)
	documents, api := client.HTTP(Documents), client.HTTP(API)
	ask := func(c *http.Client, path string) {
		res, err := c.Get("https://a.example.net" + path)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = res.Body.Close() }()
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != "here" {
			t.Errorf("%q, %v", body, err)
		}
	}
	connections := func(want int) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if len(from) != want {
			t.Errorf("requests over %d connections, want %d", len(from), want)
		}
	}
	ask(documents, "/")
	ask(api, "/") // both share what they have
	connections(1)
	var slow sync.WaitGroup
	slow.Go(func() { ask(api, "/slow") })
	<-waiting
	client.Reconnect()
	ask(documents, "/")
	ask(api, "/")
	connections(2)
	close(answer)
	slow.Wait()
}
