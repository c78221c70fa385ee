//go:build devnet

package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"latchkey/backend/safehttp"
)

// load reads a configuration whose network file has this text.
func load(t *testing.T, text string) (c Config, path string, err error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "network.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(prefix+"NETWORK", path)
	c, err = Load()
	return c, path, err
}

func TestNetworkFile(t *testing.T) { // not parallel: it sets the environment
	tests := []struct {
		name, text string
		want       Network
	}{
		{"empty", `{}`, Network{}},
		{"all but certificates", `{
			"plc_url": "http://localhost:2582",
			"resolve": {
				"*.test": "http://127.0.0.1:2583", "app.bench.internal:9443": "127.0.0.1:9443", "PDS.Test": "[::1]:2583",
				"*.deep.test:8443": "http://127.8.8.8:1", "localhost": "127.0.0.1:9"
			},
			"plain_http": ["localhost:2583", "127.0.0.1:2584", "[::1]:2585", "LOCALHOST:2586"],
			"dns": "off"
		}`, Network{
			PLCURL: "http://localhost:2582",
			DNSOff: true,
			Exceptions: safehttp.Exceptions{
				Resolve: map[string]safehttp.Target{
					"*.test:443":              {Address: "127.0.0.1:2583", Plain: true},
					"app.bench.internal:9443": {Address: "127.0.0.1:9443"},
					"pds.test:443":            {Address: "[::1]:2583"},
					"*.deep.test:8443":        {Address: "127.8.8.8:1", Plain: true},
					"localhost:443":           {Address: "127.0.0.1:9"},
				},
				PlainHTTP: map[string]bool{"localhost:2582": true, "localhost:2583": true, "127.0.0.1:2584": true, "[::1]:2585": true, "localhost:2586": true},
			},
		}},
		{"directory over https", `{"plc_url": "https://plc.test"}`, Network{PLCURL: "https://plc.test"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _, err := load(t, tt.text)
			if tt.want.Exceptions.Resolve == nil {
				tt.want.Exceptions = safehttp.Exceptions{Resolve: map[string]safehttp.Target{}, PlainHTTP: map[string]bool{}}
			}
			if err != nil || !reflect.DeepEqual(c.Network, tt.want) {
				t.Errorf("got %+v, %v; want %+v", c.Network, err, tt.want)
			}
		})
	}
}

func TestBadNetworkFiles(t *testing.T) { // not parallel: it sets the environment
	tests := []struct{ name, key, text string }{
		{"no object", "", `[]`},
		{"null", "", `null`},
		{"half", "", `{"dns": "o`},
		{"two objects", "", `{}{}`},
		{"unknown key", "tls", `{"tls": "off"}`},
		{"wrong kind", "plain_http", `{"plain_http": "localhost:1"}`},
		{"directory over http elsewhere", "plc_url", `{"plc_url": "http://plc.example.com"}`},
		{"directory over http elsewhere, with a port", "plc_url", `{"plc_url": "http://10.0.0.1:2582"}`},
		{"directory over http without a port", "plc_url", `{"plc_url": "http://localhost"}`},
		{"directory with a slash", "plc_url", `{"plc_url": "https://plc.test/"}`},
		{"directory with a query", "plc_url", `{"plc_url": "https://plc.test?x"}`},
		{"directory with user info", "plc_url", `{"plc_url": "https://x@plc.test"}`},
		{"directory of another scheme", "plc_url", `{"plc_url": "file:///x"}`},
		{"directory without a host", "plc_url", `{"plc_url": "https://"}`},
		{"resolve to a public address", "resolve", `{"resolve": {"pds.test": "93.184.216.34:443"}}`},
		{"resolve to a private address", "resolve", `{"resolve": {"pds.test": "192.168.0.1:443"}}`},
		{"resolve to any address", "resolve", `{"resolve": {"pds.test": "0.0.0.0:443"}}`},
		{"resolve to a name", "resolve", `{"resolve": {"pds.test": "localhost:443"}}`},
		{"resolve without a port", "resolve", `{"resolve": {"pds.test": "127.0.0.1"}}`},
		{"resolve with a path", "resolve", `{"resolve": {"pds.test": "http://127.0.0.1:1/"}}`},
		{"resolve to https", "resolve", `{"resolve": {"pds.test": "https://127.0.0.1:1"}}`},
		{"resolve everything", "resolve", `{"resolve": {"*": "127.0.0.1:1"}}`},
		{"resolve every name", "resolve", `{"resolve": {"*.": "127.0.0.1:1"}}`},
		{"resolve with a star inside", "resolve", `{"resolve": {"a.*.test": "127.0.0.1:1"}}`},
		{"resolve a URL", "resolve", `{"resolve": {"https://pds.test": "127.0.0.1:1"}}`},
		{"resolve a path", "resolve", `{"resolve": {"pds.test/x": "127.0.0.1:1"}}`},
		{"resolve nothing", "resolve", `{"resolve": {"": "127.0.0.1:1"}}`},
		{"resolve an empty port", "resolve", `{"resolve": {"pds.test:": "127.0.0.1:1"}}`},
		{"plain http elsewhere", "plain_http", `{"plain_http": ["pds.example.com:80"]}`},
		{"plain http on a private address", "plain_http", `{"plain_http": ["192.168.0.1:80"]}`},
		{"plain http without a port", "plain_http", `{"plain_http": ["localhost"]}`},
		{"plain http with an empty port", "plain_http", `{"plain_http": ["localhost:"]}`},
		{"plain http with a port that is no number", "plain_http", `{"plain_http": ["localhost:http"]}`},
		{"plain http on a look-alike", "plain_http", `{"plain_http": ["localhost.example.com:80"]}`},
		{"plain http as a URL", "plain_http", `{"plain_http": ["http://localhost:80"]}`},
		{"dns on", "dns", `{"dns": "on"}`},
		{"no certificates there", "ca_file", `{"ca_file": "missing.pem"}`},
		{"no certificates in it", "ca_file", `{"ca_file": "network.json"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, path, err := load(t, tt.text)
			checkError(t, err, path, tt.key)
			if !reflect.DeepEqual(c, Config{}) {
				t.Errorf("half a configuration came back: %+v", c)
			}
		})
	}
}

func TestCertificates(t *testing.T) { // not parallel: it sets the environment
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(file), "network.json")
	for name, text := range map[string]string{"relative": "ca.pem", "absolute": file} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(`{"ca_file": "`+text+`"}`), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(prefix+"NETWORK", path)
			c, err := Load()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := own.Verify(x509.VerifyOptions{Roots: c.Network.Exceptions.Roots}); err != nil {
				t.Errorf("the certificate is not trusted: %v", err)
			}
			// In addition to the system's, not instead of them.
			if system, err := x509.SystemCertPool(); err == nil {
				system.AddCert(own)
				if !system.Equal(c.Network.Exceptions.Roots) {
					t.Error("the system's certificates are gone")
				}
			}
		})
	}
}
