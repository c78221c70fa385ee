package oauth

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Client implements [latchkey.Protocol]. It is safe for concurrent use.
type Client struct {
	// ClientAuth makes a confidential client of this one, under the client id ClientID alone: sessions of
	// others are those of a public client. Both are set before the first request, or never.
	ClientAuth latchkey.ClientAuth
	ClientID   string

	documents *http.Client
	api       *http.Client
	checkURL  func(string) (*url.URL, error)
	origin    func(string) (string, error)

	reconnect func()
	now       func() reading

	mu    sync.Mutex
	peers map[string]peer // by origin
}

var _ latchkey.Protocol = (*Client)(nil)

// New makes a client.
func New(client *safehttp.Client) *Client {
	return &Client{
		documents: client.HTTP(safehttp.Documents),
		api:       client.HTTP(safehttp.API),
		checkURL:  client.CheckURL,
		origin:    client.Origin,
		reconnect: client.Reconnect,
		now:       readClock,
		peers:     map[string]peer{},
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
	keyID       string // the key that the request was authenticated with; empty for none
	status      int
	contentType string
	body        []byte
}

// lostError is a request that may have reached the server, while its answer did not reach us.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "no answer to a request that was sent: " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// post sends a form to a server of an issuer with a DPoP proof, and again when the server asks for another nonce (RFC 9449
// section 8) or refuses the proof for its time, three times at most in all: a server that never has
// enough must not keep us busy. An error before the first of them has no lostError in it.
func (c *Client) post(ctx context.Context, issuer, endpoint string, form url.Values, keys latchkey.Keys) (answer, error) {
	return c.postAs(ctx, "", issuer, endpoint, form, keys)
}

// postAs is post with the product's key that a session began with.
func (c *Client) postAs(ctx context.Context, keyID, issuer, endpoint string, form url.Values, keys latchkey.Keys) (answer, error) {
	key, err := proofKey(keys)
	if err != nil {
		return answer{}, err
	}
	u, err := c.checkURL(endpoint)
	if err != nil {
		return answer{}, latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("endpoint: %w", err))
	}
	var t tries
	for {
		used, err := c.authenticate(ctx, issuer, form, keys, keyID)
		if err != nil {
			return answer{}, err
		}
		proof, ahead, err := c.newProof(key, http.MethodPost, u, "")
		if err != nil {
			return answer{}, err
		}
		a, err := c.postOnce(ctx, u, form, proof)
		if err != nil {
			return answer{}, err
		}
		a.keyID = used
		refused := a.refusedProof()
		if c.again(&t, refused, u, ahead) {
			continue
		}
		if refused == wantsNonce {
			return answer{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("the server does not accept the DPoP nonce that it gave"))
		}
		return a, nil
	}
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
	res, err := c.send(c.documents, req)
	if err != nil {
		return answer{}, c.failed(err, sent.Load())
	}
	defer func() { _ = res.Body.Close() }()
	body, err := c.read(res, u)
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
