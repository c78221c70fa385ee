package safehttp

import (
	"crypto/x509"
	"net"
	"strings"
)

// Exceptions let a private development network through. The zero value allows nothing and is what
// release builds have.
type Exceptions struct {
	// Resolve maps "host:port" or "*.suffix:port" to where it is really served.
	Resolve map[string]Target
	// Roots are trusted instead of the system's certificates; nil means the system's.
	Roots *x509.CertPool
	// PlainHTTP are authorities ("localhost:2583") that may be spoken to without TLS. They must
	// be on this machine: connections to them go to loopback addresses only.
	PlainHTTP map[string]bool
}

// Target is a loopback address.
type Target struct {
	Address string // "127.0.0.1:2583"
	// Plain speaks HTTP without TLS to it although the URL says https.
	Plain bool
}

func (x Exceptions) target(host, port string) (Target, bool) {
	host = strings.ToLower(host)
	if t, ok := x.Resolve[net.JoinHostPort(host, port)]; ok {
		return t, true
	}
	for {
		_, parent, found := strings.Cut(host, ".")
		if !found {
			return Target{}, false
		}
		if t, ok := x.Resolve["*."+net.JoinHostPort(parent, port)]; ok {
			return t, true
		}
		host = parent
	}
}

func (x Exceptions) isTarget(address string) bool {
	for _, t := range x.Resolve {
		if t.Address == address {
			return true
		}
	}
	return false
}
