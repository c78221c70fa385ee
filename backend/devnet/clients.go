package devnet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// clientHostName is under the one top-level domain for private networks that the PDS does not refuse: it
	// takes no client id under .test.
	clientHostName = "app.latchkey.internal"
	trustedClient  = "https://" + clientHostName + "/oauth-client-metadata.json"
	// clientHostCA is the file in the network's folder with the certificate that the host is trusted by.
	clientHostCA = "clients.pem"
)

// HostClient puts a document on the host for client metadata, served over TLS as application/json, and answers its
// address, which is the client id to sign in with. Servers remember what they read under an address for some
// minutes: a document that has to be another one needs another path.
func (n *Network) HostClient(path string, document []byte) string {
	return n.HostClientAs(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document)
	})
}

// HostClientAs is HostClient for a host that answers differently.
func (n *Network) HostClientAs(path string, answer http.HandlerFunc) string {
	n.clients.answers.Store(path, answer)
	return "https://" + clientHostName + path
}

// clientHost serves in this process. A nil one is a network without.
type clientHost struct {
	address string // where it really listens
	server  *http.Server
	served  chan error
	answers sync.Map // of http.HandlerFunc, by path
}

// startClientHost listens, with a certificate that it writes to dir.
func startClientHost(dir string) (*clientHost, error) {
	certificate, err := newCertificate(clientHostName)
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		file := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
		err = os.WriteFile(filepath.Join(dir, clientHostCA), file, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	socket, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	h := &clientHost{address: socket.Addr().String(), served: make(chan error, 1)}
	h.server = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { h.served <- h.server.ServeTLS(socket, "", "") }()
	return h, nil
}

// ServeHTTP implements [http.Handler].
func (h *clientHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, ok := h.answers.Load(r.URL.Path); ok {
		answer.(http.HandlerFunc)(w, r)
		return
	}
	http.NotFound(w, r)
}

func (h *clientHost) close() error {
	if h == nil {
		return nil
	}
	err := h.server.Close()
	if served := <-h.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	h.served <- http.ErrServerClosed // for whoever closes it again
	return err
}

// clientPlan is where the servers find the host, as network.mjs reads it.
type clientPlan struct {
	Host    string `json:"host"`
	Address string `json:"address"`
	Trusted string `json:"trusted"` // the client id that the first PDS trusts
}

func (h *clientHost) plan() *clientPlan {
	if h == nil {
		return nil
	}
	return &clientPlan{Host: clientHostName, Address: h.address, Trusted: trustedClient}
}

// newCertificate is one for a name that signs itself, so that it is its own authority, for a day.
func newCertificate(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
