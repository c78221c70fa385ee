//go:build devnet

package devnet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// What is hosted is found through the network file, over TLS with its own authority, and stays through a restart. A
// network that is started without has none.
func TestClientHost(t *testing.T) {
	t.Parallel()
	network := MustStartWith(t, Options{ClientHost: true})
	address := network.HostClient("/notes.json", []byte(`{"client_name": "Notes"}`))
	read := func() (file struct {
		Resolve map[string]string
		CAFile  string `json:"ca_file"`
	}) {
		data, err := os.ReadFile(network.NetworkFile())
		if err != nil {
			t.Fatal(err)
		}
		decode(t, string(data), &file)
		return file
	}
	check := func() {
		t.Helper()
		file := read()
		pem, err := os.ReadFile(filepath.Join(filepath.Dir(network.NetworkFile()), file.CAFile))
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			t.Fatal("no certificate in the file")
		}
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: "app.latchkey.internal", MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, file.Resolve["app.latchkey.internal"])
			},
		}}
		res, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var document map[string]string
		if err := json.NewDecoder(res.Body).Decode(&document); err != nil || document["client_name"] != "Notes" || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v, %v, %v", document, res.Header, err)
		}
	}
	check()
	if err := network.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	if err := network.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), Options{Dir: network.options.Dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	if file := read(); file.CAFile != "" || file.Resolve["app.latchkey.internal"] != "" || again.TrustedClient != "" {
		t.Errorf("without the host: %+v, %q", file, again.TrustedClient)
	}
}
