package hostile

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/reserved"
)

// Every reserved range, in every form, as an address or behind a name, at every hop of a sign-in and of
// a session: nothing is connected to.
//
// hostile: 17
func TestAddressMatrix(t *testing.T) { // not parallel: it replaces the resolver
	addresses := reserved.Addresses()
	names := useResolver(t)
	server := New(t)
	exceptions := server.Exceptions()
	cases := 0
	refuses := func(h hop, c *caller, origin string) {
		d := dials{home: server.web.Listener.Addr().String()}
		err := h.ask(d.watch(t.Context()), c, origin)
		if n := d.made.Load(); n != 0 { // not once for each address: what nobody answers takes ten seconds
			t.Fatalf("%s, %s: %d connections were tried", h.name, origin, n)
		}
		if latchkey.CodeOf(err) != latchkey.ServerUnsafe || d.refused.Load() == 0 {
			t.Errorf("%s, %s: %v, refused %d times", h.name, origin, err, d.refused.Load())
		}
		cases++
	}
	for _, h := range hops {
		c := newCaller(t, server, exceptions)
		for i, a := range addresses {
			host := netip.AddrPortFrom(a, 8443).String()
			if h.nameOnly || i%10 == 0 {
				host = fmt.Sprintf("n%d.example.com", i)
				names.set(host, a)
			}
			refuses(h, c, "https://"+host)
		}
		// Rebinding: whoever looked first was told something harmless.
		names.set("rebinding.example.com", netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("127.0.0.1"))
		if first, err := net.DefaultResolver.LookupNetIP(t.Context(), "ip4", "rebinding.example.com"); err != nil || len(first) != 1 || first[0].String() != "8.8.8.8" {
			t.Fatalf("the first look-up answers %v, %v", first, err)
		}
		refuses(h, c, "https://rebinding.example.com")
	}
	t.Logf("figure: address matrix: %d addresses, %d hops, cases %d, connections 0", len(addresses), len(hops), cases)
}

// Other ways to write this machine's address, at every hop. Some resolvers understand all of them: ours does.
//
// hostile: 17
func TestSpellingsOfThisMachine(t *testing.T) { // not parallel: it replaces the resolver
	names := useResolver(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	server := New(t)
	exceptions := server.Exceptions()
	cases, made := 0, int64(0)
	for _, h := range hops {
		if h.nameOnly {
			continue
		}
		c := newCaller(t, server, exceptions)
		for _, host := range []string{
			"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "①②⑦.⓪.⓪.①",
			"[::1]", "[::]", "0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[::127.0.0.1]",
			"[::1%25lo]", "[fe80::1%25lo]", "me@127.0.0.1", "me:you@localhost", "pds.example.net@127.0.0.1", "127.0.0.1\\@pds.example.net", "%31%32%37.0.0.1",
			"pds.example.net.@127.0.0.1", "127.0.0.1:443@localhost",
		} {
			names.set(strings.ToLower(strings.TrimSuffix(host, ".")), netip.MustParseAddr("127.0.0.1"))
			d := dials{home: server.web.Listener.Addr().String()}
			if err := h.ask(d.watch(t.Context()), c, "https://"+host+":"+port); err == nil {
				t.Errorf("%s, %s: it was answered", h.name, host)
			}
			cases++
			made += d.made.Load()
		}
	}
	if made != 0 {
		t.Errorf("%d connections were tried", made)
	}
	if conn := firstOf(t, listener); conn != "ours" {
		t.Errorf("%s came in", conn)
	}
	t.Logf("figure: spellings of this machine: cases %d, connections %d", cases, made)
}

// What is not refused is connected to, so that nothing else is to be read into the zeros above.
func TestHopsConnect(t *testing.T) {
	t.Parallel()
	for _, h := range hops {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			server := New(t)
			s := newStranger(t, server, nil, http.NotFound)
			d := dials{home: server.web.Listener.Addr().String()}
			_ = h.ask(d.watch(t.Context()), newCaller(t, server, s.exceptions), strangerOrigin)
			if d.refused.Load() != 0 || d.made.Load() == 0 || s.requests.Load() == 0 {
				t.Errorf("refused %d, made %d, and %d requests came in", d.refused.Load(), d.made.Load(), s.requests.Load())
			}
		})
	}
}

// firstOf tells who comes in first: somebody who was there before, or a connection of our own.
func firstOf(t *testing.T, listener net.Listener) string {
	t.Helper()
	ours, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	first, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	if first.RemoteAddr().String() == ours.LocalAddr().String() {
		return "ours"
	}
	return first.RemoteAddr().String()
}

// resolver is a name server on this machine that knows the addresses of some names.
type resolver struct {
	mu    sync.Mutex
	names map[string][]netip.Addr
}

// set makes a name lead to these addresses, one for each time it is asked for, the last one for ever.
func (r *resolver) set(name string, answers ...netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[name+"."] = answers
}

// useResolver makes a name server the one of this process until the test ends.
func useResolver(t *testing.T) *resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &resolver{names: map[string][]netip.Addr{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			reply, err := r.answer(buffer[:n])
			if err != nil {
				t.Errorf("name server: %v", err)
			}
			_, _ = socket.WriteTo(reply, from)
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
	return r
}

func (r *resolver) answer(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := p.Question()
	if err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true},
		Questions: []dnsmessage.Question{question},
	}
	if a, ok := r.next(strings.ToLower(question.Name.String()), question.Type); ok {
		resource := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: question.Name, Class: question.Class}}
		if a.Is4() {
			resource.Body = &dnsmessage.AResource{A: a.As4()}
		} else {
			resource.Body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		}
		reply.Answers = append(reply.Answers, resource)
	}
	return reply.Pack()
}

// next is the answer to a question for this type.
func (r *resolver) next(name string, kind dnsmessage.Type) (netip.Addr, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.names[name]
	if len(all) == 0 || all[0].Is4() != (kind == dnsmessage.TypeA) {
		return netip.Addr{}, false
	}
	if len(all) > 1 {
		r.names[name] = all[1:]
	}
	return all[0], true
}
