package safehttp

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzOrigin: what counts as the address of a server is one, spelt one way, and reached over TLS.
// hostile: 21, 22
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{
		"https://pds.example.com", "https://pds.example.com/", "HTTPS://PDS.example.com:443", "https://[2001:db8::1]:8443", "https://[fe80::1%25eth0]",
		"https://me@pds.example.com", "https://pds.example.com#", "https://pds.example.com:", "https://pds.example.com?", "http://pds.example.com", "javascript:alert(1)",
		"https:pds.example.com", "//pds.example.com", "https://a%2fb", "https://a\\b", "https://\u00e4.example.com", "https://a%00b", "https://localhost:2583@x",
	} {
		f.Add(seed)
	}
	c := New(Exceptions{}, "test/1")
	f.Fuzz(func(t *testing.T, raw string) {
		checked, err := c.CheckURL(raw)
		if err == nil && (checked.Scheme != "https" || checked.User != nil || checked.Hostname() == "" || strings.Contains(raw, "#")) {
			t.Errorf("CheckURL(%q) = %v", raw, checked)
		}
		origin, err := c.Origin(raw)
		if err != nil {
			if origin != "" {
				t.Errorf("Origin(%q) = %q beside an error", raw, origin)
			}
			return
		}
		u, err := url.Parse(origin)
		if err != nil || origin != "https://"+u.Host || u.Port() == "443" || strings.HasSuffix(u.Host, ":") {
			t.Errorf("Origin(%q) = %q", raw, origin)
		}
		if again, err := c.Origin(origin); err != nil || again != origin {
			t.Errorf("Origin(%q) = %q, and the origin of that is %q, %v", raw, origin, again, err)
		}
	})
}

// FuzzPublic compares the guard with what the standard library knows of addresses.
// hostile: 17
func FuzzPublic(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "8.8.8.8", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fe80::1", "2606:4700::1111", "2002:7f00:1::"} {
		f.Add(netip.MustParseAddr(text).AsSlice())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, ok := netip.AddrFromSlice(raw)
		if !ok || !Public(a) {
			return
		}
		if Public(a.WithZone("eth0")) && a.Is6() {
			t.Errorf("%s counts as public with a zone", a)
		}
		// What the address is, and what it carries in any of the known ways (RFC 4291, 6052, 3056, 4380).
		carried := []netip.Addr{a.Unmap()}
		if b := a.As16(); a.Is6() {
			var teredo [4]byte
			for i := range teredo {
				teredo[i] = ^b[12+i]
			}
			switch {
			case nat64.Contains(a):
				carried = append(carried, netip.AddrFrom4([4]byte(b[12:16])))
			case b[0] == 0x20 && b[1] == 0x02:
				carried = append(carried, netip.AddrFrom4([4]byte(b[2:6])))
			case b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0:
				carried = append(carried, netip.AddrFrom4(teredo))
			}
		}
		for _, c := range carried {
			if !c.IsGlobalUnicast() || c.IsPrivate() {
				t.Errorf("%s counts as public and leads to %s", a, c)
			}
		}
	})
}
