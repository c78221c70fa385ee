package hostile

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/identity"
	"latchkey/backend/oauth"
	"latchkey/backend/profile"
	"latchkey/backend/safehttp"
)

// caller is everything of the house that asks servers, on one client.
type caller struct {
	net      *Server
	client   *safehttp.Client
	protocol *oauth.Client
	keys     latchkey.Keys
}

func newCaller(tb testing.TB, net *Server, x safehttp.Exceptions) *caller {
	tb.Helper()
	client := safehttp.New(x, "test")
	tb.Cleanup(client.Close)
	c := &caller{net: net, client: client, protocol: oauth.New(client)}
	c.keys = Keys(tb, c.protocol)
	return c
}

// hop is a way to make the house ask a server that somebody else named, by its origin.
type hop struct {
	name string
	// nameOnly says that only names can be named, without a port.
	nameOnly bool
	ask      func(ctx context.Context, c *caller, origin string) error
}

const mallory = syntax.DID("did:plc:mmmmmmmmmmmmmmmmmmmmmmmm")

// hops are all of them, in the order of a sign-in.
var hops = []hop{
	{"handle", true, func(ctx context.Context, c *caller, origin string) error {
		return c.lookup(ctx, PLC, hostOf(origin))
	}},
	{"handle, redirected", false, func(ctx context.Context, c *caller, origin string) error {
		c.net.Change(func() {
			c.net.Handle = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", origin+"/.well-known/atproto-did")
				w.WriteHeader(http.StatusFound)
			}
		})
		return c.lookup(ctx, PLC, AliceHandle.String())
	}},
	{"did:web document", true, func(ctx context.Context, c *caller, origin string) error {
		return c.lookup(ctx, PLC, "did:web:"+hostOf(origin))
	}},
	{"directory", false, func(ctx context.Context, c *caller, origin string) error {
		return c.lookup(ctx, origin, AliceDID.String())
	}},
	{"server of the DID document", false, func(ctx context.Context, c *caller, origin string) error {
		c.net.Change(func() { c.net.DIDs[mallory] = Identity{AliceHandle, origin} })
		id, err := identity.New(c.client, PLC, true).Lookup(ctx, mallory.AtIdentifier())
		if err != nil {
			return err
		}
		_, err = c.protocol.Discover(ctx, id.Server)
		return err
	}},
	{"issuer", false, func(ctx context.Context, c *caller, origin string) error {
		c.net.Change(func() { c.net.Issuer = origin })
		_, err := c.protocol.Discover(ctx, PDS)
		return err
	}},
	{"pushed request", false, func(ctx context.Context, c *caller, origin string) error {
		server := latchkey.AuthorizationServer{Issuer: PDS, AuthorizationEndpoint: PDS + "/oauth/authorize", PushEndpoint: origin + "/oauth/par"}
		_, err := c.protocol.Push(ctx, latchkey.AuthorizationRequest{Server: server, Scopes: []string{"atproto"}}, c.keys)
		return err
	}},
	{"token", false, func(ctx context.Context, c *caller, origin string) error {
		server := latchkey.AuthorizationServer{Issuer: PDS, TokenEndpoint: origin + "/oauth/token"}
		_, err := c.protocol.Exchange(ctx, latchkey.AuthorizationRequest{Server: server}, c.keys, "code")
		return err
	}},
	{"question before a refresh", false, func(ctx context.Context, c *caller, origin string) error {
		return c.protocol.Reach(ctx, latchkey.Session{TokenEndpoint: origin + "/oauth/token"})
	}},
	{"refresh", false, func(ctx context.Context, c *caller, origin string) error {
		_, err := c.protocol.Refresh(ctx, latchkey.Session{TokenEndpoint: origin + "/oauth/token"}, c.keys)
		return err
	}},
	{"revocation", false, func(ctx context.Context, c *caller, origin string) error {
		return c.protocol.Revoke(ctx, latchkey.Session{RevocationEndpoint: origin + "/oauth/revoke"}, c.keys)
	}},
	{"call", false, func(ctx context.Context, c *caller, origin string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/xrpc/com.example.method", nil)
		if err != nil {
			return err
		}
		res, err := c.protocol.Do(ctx, latchkey.Session{Server: origin, Tokens: latchkey.Tokens{Access: "access"}}, c.keys, req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}},
	{"profile", false, func(ctx context.Context, c *caller, origin string) error {
		_, err := profile.New(c.client).Profile(ctx, latchkey.Identity{DID: AliceDID, Server: origin})
		return err
	}},
	{"avatar", false, func(ctx context.Context, c *caller, origin string) error {
		_, err := profile.New(c.client).Picture(ctx, latchkey.Identity{DID: AliceDID, Server: origin}, "cid")
		return err
	}},
}

func (c *caller) lookup(ctx context.Context, plc, text string) error {
	id, err := syntax.ParseAtIdentifier(text)
	if err != nil {
		return err
	}
	_, err = identity.New(c.client, plc, true).Lookup(ctx, id)
	return err
}

func hostOf(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// dials counts what is dialled with a context, but for the honest network that leads to the hop.
type dials struct {
	home          string       // where the network is served
	refused, made atomic.Int64 // by the guard; not by the guard, whatever came of it
}

func (d *dials) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// The guard speaks when an address is about to be connected to, so its word is the last one.
		ConnectDone: func(_, address string, err error) {
			switch {
			case errors.Is(err, safehttp.ErrUnsafeAddress):
				d.refused.Add(1)
			case address != d.home:
				d.made.Add(1)
			}
		},
	})
}

// stranger is a TLS server beside the network, at this name.
type stranger struct {
	*httptest.Server
	exceptions safehttp.Exceptions
	requests   atomic.Int64
}

const strangerOrigin = "https://stranger.example.net"

// newStranger starts one that the callers of a network reach as well. Its certificate is the network's, unless one is given.
func newStranger(tb testing.TB, net *Server, certificate *tls.Certificate, handler http.HandlerFunc) *stranger {
	tb.Helper()
	s := &stranger{exceptions: net.Exceptions()}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}))
	s.TLS = tlsConfig()
	if certificate != nil {
		s.TLS.Certificates = []tls.Certificate{*certificate}
	}
	s.Config.ErrorLog = discardLog
	s.StartTLS()
	tb.Cleanup(s.Close)
	s.exceptions.Resolve["stranger.example.net:443"] = safehttp.Target{Address: s.Listener.Addr().String()}
	return s
}
