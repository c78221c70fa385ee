package oauth

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/bluesky-social/indigo/atproto/auth/oauth"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Client implements [latchkey.Protocol]. It is safe for concurrent use.
type Client struct {
	documents *http.Client
	api       *http.Client
	checkURL  func(string) (*url.URL, error)
	origin    func(string) (string, error)

	// nonces has the newest DPoP nonce of each origin. Servers accept one for about three minutes
	// (observed); a known one saves a refused request.
	nonces sync.Map
}

var _ latchkey.Protocol = (*Client)(nil)

// New makes a client.
func New(client *safehttp.Client) *Client {
	return &Client{
		documents: client.HTTP(safehttp.Documents),
		api:       client.HTTP(safehttp.API),
		checkURL:  client.CheckURL,
		origin:    client.Origin,
	}
}

// NewKeys makes a P-256 DPoP key and a sealing key.
func (c *Client) NewKeys() (latchkey.Keys, error) {
	for {
		private, err := atcrypto.GeneratePrivateKeyP256()
		if err != nil {
			return latchkey.Keys{}, latchkey.NewError(latchkey.Internal, err)
		}
		public, err := private.PublicKey()
		if err != nil {
			return latchkey.Keys{}, latchkey.NewError(latchkey.Internal, err)
		}
		jwk, err := public.JWK()
		if err != nil {
			return latchkey.Keys{}, latchkey.NewError(latchkey.Internal, err)
		}
		// indigo leaves out leading zeros of a coordinate, which RFC 7518 section 6.2.1.2 forbids and
		// strict servers refuse. One key in 128 has some: take another.
		if len(jwk.X) == coordinate && len(jwk.Y) == coordinate {
			return latchkey.Keys{DPoP: latchkey.Secret(private.Multibase()), Sealing: randomKey()}, nil
		}
	}
}

func randomKey() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return key
}

// coordinate is the length of a whole P-256 coordinate: 32 bytes in base64url.
const coordinate = 43

// answer is a complete response.
type answer struct {
	status      int
	contentType string
	body        []byte
}

// lostError is a request that may have reached the server, while its answer did not reach us.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "no answer to a request that was sent: " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// post sends a form with a DPoP proof, and once more when the server asks for another nonce
// (RFC 9449 section 8). A second such wish is answered with an error: a server that never has
// enough must not keep us busy.
func (c *Client) post(ctx context.Context, endpoint string, form url.Values, keys latchkey.Keys) (answer, error) {
	private, err := atcrypto.ParsePrivateMultibase(string(keys.DPoP))
	if err != nil {
		return answer{}, latchkey.NewError(latchkey.SealBroken, errors.New("not a DPoP key"))
	}
	u, err := c.checkURL(endpoint)
	if err != nil {
		return answer{}, latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("endpoint: %w", err))
	}
	for range 2 {
		proof, err := oauth.NewAuthDPoP(http.MethodPost, proofURL(u), c.nonce(u), private)
		if err != nil {
			return answer{}, latchkey.NewError(latchkey.Internal, err)
		}
		a, err := c.postOnce(ctx, u, form, proof)
		if err != nil {
			return answer{}, err
		}
		if a.status == http.StatusBadRequest && a.refusal().code == "use_dpop_nonce" {
			continue
		}
		return a, nil
	}
	return answer{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("the server does not accept the DPoP nonce that it gave"))
}

func (c *Client) postOnce(ctx context.Context, u *url.URL, form url.Values, proof string) (answer, error) {
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		return answer{}, latchkey.NewError(latchkey.Internal, safehttp.Bare(err))
	}
	// A refresh or a code must never be sent twice by the transport behind our back: requests
	// without GetBody are not retried on a broken idle connection.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("DPoP", proof)
	res, err := c.documents.Do(req)
	if err != nil {
		return answer{}, c.failed(err, sent.Load())
	}
	defer func() { _ = res.Body.Close() }()
	c.keepNonce(u, res)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, c.failed(err, true)
	}
	return answer{status: res.StatusCode, contentType: res.Header.Get("Content-Type"), body: body}, nil
}

func (c *Client) failed(err error, sent bool) error {
	err = safehttp.Bare(err)
	code := safehttp.Code(err)
	if sent {
		err = &lostError{err}
	}
	return latchkey.NewError(code, err)
}

func (c *Client) nonce(u *url.URL) string {
	n, _ := c.nonces.Load(u.Scheme + "://" + u.Host)
	s, _ := n.(string)
	return s
}

func (c *Client) keepNonce(u *url.URL, res *http.Response) {
	if n := res.Header.Get("DPoP-Nonce"); n != "" {
		c.nonces.Store(u.Scheme+"://"+u.Host, n)
	}
}

// proofURL is a URL as a DPoP proof names it: without query and fragment (RFC 9449 section 4.2).
func proofURL(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String()
}
