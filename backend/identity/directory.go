// Package identity finds out who a handle or a DID is: handle -> DID -> DID document -> server, and
// back from the document to the handle, so that a name is only shown when both sides agree
// (https://atproto.com/specs/handle, https://atproto.com/specs/did).
//
// The single steps are indigo's. The order is ours: the two ways of resolving a handle are tried at
// the same time, an answer is never older than the question, and each way to fail has its own code.
package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/bluesky-social/indigo/atproto/identity"
	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Directory implements [latchkey.Directory].
type Directory struct {
	base   identity.BaseDirectory
	dnsOff bool
	origin func(string) (string, error)
}

var _ latchkey.Directory = (*Directory)(nil)

// dnsPatience is how long a handle's TXT record may take. The HTTPS way runs beside it and usually
// has its answer by then.
const dnsPatience = 3 * time.Second

// New makes a directory. plcURL is the origin of the DID PLC directory, empty for the public one;
// dnsOff leaves handles to the HTTPS way alone.
func New(client *safehttp.Client, plcURL string, dnsOff bool) *Directory {
	documents := client.HTTP(safehttp.Documents)
	documents.Transport = telling{documents.Transport}
	return &Directory{
		base: identity.BaseDirectory{
			PLCURL:     plcURL,
			HTTPClient: *documents,
		},
		dnsOff: dnsOff,
		origin: client.Origin,
	}
}

// Lookup resolves a handle or DID. A handle must be confirmed by its DID document; the handle that
// a DID's document claims is left out when it does not lead back. An IdentityMismatch is about the DID that
// the handle names.
func (d *Directory) Lookup(ctx context.Context, id syntax.AtIdentifier) (latchkey.Identity, error) {
	if handle, err := id.AsHandle(); err == nil {
		return d.lookupHandle(ctx, handle.Normalize())
	}
	did, err := id.AsDID()
	if err != nil {
		return latchkey.Identity{}, latchkey.NewError(latchkey.InvalidIdentifier, err)
	}
	return d.lookupDID(ctx, did)
}

func (d *Directory) lookupHandle(ctx context.Context, handle syntax.Handle) (latchkey.Identity, error) {
	did, err := d.resolveHandle(ctx, handle)
	if err != nil {
		return latchkey.Identity{}, err
	}
	doc, err := d.document(ctx, did)
	if err != nil {
		return latchkey.Identity{}, err
	}
	declared, err := doc.DeclaredHandle()
	if err != nil || declared != handle {
		return latchkey.Identity{}, latchkey.NewError(latchkey.IdentityMismatch, fmt.Errorf("%s does not declare %s", did, handle)).About(did.String())
	}
	return d.identity(doc, handle)
}

func (d *Directory) lookupDID(ctx context.Context, did syntax.DID) (latchkey.Identity, error) {
	doc, err := d.document(ctx, did)
	if err != nil {
		return latchkey.Identity{}, err
	}
	var handle syntax.Handle
	if declared, err := doc.DeclaredHandle(); err == nil {
		// Failing to confirm a handle is no reason to fail: the DID is who the account is.
		if back, err := d.resolveHandle(ctx, declared); err == nil && back == did {
			handle = declared
		}
	}
	return d.identity(doc, handle)
}

func (d *Directory) identity(doc *identity.Identity, handle syntax.Handle) (latchkey.Identity, error) {
	server, err := d.origin(doc.PDSEndpoint())
	if err != nil {
		return latchkey.Identity{}, latchkey.NewError(latchkey.AccountHasNoServer, fmt.Errorf("PDS of %s: %w", doc.DID, err))
	}
	return latchkey.Identity{DID: doc.DID, Handle: handle, Server: server}, nil
}

