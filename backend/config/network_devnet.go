//go:build devnet

package config

import (
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"latchkey/backend/safehttp"
)

// networkFile describes a private network. Everything in it is optional.
type networkFile struct {
	// PLCURL is the DID directory.
	PLCURL string `json:"plc_url"`
	// Resolve maps a host or *.suffix, with an optional port, to the loopback address to dial;
	// written as http://127.0.0.1:2583 it is spoken to without TLS.
	Resolve map[string]string `json:"resolve"`
	// CAFile holds certificates (PEM) trusted in addition, relative to the network file.
	CAFile string `json:"ca_file"`
	// PlainHTTP are loopback authorities that may be named by http URLs.
	PlainHTTP []string `json:"plain_http"`
	// DNS is "off" to skip TXT look-ups of handles, or empty.
	DNS string `json:"dns"`
}

func readNetwork(path string) (Network, error) {
	data, err := os.ReadFile(path) // #nosec G304 -- the developer names the file
	if err != nil {
		return Network{}, &Error{Where: prefix + "NETWORK", Why: "names a file that can't be read: " + err.Error() + "."}
	}
	var f networkFile
	if err := decodeStrict(path, data, &f); err != nil {
		return Network{}, err
	}
	return f.network(path)
}

func (f networkFile) network(path string) (Network, error) {
	wrong := func(key, why string) (Network, error) { return Network{}, &Error{Where: path, Key: key, Why: why} }
	n := Network{Exceptions: safehttp.Exceptions{
		Resolve:   map[string]safehttp.Target{},
		PlainHTTP: map[string]bool{},
	}}
	for _, authority := range f.PlainHTTP {
		host, port, err := net.SplitHostPort(authority)
		if err != nil || !isPort(port) || !isLoopback(host) {
			return wrong("plain_http", "takes host:port on this machine only, such as localhost:2583.")
		}
		n.Exceptions.PlainHTTP[strings.ToLower(authority)] = true
	}
	if f.PLCURL != "" {
		if u, err := url.Parse(f.PLCURL); err == nil && u.Scheme == "http" && isPort(u.Port()) && isLoopback(u.Hostname()) {
			n.Exceptions.PlainHTTP[strings.ToLower(u.Host)] = true
		}
		if !isOrigin(f.PLCURL, n.Exceptions.PlainHTTP) {
			return wrong("plc_url", "must be the address of the DID directory without a slash at the end: https, or http with a port on this machine.")
		}
		n.PLCURL = f.PLCURL
	}
	for name, address := range f.Resolve {
		key, ok := resolveKey(name)
		if !ok {
			return wrong("resolve", "has an entry that is not a host or *.suffix: "+name+".")
		}
		target := safehttp.Target{}
		target.Address, target.Plain = strings.CutPrefix(address, "http://")
		ap, err := netip.ParseAddrPort(target.Address)
		if err != nil || !ap.Addr().IsLoopback() {
			return wrong("resolve", "may lead to a loopback address with a port only, such as 127.0.0.1:2583; "+name+" leads to "+address+".")
		}
		n.Exceptions.Resolve[key] = target
	}
	if f.CAFile != "" {
		file := f.CAFile
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		pem, err := os.ReadFile(file) // #nosec G304 -- the developer names the file
		if err != nil {
			return wrong("ca_file", "can't be read: "+err.Error()+".")
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return wrong("ca_file", "holds no PEM certificate.")
		}
		n.Exceptions.Roots = roots
	}
	switch f.DNS {
	case "":
	case "off":
		n.DNSOff = true
	default:
		return wrong("dns", `must be "off" or left out.`)
	}
	return n, nil
}

// resolveKey brings a host or *.suffix into the form of [safehttp.Exceptions]: with a port.
func resolveKey(name string) (string, bool) {
	name = strings.ToLower(name)
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = name, "443"
	}
	bare := strings.TrimPrefix(host, "*.")
	if bare == "" || !isPort(port) || strings.ContainsAny(bare, "*/:@ ") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
