package hostile

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/backend/safehttp"
)

// isHandle tells the hops that read /.well-known/atproto-did. They may follow redirects, as the handle
// specification has it (the tests of safehttp see to those), and indigo reads 2 KiB of it only.
func (h hop) isHandle() bool { return strings.HasPrefix(h.name, "handle") }

// hostile: 18
func TestRedirectsAtEveryHop(t *testing.T) {
	t.Parallel()
	for _, h := range hops {
		if h.isHandle() {
			continue
		}
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprint(h.name, " ", status), func(t *testing.T) {
				t.Parallel()
				var secrets atomic.Int64
				server := New(t)
				elsewhere := newStranger(t, server, nil, func(http.ResponseWriter, *http.Request) { secrets.Add(1) })
				s := newStranger(t, server, nil, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("DPoP-Nonce", "some")
					w.Header().Set("Location", "https://elsewhere.example.net"+r.URL.Path)
					w.WriteHeader(status)
				})
				s.exceptions.Resolve["elsewhere.example.net:443"] = elsewhere.exceptions.Resolve["stranger.example.net:443"]
				err := h.ask(t.Context(), newCaller(t, server, s.exceptions), strangerOrigin)
				// The question before a refresh wants an answer, whatever it says.
				if err == nil && h.name != "question before a refresh" {
					t.Error("it was followed, or taken for an answer")
				}
				if s.requests.Load() == 0 || secrets.Load() != 0 {
					t.Errorf("%d requests, of which %d were sent on", s.requests.Load(), secrets.Load())
				}
			})
		}
	}
}

// hostile: 19
func TestTooMuchAtEveryHop(t *testing.T) {
	t.Parallel()
	const much = 100 << 20
	bomb := packed(t, 10<<20)
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"100 MB": func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Length", fmt.Sprint(much))
			_, err := io.CopyN(w, spaces{}, much)
			return err
		},
		"without end": func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.Copy(w, spaces{})
			return err
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Encoding", "gzip")
			_, err := w.Write(bomb)
			return err
		},
	} {
		for _, h := range hops {
			if h.name == "call" && name != "100 MB" {
				continue // it may have 64 MiB, which take a while
			}
			t.Run(name+", "+h.name, func(t *testing.T) {
				t.Parallel()
				gaveUp := make(chan error, 10)
				server := New(t)
				s := newStranger(t, server, nil, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("DPoP-Nonce", "some")
					w.Header().Set("Content-Type", "application/json")
					gaveUp <- answer(w, r)
				})
				err := h.ask(t.Context(), newCaller(t, server, s.exceptions), strangerOrigin)
				if stopped := errors.Is(err, safehttp.ErrTooLarge) || err != nil && h.isHandle(); !stopped && h.name != "question before a refresh" {
					t.Errorf("it ends with %v", err)
				}
				if err := <-gaveUp; err == nil && name != "gzip bomb" { // which is small until it is opened
					t.Error("all of it was sent")
				}
			})
		}
	}
}

// packed is so many spaces, compressed.
func packed(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, spaces{}, size); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A byte a second never takes longer than it may in all. Ten seconds pass, for all hops at once.
//
// hostile: 19
func TestSlowAtEveryHop(t *testing.T) {
	t.Parallel()
	var asking sync.WaitGroup
	for _, h := range hops {
		if h.name == "call" {
			continue // the answer is the caller's, who gets a minute for it
		}
		asking.Go(func() {
			sent := make(chan int, 10)
			server := New(t)
			s := newStranger(t, server, nil, func(w http.ResponseWriter, r *http.Request) {
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for n := 1; ; n++ {
					_, _ = w.Write([]byte(" "))
					w.(http.Flusher).Flush()
					select {
					case <-tick.C:
					case <-r.Context().Done():
						sent <- n
						// An end in good order could still arrive while the other side is hanging up, and to a
						// revocation it is an answer.
						panic(http.ErrAbortHandler)
					}
				}
			})
			if err := h.ask(t.Context(), newCaller(t, server, s.exceptions), strangerOrigin); err == nil {
				t.Errorf("%s: it was taken", h.name)
			}
			if n := <-sent; n > 20 {
				t.Errorf("%s: it was given up after %d bytes, one a second", h.name, n)
			}
		})
	}
	asking.Wait()
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// hostile: 31
func TestBadCertificatesAtEveryHop(t *testing.T) {
	t.Parallel()
	key := newKey()
	certificate := func(parent *x509.Certificate, name string, ends time.Time) tls.Certificate {
		template := &x509.Certificate{SerialNumber: big.NewInt(3), DNSNames: []string{name}, NotAfter: ends, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		signer := ca().key
		if parent == nil {
			signer = key
		}
		return tls.Certificate{Certificate: [][]byte{sign(template, parent, &key.PublicKey, signer).Raw}, PrivateKey: key}
	}
	good := "stranger.example.net"
	for name, test := range map[string]struct {
		certificate tls.Certificate
		served      bool
	}{
		"good":         {certificate(ca().cert, good, time.Time{}), true},
		"expired":      {certificate(ca().cert, good, time.Now().Add(-time.Minute)), false},
		"another name": {certificate(ca().cert, "pds.example.net", time.Time{}), false},
		"self-signed":  {certificate(nil, good, time.Time{}), false},
	} {
		for _, h := range hops {
			t.Run(name+", "+h.name, func(t *testing.T) {
				t.Parallel()
				server := New(t)
				s := newStranger(t, server, &test.certificate, http.NotFound)
				err := h.ask(t.Context(), newCaller(t, server, s.exceptions), strangerOrigin)
				if served := s.requests.Load() > 0; served != test.served || !served && err == nil {
					t.Errorf("%d requests, %v", s.requests.Load(), err)
				}
			})
		}
	}
}
