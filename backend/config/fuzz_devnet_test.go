//go:build devnet

package config

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"latchkey/backend/safehttp"
)

// FuzzNetworkFile: whatever a network file says, it leads to this machine and nowhere else.
// hostile: 17
func FuzzNetworkFile(f *testing.F) {
	for _, seed := range []string{
		`{"plc_url":"http://localhost:2582","resolve":{"*.test":"http://127.0.0.1:2583","a.b:9443":"[::1]:9"},"plain_http":["localhost:2583","[::1]:1"],"dns":"off"}`,
		`{"plc_url":"http://10.0.0.1:2582"}`, `{"resolve":{"*":"127.0.0.1:1"}}`, `{"resolve":{"a.test":"http://10.0.0.1:1"}}`, `{"resolve":{"a.test":"[::ffff:127.0.0.1]:1"}}`,
		`{"plain_http":["169.254.169.254:80"]}`, `{"plain_http":["127.1:80"]}`, `{"plc_url":"file:///x"}`, `{"plc_url":"https://plc.test?"}`, `{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var file networkFile
		if decodeStrict("network.json", data, &file) != nil {
			return
		}
		file.CAFile = "" // the fuzzer must not choose what is read
		n, err := file.network("network.json")
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Where != "network.json" || e.Key == "" {
				t.Errorf("got %v", err)
			}
			return
		}
		for name, target := range n.Exceptions.Resolve {
			if ap, err := netip.ParseAddrPort(target.Address); err != nil || !ap.Addr().Unmap().IsLoopback() || ap.Port() == 0 {
				t.Errorf("%s leads to %q", name, target.Address)
			}
			if _, port, err := net.SplitHostPort(name); err != nil || port == "" {
				t.Errorf("%q leads anywhere", name)
			}
		}
		for authority := range n.Exceptions.PlainHTTP {
			host, _, err := net.SplitHostPort(authority)
			if a, parse := netip.ParseAddr(host); err != nil || host != "localhost" && (parse != nil || !a.IsLoopback()) {
				t.Errorf("without TLS: %q", authority)
			}
		}
		if _, err := safehttp.New(n.Exceptions, "test").Origin(n.PLCURL); err != nil && n.PLCURL != "" {
			t.Errorf("the directory is at %q: %v", n.PLCURL, err)
		}
	})
}
