package safehttp

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/reserved"
)

// hostile: 17
func TestReservedAddressesAreNotPublic(t *testing.T) {
	t.Parallel()
	for _, a := range reserved.Addresses() {
		if Public(a) {
			t.Errorf("%s counts as public", a)
		}
	}
	for _, text := range []string{"fe80::1%eth0", "2606:4700::1111%eth0", "::ffff:8.8.8.8%eth0", "::1%lo"} {
		if Public(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public, with its zone", text)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		// The neighbours of the reserved ranges, on both sides.
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
		"192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
		"203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
		"2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2003::", "2400::", "2606:4700::1111",
		"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::", "2a00::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::",
	} {
		for _, a := range reserved.Carriers(netip.MustParseAddr(text)) {
			if !Public(a) {
				t.Errorf("%s does not count as public", a)
			}
		}
	}
}

// hostile: 17
func TestReservedAddressesAreNotDialled(t *testing.T) {
	t.Parallel()
	client := newClient(t, Exceptions{}, Documents)
	tried := 0
	for _, a := range reserved.Addresses() {
		_, err := client.Get("https://" + netip.AddrPortFrom(a, 443).String() + "/")
		if !errors.Is(err, ErrUnsafeAddress) || Code(err) != latchkey.ServerUnsafe {
			t.Errorf("%s: %v", a, err)
		}
		tried++
	}
	t.Logf("address matrix, dialled directly: %d addresses, connections 0", tried)
}

// hostile: 17
func TestThisMachineIsNotConnectedTo(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	// The names a private network allows leave the rest as it was.
	exceptions := map[string]Exceptions{
		"release":     {},
		"development": {Resolve: map[string]Target{"pds.test:443": {Address: "127.0.0.1:1"}}, PlainHTTP: map[string]bool{"localhost:1": true}},
	}
	for name, x := range exceptions {
		client := newClient(t, x, Documents)
		for _, host := range []string{
			"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]",
			"[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[::127.0.0.1]", "[fe80::1%25lo]", "[::1%25lo]",
		} {
			_, err := client.Get("https://" + host + ":" + c.port() + "/")
			if !errors.Is(err, ErrUnsafeAddress) {
				t.Errorf("%s, %s: %v", name, host, err)
			}
		}
	}
	if n := c.connections(t); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// hostile: 17
func TestNamesAreCheckedWhenDialled(t *testing.T) { // not parallel: it replaces the resolver
	c := newCounter(t)
	tests := []struct {
		name    string
		answers []string // one for each time the name is looked up, then the last again
	}{
		{"private.example", []string{"127.0.0.1"}},
		{"metadata.example", []string{"169.254.169.254"}},
		// Rebinding: whoever looks first is told something harmless.
		{"rebinding.example", []string{"8.8.8.8", "127.0.0.1"}},
	}
	// Other ways to write 127.0.0.1. Some resolvers understand them, some don't.
	spellings := []string{"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "localhost.", "①②⑦.⓪.⓪.①"}
	answers := map[string][]string{}
	for _, host := range spellings {
		answers[strings.TrimSuffix(host, ".")+"."] = []string{"127.0.0.1"}
	}
	for _, tt := range tests {
		answers[tt.name+"."] = tt.answers
	}
	useResolver(t, answers)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.answers) > 1 {
				addrs, err := net.LookupHost(tt.name)
				if err != nil || len(addrs) != 1 || addrs[0] != tt.answers[0] {
					t.Fatalf("the first look-up answers %v, %v", addrs, err)
				}
			}
			_, err := newClient(t, Exceptions{}, Documents).Get("https://" + tt.name + ":" + c.port() + "/")
			if !errors.Is(err, ErrUnsafeAddress) {
				t.Errorf("%v", err)
			}
		})
	}
	for _, host := range spellings {
		if res, err := newClient(t, Exceptions{}, Documents).Get("https://" + host + ":" + c.port() + "/"); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s was answered", host)
		}
	}
	if n := c.connections(t); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// useResolver makes a small name server the resolver of this process until the test ends.
func useResolver(t *testing.T, answers map[string][]string) {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		asked := map[string]int{}
		buf := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(answer(buf[:n], answers, asked), from)
		}
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", socket.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = socket.Close()
		<-done
	})
}

// answer answers one query for an IPv4 address (RFC 1035 section 4); any other has no records.
func answer(query []byte, answers map[string][]string, asked map[string]int) []byte {
	var name strings.Builder
	end := 12
	for query[end] != 0 {
		n := int(query[end])
		name.Write(query[end+1 : end+1+n])
		name.WriteByte('.')
		end += 1 + n
	}
	kind := binary.BigEndian.Uint16(query[end+1:])
	reply := append([]byte{}, query[:end+5]...)
	reply[2], reply[3] = 0x84, 0 // an answer, authoritative, no error
	copy(reply[6:12], make([]byte, 6))
	list := answers[strings.ToLower(name.String())]
	if kind != 1 || len(list) == 0 {
		return reply
	}
	i := min(asked[name.String()], len(list)-1)
	asked[name.String()]++
	ip := netip.MustParseAddr(list[i]).As4()
	reply[7] = 1
	reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(reply, ip[:]...)
}
