package identity

import (
	"context"
	"encoding/binary"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

// newDirectory makes a directory that reaches a network, and asks names for TXT records; nil leaves
// DNS out.
func newDirectory(tb testing.TB, network *hostile.Server, names *nameServer) *Directory {
	tb.Helper()
	client := safehttp.New(network.Exceptions(), "test")
	tb.Cleanup(client.Close)
	d := New(client, hostile.PLC, names == nil)
	if names != nil {
		d.base.Resolver = net.Resolver{PreferGo: true, Dial: names.dial}
	}
	return d
}

func mustCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

// lookup resolves a text that is known to be a handle or DID.
func (d *Directory) lookup(tb testing.TB, text string) (latchkey.Identity, error) {
	tb.Helper()
	id, err := syntax.ParseAtIdentifier(text)
	if err != nil {
		tb.Fatal(err)
	}
	return d.Lookup(tb.Context(), id)
}

// nameServer is a DNS server on UDP that knows TXT records. Other names do not exist.
type nameServer struct {
	// TXT has the records by name, without the dot at the end.
	TXT map[string][]string
	// Code, if it is not zero, is the only answer (2: server failure, 5: refused).
	Code uint16

	// wait, if set, holds answers back until it is closed.
	wait chan struct{}

	conn  net.PacketConn
	asked atomic.Int32

	mu    sync.Mutex
	names map[string]bool
}

// questions are the names that were asked for, in order, each once.
func (n *nameServer) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.names))
}

// serve starts the server; it ends with the test.
func (n *nameServer) serve(tb testing.TB) *nameServer {
	tb.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	n.conn = conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			n.asked.Add(1)
			if n.wait != nil {
				<-n.wait
			}
			_, _ = conn.WriteTo(n.answer(buffer[:size]), from)
		}
	}()
	tb.Cleanup(func() { _ = conn.Close(); <-done })
	return n
}

func (n *nameServer) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "udp4", n.conn.LocalAddr().String())
}

// answer makes the response to a query with one question (RFC 1035 section 4).
func (n *nameServer) answer(query []byte) []byte {
	const header = 12
	var labels []string
	at := header
	for query[at] != 0 {
		size := int(query[at])
		labels = append(labels, string(query[at+1:at+1+size]))
		at += 1 + size
	}
	end := at + 5 // the last label, type and class
	name := strings.ToLower(strings.Join(labels, "."))
	n.mu.Lock()
	if n.names == nil {
		n.names = map[string]bool{}
	}
	n.names[name] = true
	n.mu.Unlock()
	records, exists := n.TXT[name]
	code := n.Code
	if code == 0 && !exists {
		code = 3 // there is no such name
	}
	if code != 0 {
		records = nil
	}
	response := append([]byte{}, query[:end]...)
	binary.BigEndian.PutUint16(response[2:], 0x8180|code)
	binary.BigEndian.PutUint16(response[6:], uint16(len(records)))
	binary.BigEndian.PutUint16(response[8:], 0)
	binary.BigEndian.PutUint16(response[10:], 0)
	for _, text := range records {
		response = append(response, 0xc0, header, 0, 16, 0, 1, 0, 0, 0, 60) // name as asked, TXT, IN, a minute
		response = binary.BigEndian.AppendUint16(response, uint16(len(text)+1))
		response = append(append(response, byte(len(text))), text...)
	}
	return response
}

// answering answers every request the same, without a network.
type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
