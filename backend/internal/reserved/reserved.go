// Package reserved lists the addresses that no server on the public internet has, for the tests of what
// keeps the house from connecting to them.
package reserved

import "net/netip"

// Ranges are those of the IANA special-purpose address registries
// (https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry) that a server
// on the public internet can't have, with multicast and the space that is not given out. Written down here a
// second time, so that the guard's own list is compared with something.
var Ranges = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
	"169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", // metadata services of clouds
	"::/128", "::1/128", "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/32",
	"2001:1::1/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32",
	"2002::/16", "2620:4f:8000::/48", "3fff::/20", "4000::/2", "5f00::/16", "8000::/1", "fc00::/7", "fe80::/10",
	"fec0::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128",
}

// Addresses are the first and the last address of every range, in every form: see [Carriers] and [Tunnels].
func Addresses() []netip.Addr {
	var all []netip.Addr
	for _, text := range Ranges {
		first, last := ends(netip.MustParsePrefix(text))
		for _, a := range []netip.Addr{first, last} {
			all = append(append(all, Carriers(a)...), Tunnels(a)...)
		}
	}
	return all
}

// ends are the first and the last address of a range.
func ends(p netip.Prefix) (first, last netip.Addr) {
	first = p.Masked().Addr()
	b := first.AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ = netip.AddrFromSlice(b)
	return first, last
}

// Carriers are an address and the IPv6 addresses that stand for it: IPv4-mapped (RFC 4291 section 2.5.5.2)
// and NAT64 (RFC 6052). They are as public as what they carry.
func Carriers(a netip.Addr) []netip.Addr {
	if !a.Is4() {
		return []netip.Addr{a}
	}
	return []netip.Addr{a, netip.AddrFrom16(a.As16()), with("64:ff9b::", 12, a)}
}

// Tunnels are the other IPv6 addresses that have an IPv4 address inside: IPv4-compatible (RFC 4291 section
// 2.5.5.1), IPv4-translated (RFC 2765), local NAT64 (RFC 8215), 6to4 (RFC 3056) and Teredo (RFC 4380). None
// of them is public, whatever is inside.
func Tunnels(a netip.Addr) []netip.Addr {
	if !a.Is4() {
		return nil
	}
	v4 := a.As4()
	inverted := netip.AddrFrom4([4]byte{^v4[0], ^v4[1], ^v4[2], ^v4[3]})
	return []netip.Addr{with("::", 12, a), with("::ffff:0:0:0", 12, a), with("64:ff9b:1::", 12, a), with("2002::", 2, a), with("2001::", 12, inverted)}
}

// with is an IPv6 address with the four bytes of an IPv4 address in it.
func with(base string, at int, a netip.Addr) netip.Addr {
	b, v4 := netip.MustParseAddr(base).As16(), a.As4()
	copy(b[at:], v4[:])
	return netip.AddrFrom16(b)
}
