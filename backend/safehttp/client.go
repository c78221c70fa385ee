package safehttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	latchkey "latchkey/backend"
)

// Reasons for which a request is not made or its answer not read.
var (
	ErrUnsafeAddress = errors.New("not a public address")
	ErrInsecure      = errors.New("not an https URL")
	ErrRedirect      = errors.New("redirected, which is not followed")
	ErrTooLarge      = errors.New("answer too large")
)

// Limits bound one request and its answer.
type Limits struct {
	Body  int64         // bytes, after decompression
	Total time.Duration // from the start of the request to the end of the body
}

// Documents are the limits for metadata, identity documents and token requests.
var Documents = Limits{Body: 512 << 10, Total: 10 * time.Second}

// API are the limits for calls to an account's own PDS, which may move blobs and long lists.
var API = Limits{Body: 64 << 20, Total: 60 * time.Second}

// Client makes HTTP clients that share their connections and rules.
//
// Redirects are an error, with one exception: /.well-known/atproto-did, where the handle
// specification (https://atproto.com/specs/handle) allows them. Each hop is guarded anew.
type Client struct {
	transport *transport
}

// New makes a client. userAgent goes with every request that has none.
func New(x Exceptions, userAgent string) *Client {
	t := &transport{exceptions: x, userAgent: userAgent}
	t.base.Store(t.newBase())
	return &Client{transport: t}
}

func (t *transport) newBase() *http.Transport {
	return &http.Transport{
		// No proxy: a proxy would be asked to connect to addresses that the guard never sees.
		Proxy:                  nil,
		DialContext:            t.dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{RootCAs: t.exceptions.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        60 * time.Second,
	}
}

// HTTP is a client with these limits.
func (c *Client) HTTP(l Limits) *http.Client {
	return &http.Client{
		Transport:     &limited{next: c.transport, body: l.Body},
		Timeout:       l.Total,
		CheckRedirect: checkRedirect,
	}
}

// Close gives up idle connections.
func (c *Client) Close() { c.transport.base.Load().CloseIdleConnections() }

// Reconnect makes the requests from now on use new connections; those on their way go on. It is for
// when an answer did not come: net/http goes on using an HTTP/2 connection whose requests time out
// (observed with Go 1.26), and one that a change of networks left behind would be found dead by
// every request until the operating system gives it up, a quarter of an hour later.
func (c *Client) Reconnect() {
	c.transport.base.Swap(c.transport.newBase()).CloseIdleConnections()
}

// CheckURL parses a URL that some document named and refuses what must not be used: other schemes
// than https, user info, fragments, zones, a missing host.
func (c *Client) CheckURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error would repeat the URL.
		return nil, errors.New("not a URL")
	}
	// A percent sign left in a host is that of a zone, which means something on this machine only (RFC 6874).
	if u.User != nil || strings.Contains(raw, "#") || u.Opaque != "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.Contains(u.Host, "%") {
		return nil, errors.New("not a plain URL")
	}
	return u, c.transport.checkScheme(u)
}

// Origin is CheckURL for the address of a server: scheme, host and port, and nothing behind them.
// A single slash at the end is dropped, as is the default port.
func (c *Client) Origin(raw string) (string, error) {
	u, err := c.CheckURL(raw)
	if err != nil {
		return "", err
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.ForceQuery {
		return "", errors.New("more than an origin")
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host, nil
}

// Code is the error code for a request that failed.
func Code(err error) latchkey.Code {
	switch {
	case errors.Is(err, ErrUnsafeAddress):
		return latchkey.ServerUnsafe
	case errors.Is(err, ErrInsecure), errors.Is(err, ErrRedirect), errors.Is(err, ErrTooLarge):
		return latchkey.ResponseInvalid
	}
	return latchkey.ServerUnreachable
}

// Bare takes the URL out of an error of [http.Client]: a query may be personal.
func Bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func checkRedirect(_ *http.Request, via []*http.Request) error {
	if via[0].URL.Path != "/.well-known/atproto-did" || len(via) > 4 {
		return ErrRedirect
	}
	return nil
}

type transport struct {
	base       atomic.Pointer[http.Transport]
	exceptions Exceptions
	userAgent  string
}

func (t *transport) checkScheme(u *url.URL) error {
	if u.Scheme == "https" || (u.Scheme == "http" && t.exceptions.PlainHTTP[strings.ToLower(u.Host)]) {
		return nil
	}
	return ErrInsecure
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.checkScheme(req.URL); err != nil {
		closeBody(req)
		return nil, err
	}
	out := req.Clone(req.Context())
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", t.userAgent)
	}
	if target, ok := t.exceptions.target(req.URL.Hostname(), port(req.URL)); ok && target.Plain {
		out.Host = req.URL.Host
		out.URL.Scheme, out.URL.Host = "http", target.Address
	}
	res, err := t.base.Load().RoundTrip(out)
	if res != nil {
		// Redirects and cookies are resolved against the URL that was asked for.
		res.Request = req
	}
	return res, err
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

func (t *transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if target, ok := t.exceptions.target(host, port); ok {
		return d.DialContext(ctx, network, target.Address)
	}
	allowed := Public
	if t.exceptions.isTarget(address) || t.exceptions.PlainHTTP[strings.ToLower(address)] {
		allowed = netip.Addr.IsLoopback
	}
	// Control sees the very address that is about to be connected to, after any name resolution.
	d.Control = func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !allowed(ap.Addr()) {
			return ErrUnsafeAddress
		}
		return nil
	}
	return d.DialContext(ctx, network, net.JoinHostPort(FullyQualified(host), port))
}

// FullyQualified returns a host name with the final dot that makes it absolute, so that the resolver looks up
// that name and no other: without it, a name that does not exist is tried once more below each domain of the
// computer's search list, whose owner would answer for everybody (RFC 8499 section 2, resolv.conf(5)).
// An IP address is returned as it is, and so is localhost, which is never looked up (RFC 6761 section 6.3). With the
// resolver of the C library a name with the dot is not found in /etc/hosts (observed with glibc 2.36), with Go's it is.
func FullyQualified(host string) string {
	if _, err := netip.ParseAddr(host); err == nil || strings.EqualFold(host, "localhost") || strings.HasSuffix(host, ".") {
		return host
	}
	return host + "."
}

// limited ends a body that is longer than allowed with an error, instead of cutting it silently.
type limited struct {
	next http.RoundTripper
	body int64
}

// RoundTrip implements [http.RoundTripper].
func (l *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if _, err := url.Parse(res.Header.Get("Location")); err != nil {
		// http.Client would repeat it in its error.
		_ = res.Body.Close()
		return nil, ErrRedirect
	}
	if res.ContentLength > l.body {
		_ = res.Body.Close()
		return nil, fmt.Errorf("%w: %d bytes announced", ErrTooLarge, res.ContentLength)
	}
	res.Body = &limitedBody{ReadCloser: res.Body, left: l.body}
	return res, nil
}

type limitedBody struct {
	io.ReadCloser
	left int64
}

// Read implements [io.Reader].
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	// One byte more than allowed tells "too large" from "exactly as large as allowed".
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n + int(b.left), ErrTooLarge
	}
	return n, err
}
