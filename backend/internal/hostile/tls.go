package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"sync"
	"time"
)

// discardLog hides the handshakes and handlers that tests break on purpose.
var discardLog = log.New(io.Discard, "", 0)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// ca is one authority for all networks of a test program.
var ca = sync.OnceValue(func() authority {
	key := newKey()
	cert := sign(&x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "hostile test authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, nil, &key.PublicKey, key)
	return authority{cert, key}
})

var leaf = sync.OnceValue(func() tls.Certificate {
	key := newKey()
	cert := sign(&x509.Certificate{
		SerialNumber: big.NewInt(2),
		DNSNames:     []string{"*.example.net", "*.example.org"},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca().cert, &key.PublicKey, ca().key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
})

func tlsConfig() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{leaf()}} }

func roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca().cert)
	return pool
}

// Authority is the certificate (PEM) that a process without Exceptions needs to trust the network.
func (s *Server) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca().cert.Raw})
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// sign makes a certificate, for a day unless the template says how long; without a parent it signs itself.
func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) *x509.Certificate {
	template.NotBefore = time.Now().Add(-time.Hour)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(24 * time.Hour)
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}