func (d *Directory) document(ctx context.Context, did syntax.DID) (*identity.Identity, error) {
	if !supported(did) {
		return nil, latchkey.NewError(latchkey.DIDNotSupported, errors.New(did.Method()))
	}
	doc, err := d.base.ResolveDID(ctx, did)
	if err == nil {
		ident := identity.ParseIdentity(doc)
		return &ident, nil
	}
	code := latchkey.ResponseInvalid
	switch {
	case errors.Is(err, identity.ErrDIDNotFound), errors.Is(err, errGone):
		code = latchkey.DIDNotFound
	case errors.Is(err, safehttp.ErrUnsafeAddress):
		code = latchkey.ServerUnsafe
	case networkFailed(err):
		code = latchkey.IdentityUnreachable
	}
	return nil, latchkey.NewError(code, err)
}

// supported tells whether AT Protocol knows this kind of DID: a did:plc, or a did:web that is a mere
// host name (https://atproto.com/specs/did).
func supported(did syntax.DID) bool {
	switch did.Method() {
	case "plc":
		return true
	case "web":
		host, err := syntax.ParseHandle(did.Identifier())
		return err == nil && host.AllowedTLD()
	}
	return false
}

// resolveHandle asks DNS and HTTPS at once. DNS wins where both answer, as the specification has it.
func (d *Directory) resolveHandle(ctx context.Context, handle syntax.Handle) (syntax.DID, error) {
	if !handle.AllowedTLD() {
		return "", latchkey.NewError(latchkey.HandleNotFound, identity.ErrHandleReservedTLD)
	}
	type answer struct {
		did syntax.DID
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	web := make(chan answer, 1)
	go func() {
		did, err := d.base.ResolveHandleWellKnown(ctx, handle)
		web <- answer{did, err}
	}()
	dns := answer{err: identity.ErrHandleNotFound}
	if !d.dnsOff {
		dnsCtx, done := context.WithTimeout(ctx, dnsPatience)
		dns.did, dns.err = d.base.ResolveHandleDNS(dnsCtx, syntax.Handle(safehttp.FullyQualified(handle.String())))
		done()
	}
	if dns.err == nil {
		cancel()
	}
	https := <-web // the goroutine ends with its request: at the answer, the time limit or cancel
	cancel()
	switch {
	case dns.err == nil:
		return dns.did, nil
	case https.err == nil:
		return https.did, nil
	case errors.Is(https.err, safehttp.ErrUnsafeAddress):
		return "", latchkey.NewError(latchkey.ServerUnsafe, https.err)
	case networkFailed(dns.err) || networkFailed(https.err):
		return "", latchkey.NewError(latchkey.IdentityUnreachable, errors.Join(dns.err, https.err))
	}
	return "", latchkey.NewError(latchkey.HandleNotFound, errors.Join(dns.err, https.err))
}

// networkFailed tells "nobody answered" from "somebody answered that there is no such thing". A
// name that does not exist is an answer.
func networkFailed(err error) bool {
	for _, lost := range []error{context.DeadlineExceeded, context.Canceled, errUnanswered, io.ErrUnexpectedEOF} {
		if errors.Is(err, lost) {
			return true
		}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return !dns.IsNotFound
	}
	var op *net.OpError
	return errors.As(err, &op)
}

// How a request ended, where indigo would lump everything together.
var (
	errUnanswered = errors.New("no answer, or only that the server is busy")
	errGone       = errors.New("the server says that it is gone")
)

// telling makes these out of the status and the failures of requests.
type telling struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t telling) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(req)
	if err != nil {
		if safehttp.Code(err) == latchkey.ServerUnreachable {
			err = fmt.Errorf("%w: %w", errUnanswered, err)
		}
		return nil, err
	}
	switch status := res.StatusCode; {
	case status == http.StatusTooManyRequests || status >= 500:
		err = errUnanswered
	case status == http.StatusGone:
		err = errGone
	default:
		return res, nil
	}
	_ = res.Body.Close()
	return nil, fmt.Errorf("%w: HTTP %d", err, res.StatusCode)
}
