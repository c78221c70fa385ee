package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

var alice = latchkey.Identity{DID: hostile.AliceDID, Handle: hostile.AliceHandle, Server: hostile.PDS}

// records is the TXT record of alice's handle.
func records(text ...string) *nameServer {
	return &nameServer{TXT: map[string][]string{"_atproto.alice.example.net": text}}
}

func TestLookupHandle(t *testing.T) {
	t.Parallel()
	none := &nameServer{}
	for name, test := range map[string]struct {
		names *nameServer // nil: DNS is off
		web   bool        // whether the handle's host answers
		text  string
	}{
		"HTTPS, no DNS":           {nil, true, "alice.example.net"},
		"HTTPS":                   {none, true, "alice.example.net"},
		"DNS":                     {records("did=" + hostile.AliceDID.String()), false, "alice.example.net"},
		"both":                    {records("did=" + hostile.AliceDID.String()), true, "alice.example.net"},
		"among other records":     {records("v=spf1 -all", "did="+hostile.AliceDID.String()), false, "alice.example.net"},
		"capitals":                {none, true, "Alice.Example.NET"},
		"DNS fails, HTTPS works":  {&nameServer{Code: 2}, true, "alice.example.net"},
		"bad record, HTTPS works": {records("did=nonsense"), true, "alice.example.net"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := hostile.New(t)
			if !test.web {
				delete(network.Handles, hostile.AliceHandle)
			}
			names := test.names
			if names != nil {
				names = (&nameServer{TXT: names.TXT, Code: names.Code}).serve(t)
			}
			got, err := newDirectory(t, network, names).lookup(t, test.text)
			if err != nil || got != alice {
				t.Errorf("got %+v, %v", got, err)
			}
			if names != nil && names.asked.Load() == 0 {
				t.Error("DNS was not asked")
			}
		})
	}
}

// DNS and HTTPS may disagree: DNS wins, as the specification has it, even when it is the later one.
func TestDNSBeforeHTTPS(t *testing.T) {
	t.Parallel()
	names := records("did=" + hostile.AliceDID.String())
	names.wait = make(chan struct{})
	d := newDirectory(t, hostile.New(t), names.serve(t))
	network := d.base.HTTPClient.Transport
	d.base.HTTPClient.Transport = answering(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/.well-known/atproto-did" {
			return network.RoundTrip(r)
		}
		defer close(names.wait)
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(hostile.BobDID.String()))}, nil
	})
	if got, err := d.lookup(t, "alice.example.net"); err != nil || got != alice {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Once DNS has answered, a host that takes its time is not waited for.
func TestDNSDoesNotWaitForHTTPS(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, hostile.New(t), records("did="+hostile.AliceDID.String()).serve(t))
	network := d.base.HTTPClient.Transport
	d.base.HTTPClient.Transport = answering(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/.well-known/atproto-did" {
			return network.RoundTrip(r)
		}
		<-r.Context().Done()
		if err := r.Context().Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("waited until %v", err)
		}
		return nil, r.Context().Err()
	})
	if got, err := d.lookup(t, "alice.example.net"); err != nil || got != alice {
		t.Errorf("got %+v, %v", got, err)
	}
}

// What must not be asked is not asked: DNS when it is off, anybody about reserved names.
func TestLookupAsksNobody(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, hostile.New(t), nil)
	d.base.Resolver = net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("DNS was asked")
		return nil, errors.New("off")
	}}
	if _, err := d.lookup(t, "alice.example.net"); err != nil {
		t.Error(err)
	}
	d.base.HTTPClient.Transport = answering(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL.Host)
		return nil, io.EOF
	})
	for _, reserved := range []string{"alice.local", "alice.localhost", "alice.internal", "alice.arpa", "alice.onion", "alice.invalid", "alice.example"} {
		_, err := d.lookup(t, reserved)
		mustCode(t, err, latchkey.HandleNotFound)
	}
}

// hostile: 17
func TestDocumentInOurOwnNetwork(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, hostile.New(t), nil)
	dialling(safehttp.ErrUnsafeAddress)(d)
	_, err := d.lookup(t, "did:web:intranet.example.net")
	mustCode(t, err, latchkey.ServerUnsafe)
}

