package safehttp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// authority is a certificate authority of one test.
type authority struct {
	template x509.Certificate
	key      *ecdsa.PrivateKey
	pool     *x509.CertPool
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool(), template: x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "authority of a test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}}
	der, err := x509.CreateCertificate(rand.Reader, &a.template, &a.template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	a.pool.AddCert(cert)
	return a
}

// certificate is for these names, from an hour ago until ends.
func (a *authority) certificate(tb testing.TB, ends time.Time, names ...string) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     ends,
		DNSNames:     names,
	}, &a.template, &key.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// house is a TLS server that answers to several names, and a client that finds it.
type house struct {
	server     *httptest.Server
	exceptions Exceptions
	requests   atomic.Int64
}

func newHouse(tb testing.TB, handler http.HandlerFunc, names ...string) *house {
	tb.Helper()
	ca := newAuthority(tb)
	h := &house{}
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		handler(w, r)
	}))
	h.server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.certificate(tb, time.Now().Add(time.Hour), names...)}}
	h.server.EnableHTTP2 = true
	h.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.server.StartTLS()
	tb.Cleanup(h.server.Close)
	h.exceptions = Exceptions{Roots: ca.pool, Resolve: map[string]Target{}}
	for _, name := range names {
		h.exceptions.Resolve[name+":443"] = Target{Address: h.address()}
	}
	return h
}

func (h *house) address() string { return h.server.Listener.Addr().String() }

func (h *house) client(tb testing.TB, l Limits) *http.Client { return newClient(tb, h.exceptions, l) }

func newClient(tb testing.TB, x Exceptions, l Limits) *http.Client {
	tb.Helper()
	c := New(x, "test/1")
	tb.Cleanup(c.Close)
	return c.HTTP(l)
}

// counter is a listener on this machine that nothing may connect to.
type counter struct {
	net.Listener
	seen chan string // remote addresses
}

func newCounter(tb testing.TB) *counter {
	tb.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	c := &counter{Listener: l, seen: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.seen <- conn.RemoteAddr().String()
			_ = conn.Close()
		}
	}()
	tb.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return c
}

func (c *counter) port() string {
	_, port, _ := strings.Cut(c.Addr().String(), ":")
	return port
}

// connections counts what came in. One connection of our own marks the end: they are accepted in
// their order.
func (c *counter) connections(tb testing.TB) int {
	tb.Helper()
	conn, err := net.Dial("tcp4", c.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for n := 0; ; n++ {
		if <-c.seen == conn.LocalAddr().String() {
			return n
		}
	}
}
