package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// make makes throw-away certificates below one root: one that signs programs, and one of a server of time
// stamps on this machine.
func (a *authenticode) make(ctx context.Context, dir string) error {
	root, err := newCertificate(dir, "root", nil, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	if err != nil {
		return err
	}
	code, err := newCertificate(dir, "code", root, &x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	if err != nil {
		return err
	}
	// The one purpose of such a certificate has to be critical (RFC 3161 section 2.3).
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return err
	}
	stamps, err := newCertificate(dir, "stamps", root, &x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}})
	if err != nil {
		return err
	}
	if a.server, err = newTimestamper(ctx, dir, root, stamps); err != nil {
		return err
	}
	a.certificate, a.key, a.roots, a.timestamp = code.file, code.keyFile, root.file, a.server.address
	return nil
}

// certificate is one that nobody needs to keep.
type certificate struct {
	*x509.Certificate
	key           *rsa.PrivateKey
	file, keyFile string
}

// newCertificate makes one by an issuer, or by itself.
func newCertificate(dir, name string, issuer *certificate, form *x509.Certificate) (*certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return nil, err
	}
	if form.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, err
	}
	form.Subject = pkix.Name{CommonName: "Test " + name}
	form.NotBefore, form.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(0, 1, 0)
	c := &certificate{key: key, file: filepath.Join(dir, name+".pem"), keyFile: filepath.Join(dir, name+".key")}
	by := certificate{Certificate: form, key: key}
	if issuer != nil {
		by = *issuer
	}
	der, err := x509.CreateCertificate(rand.Reader, form, by.Certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	if c.Certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return c, errors.Join(
		os.WriteFile(c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(c.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// timestamper is a server of time stamps (RFC 3161) on this machine, which answers what openssl does.
type timestamper struct {
	http.Server
	address string
	dir     string // where openssl finds its settings
	one     sync.Mutex
}

// stampSettings are those of openssl ts (its manual, "CONFIGURATION FILE OPTIONS").
const stampSettings = `[tsa]
default_tsa = server
[server]
serial = %[1]s/serial
signer_cert = %[2]s
certs = %[3]s
signer_key = %[4]s
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
`

func newTimestamper(ctx context.Context, dir string, root, stamps *certificate) (*timestamper, error) {
	settings := fmt.Sprintf(stampSettings, dir, stamps.file, root.file, stamps.keyFile)
	if err := os.WriteFile(filepath.Join(dir, "stamps.conf"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &timestamper{dir: dir, address: "http://" + listener.Addr().String()}
	t.Handler, t.ReadTimeout, t.WriteTimeout = http.HandlerFunc(t.stamp), 10*time.Second, 30*time.Second
	go func() { _ = t.Serve(listener) }() // until it is closed
	return t, nil
}

func (t *timestamper) stamp(w http.ResponseWriter, request *http.Request) {
	cmd := command(request.Context(), "openssl", "ts", "-reply", "-config", filepath.Join(t.dir, "stamps.conf"), "-queryfile", "/dev/stdin")
	cmd.Stdin, cmd.Stderr = io.LimitReader(request.Body, 1<<16), nil
	t.one.Lock() // openssl counts in a file
	reply, err := cmd.Output()
	t.one.Unlock()
	if err != nil {
		http.Error(w, "no time stamp", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(reply) // who has gone needs none
}

func (t *timestamper) close() error { return t.Close() }