func TestLookupHandleRefuses(t *testing.T) {
	t.Parallel()
	noSuchHost := dialling(&net.DNSError{Err: "no such host", IsNotFound: true})
	unsafe := dialling(safehttp.ErrUnsafeAddress)
	for name, test := range map[string]struct {
		names *nameServer
		web   http.HandlerFunc
		wire  func(*Directory) // instead of the network
		text  string
		want  latchkey.Code
	}{
		"nobody has it":           {names: &nameServer{}, text: "nobody.example.net", want: latchkey.HandleNotFound},
		"its host does not exist": {names: &nameServer{}, wire: noSuchHost, want: latchkey.HandleNotFound},
		"records of others":       {names: records("v=spf1"), text: "alice.example.net", web: http.NotFound, want: latchkey.HandleNotFound},
		"DNS out of order":        {names: &nameServer{Code: 2}, web: http.NotFound, want: latchkey.IdentityUnreachable},
		"host hangs up":           {names: &nameServer{}, web: hostile.HangUp, want: latchkey.IdentityUnreachable},
		"host breaks off": {names: &nameServer{}, web: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("did:plc:"))
		}, want: latchkey.IdentityUnreachable},
		"host busy":                 {names: &nameServer{}, web: hostile.Body(503, "text/plain", ""), want: latchkey.IdentityUnreachable}, // hostile: 32
		"host asked too often":      {names: &nameServer{}, web: hostile.Body(429, "text/plain", ""), want: latchkey.IdentityUnreachable}, // hostile: 32
		"host answers with a page":  {names: &nameServer{}, web: hostile.Body(200, "text/html", "<html>"), want: latchkey.HandleNotFound},
		"host in our own network":   {names: &nameServer{}, wire: unsafe, want: latchkey.ServerUnsafe}, // hostile: 17
		"reserved name":             {text: "alice.local", want: latchkey.HandleNotFound},
		"account of another":        {web: hostile.Body(200, "text/plain", hostile.BobDID.String()), want: latchkey.IdentityMismatch}, // hostile: 28
		"DNS names another":         {names: records("did=" + hostile.BobDID.String()), want: latchkey.IdentityMismatch},              // hostile: 28
		"account that is not":       {web: hostile.Body(200, "text/plain", "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz"), want: latchkey.DIDNotFound},
		"account of a strange kind": {web: hostile.Body(200, "text/plain", "did:key:z6Mk"), want: latchkey.DIDNotSupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := hostile.New(t)
			network.Handle = test.web
			names := test.names
			if names != nil {
				names.serve(t)
			}
			d := newDirectory(t, network, names)
			if test.wire != nil {
				test.wire(d)
			}
			text := test.text
			if text == "" {
				text = "alice.example.net"
			}
			got, err := d.lookup(t, text)
			mustCode(t, err, test.want)
			if got != (latchkey.Identity{}) {
				t.Errorf("%+v came with the error", got)
			}
		})
	}
}

// dialling makes every connection fail with this error, below what this package adds to requests.
func dialling(err error) func(*Directory) {
	return func(d *Directory) {
		d.base.HTTPClient.Transport = telling{answering(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: err}
		})}
	}
}

// A handle of a DID's document is only shown when it leads back.
// hostile: 28
func TestLookupDID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*hostile.Server)
		handle  syntax.Handle
	}{
		"confirmed":           {func(*hostile.Server) {}, hostile.AliceHandle},
		"leads to another":    {func(n *hostile.Server) { n.Handles[hostile.AliceHandle] = hostile.BobDID }, ""},
		"leads nowhere":       {func(n *hostile.Server) { delete(n.Handles, hostile.AliceHandle) }, ""},
		"out of order":        {func(n *hostile.Server) { n.Handle = hostile.Body(500, "text/plain", "") }, ""},
		"declared by nothing": {claims(), ""},
		"invalid":             {claims("at://handle.invalid"), ""},
		"not a name":          {claims("at://\u202ealice"), ""},
		"look-alike":          {claims("at://аlice.example.net"), ""}, // the first letter is Cyrillic
		"first one counts":    {claims("https://example.net", "at://alice.example.net", "at://bob.example.net"), hostile.AliceHandle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := hostile.New(t)
			test.arrange(network)
			got, err := newDirectory(t, network, nil).lookup(t, hostile.AliceDID.String())
			if want := (latchkey.Identity{DID: hostile.AliceDID, Handle: test.handle, Server: hostile.PDS}); err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// claims makes documents claim these names.
func claims(names ...string) func(*hostile.Server) {
	return func(n *hostile.Server) {
		n.DIDDocument = hostile.Edit(n.HonestDIDDocument, func(doc map[string]any) { doc["alsoKnownAs"] = names })
	}
}

func TestDIDWeb(t *testing.T) {
	t.Parallel()
	network := hostile.New(t)
	const did = "did:web:carol.example.net"
	network.DIDs[did] = hostile.Identity{Handle: "carol.example.net", Server: hostile.PDS}
	network.Handles["carol.example.net"] = did
	d := newDirectory(t, network, nil)
	want := latchkey.Identity{DID: did, Handle: "carol.example.net", Server: hostile.PDS}
	for _, text := range []string{did, "carol.example.net"} {
		if got, err := d.lookup(t, text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for text, code := range map[string]latchkey.Code{
		"did:web:nobody.example.net":         latchkey.DIDNotFound,
		"did:web:example.net:user:alice":     latchkey.DIDNotSupported,
		"did:web:localhost%3A8080":           latchkey.DIDNotSupported,
		"did:web:carol.local":                latchkey.DIDNotSupported,
		"did:web:127.0.0.1":                  latchkey.DIDNotSupported,
		"did:key:z6MkhaXgBZDvotDkL5257faizt": latchkey.DIDNotSupported,
	} {
		_, err := d.lookup(t, text)
		mustCode(t, err, code)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	server := func(address any) func(*hostile.Server) {
		return edited(func(doc map[string]any) {
			doc["service"] = []map[string]any{{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": address}}
		})
	}
	always := func(h http.HandlerFunc) func(*hostile.Server) {
		return func(n *hostile.Server) { n.DIDDocument = h }
	}
	for name, test := range map[string]struct {
		arrange func(*hostile.Server)
		want    latchkey.Code
	}{
		"full id": {edited(func(doc map[string]any) {
			doc["service"].([]any)[0].(map[string]any)["id"] = hostile.AliceDID + "#atproto_pds"
		}), ""},
		"server with a slash": {server(hostile.PDS + "/"), ""},
		"another DID's":       {edited(func(doc map[string]any) { doc["id"] = hostile.BobDID }), latchkey.ResponseInvalid},
		"nobody's":            {edited(func(doc map[string]any) { delete(doc, "id") }), latchkey.ResponseInvalid},
		"no services":         {edited(func(doc map[string]any) { delete(doc, "service") }), latchkey.AccountHasNoServer},
		"other services":      {edited(func(doc map[string]any) { doc["service"].([]any)[0].(map[string]any)["id"] = "#labeler" }), latchkey.AccountHasNoServer},
		"server without TLS":  {server("http://pds.example.net"), latchkey.AccountHasNoServer},
		"server with a path":  {server(hostile.PDS + "/pds"), latchkey.AccountHasNoServer},
		"server with a user":  {server("https://u:p@pds.example.net"), latchkey.AccountHasNoServer},
		"file":                {server("file:///etc/passwd"), latchkey.AccountHasNoServer},
		"script":              {server("javascript:alert(1)"), latchkey.AccountHasNoServer},
		"empty":               {server(""), latchkey.AccountHasNoServer},
		"list of servers":     {server([]string{hostile.PDS}), latchkey.ResponseInvalid},
		"list":                {always(hostile.Body(200, "application/json", `[]`)), latchkey.ResponseInvalid},                            // hostile: 20
		"null":                {always(hostile.Body(200, "application/json", `null`)), latchkey.ResponseInvalid},                          // hostile: 20
		"page":                {always(hostile.Body(200, "text/html", `<html>`)), latchkey.ResponseInvalid},                               // hostile: 20
		"deep":                {always(hostile.Body(200, "application/json", strings.Repeat(`{"a":`, 50_000))), latchkey.ResponseInvalid}, // hostile: 20
		"huge":                {always(hostile.Body(200, "application/json", strings.Repeat(" ", 600<<10))), latchkey.ResponseInvalid},    // hostile: 19
		"not there":           {always(http.NotFound), latchkey.DIDNotFound},
		"gone":                {always(hostile.Body(410, "application/json", `{"message":"DID not available"}`)), latchkey.DIDNotFound},
		"busy":                {always(hostile.Body(503, "text/plain", "")), latchkey.IdentityUnreachable}, // hostile: 32
		"asked too often":     {always(hostile.Body(429, "text/plain", "")), latchkey.IdentityUnreachable}, // hostile: 32
		"broken":              {always(hostile.Body(500, "text/plain", "")), latchkey.IdentityUnreachable},
		"hangs up":            {always(hostile.HangUp), latchkey.IdentityUnreachable},
		"redirects":           {always(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, hostile.Other, http.StatusFound) }), latchkey.ResponseInvalid}, // hostile: 18
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := hostile.New(t)
			test.arrange(network)
			d := newDirectory(t, network, nil)
			for _, text := range []string{hostile.AliceDID.String(), "alice.example.net"} {
				got, err := d.lookup(t, text)
				mustCode(t, err, test.want)
				if test.want == "" && got != alice {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

// edited changes the documents of the PLC directory.
func edited(change func(map[string]any)) func(*hostile.Server) {
	return func(n *hostile.Server) { n.DIDDocument = hostile.Edit(n.HonestDIDDocument, change) }
}

func TestLookupOffline(t *testing.T) {
	t.Parallel()
	network := hostile.New(t)
	nameless := newDirectory(t, network, nil) // offline, even the directory's name is not known
	dialling(&net.DNSError{Err: "no such host", IsNotFound: true})(nameless)
	for text, want := range map[string]latchkey.Code{
		hostile.AliceDID.String():    latchkey.IdentityUnreachable,
		"did:web:nobody.example.net": latchkey.DIDNotFound,
	} {
		_, err := nameless.lookup(t, text)
		mustCode(t, err, want)
	}
	x := network.Exceptions()
	x.Resolve["plc.example.net:443"] = safehttp.Target{Address: hostile.ClosedPort(t)}
	d := New(safehttp.New(x, "test"), hostile.PLC, true)
	_, err := d.lookup(t, hostile.AliceDID.String())
	mustCode(t, err, latchkey.IdentityUnreachable)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, id := range []syntax.AtIdentifier{hostile.AliceDID.AtIdentifier(), hostile.AliceHandle.AtIdentifier()} {
		_, err := d.Lookup(ctx, id)
		mustCode(t, err, latchkey.IdentityUnreachable)
	}
}

// FuzzDIDDocument: whatever a document says, the answer is an error of ours or the DID that was asked
// for, on an https origin, under a handle that leads back to it or none.
// hostile: 20
func FuzzDIDDocument(f *testing.F) {
	good, err := json.Marshal(hostile.DocumentOf(hostile.AliceDID, hostile.Identity{Handle: hostile.AliceHandle, Server: hostile.PDS}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("https://pds.example.net"), []byte("file:///x")))
	f.Add(bytes.ReplaceAll(good, []byte("at://"), []byte("\\u202e")))
	f.Add(bytes.ReplaceAll(good, []byte("at://alice"), []byte("at://bob")))
	f.Add(bytes.ReplaceAll(good, []byte("did:plc:a"), []byte("did:plc:b")))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"id":"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa","service":[{"id":"#atproto_pds","serviceEndpoint":{}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := New(safehttp.New(safehttp.Exceptions{}, "test"), hostile.PLC, true)
		d.base.HTTPClient.Transport = answering(func(r *http.Request) (*http.Response, error) {
			content := body
			if r.URL.Path == "/.well-known/atproto-did" {
				content = []byte(hostile.BobDID)
				if r.URL.Host == hostile.AliceHandle.String() {
					content = []byte(hostile.AliceDID)
				}
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(content))}, nil
		})
		got, err := d.Lookup(t.Context(), hostile.AliceDID.AtIdentifier())
		if err != nil {
			var e *latchkey.Error
			if !errors.As(err, &e) || e.Code == latchkey.Internal || got != (latchkey.Identity{}) {
				t.Errorf("got %+v, %v", got, err)
			}
			return
		}
		if clean, err := d.origin(got.Server); got.DID != hostile.AliceDID || err != nil || clean != got.Server || !strings.HasPrefix(got.Server, "https://") {
			t.Errorf("got %+v", got)
		}
		if got.Handle != "" && got.Handle != hostile.AliceHandle { // hostile: 28
			t.Errorf("handle %q", got.Handle)
		}
	})
}
