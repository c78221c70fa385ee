package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/bluesky-social/indigo/atproto/auth/oauth"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Discover finds the authorization server of a PDS: the protected-resource document (RFC 9728) names
// it, its own metadata (RFC 8414) describes it. The server's own metadata is fetched at the same
// time, because most servers are their own authorization server. The address of an authorization
// server itself, as people know it from elsewhere, works as well.
func (c *Client) Discover(ctx context.Context, server string) (latchkey.AuthorizationServer, error) {
	origin, err := c.origin(server)
	if err != nil {
		return latchkey.AuthorizationServer{}, latchkey.NewError(latchkey.NotAnATProtoServer, fmt.Errorf("server address: %w", err))
	}
	ctx, cancel := context.WithCancel(ctx)
	var own struct {
		as  latchkey.AuthorizationServer
		err error
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		own.as, own.err = c.metadata(ctx, origin)
	}()
	defer func() { cancel(); <-finished }()

	issuer, err := c.protectedResource(ctx, origin)
	switch {
	case err == nil && issuer == origin:
		<-finished
		own.as.Server = origin
		return own.as, own.err
	case latchkey.CodeOf(err) == latchkey.NotAnATProtoServer:
		// Not a PDS, but it may be an authorization server.
		<-finished
		return own.as, own.err
	case err != nil:
		return latchkey.AuthorizationServer{}, err
	}
	as, err := c.metadata(ctx, issuer)
	as.Server = origin
	return as, err
}

// protectedResource answers the issuer that a PDS names. The code NotAnATProtoServer says that there
// is no such document.
func (c *Client) protectedResource(ctx context.Context, origin string) (string, error) {
	a, err := c.get(ctx, origin+"/.well-known/oauth-protected-resource")
	if err != nil {
		return "", err
	}
	var doc struct {
		Resource string `json:"resource"`
		oauth.ProtectedResourceMetadata
	}
	if err := a.decode(&doc); err != nil {
		return "", latchkey.NewError(latchkey.NotAnATProtoServer, err)
	}
	if doc.Resource != origin {
		return "", latchkey.NewError(latchkey.ResponseInvalid, errors.New("protected-resource document is about another resource"))
	}
	if len(doc.AuthorizationServers) != 1 {
		return "", latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("%d authorization servers named, not one", len(doc.AuthorizationServers)))
	}
	issuer := doc.AuthorizationServers[0]
	if clean, err := c.origin(issuer); err != nil || clean != issuer {
		return "", latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("issuer %q: not an origin", Plain(issuer, 100)))
	}
	return issuer, nil
}

// metadata fetches and checks the metadata of an authorization server.
func (c *Client) metadata(ctx context.Context, issuer string) (latchkey.AuthorizationServer, error) {
	none := latchkey.AuthorizationServer{}
	a, err := c.get(ctx, issuer+"/.well-known/oauth-authorization-server")
	if err != nil {
		return none, err
	}
	var m oauth.AuthServerMetadata
	if err := a.decode(&m); err != nil {
		return none, latchkey.NewError(latchkey.NotAnATProtoServer, err)
	}
	if m.Issuer != issuer {
		return none, latchkey.NewError(latchkey.IssuerMismatch, fmt.Errorf("metadata of %s is about %q", issuer, Plain(m.Issuer, 100)))
	}
	for name, endpoint := range map[string]string{
		"authorization_endpoint":                m.AuthorizationEndpoint,
		"token_endpoint":                        m.TokenEndpoint,
		"pushed_authorization_request_endpoint": m.PushedAuthorizationRequestEndpoint,
		"revocation_endpoint":                   m.RevocationEndpoint,
	} {
		if endpoint == "" && name == "revocation_endpoint" {
			continue
		}
		if endpoint == "" {
			return none, latchkey.NewError(latchkey.ServerUnfit, errors.New("no "+name))
		}
		if _, err := c.checkURL(endpoint); err != nil {
			return none, latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("%s: %w", name, err))
		}
	}
	if err := checkCapabilities(m); err != nil {
		return none, latchkey.NewError(latchkey.ServerUnfit, err)
	}
	return latchkey.AuthorizationServer{
		Issuer:                m.Issuer,
		AuthorizationEndpoint: m.AuthorizationEndpoint,
		TokenEndpoint:         m.TokenEndpoint,
		PushEndpoint:          m.PushedAuthorizationRequestEndpoint,
		RevocationEndpoint:    m.RevocationEndpoint,
	}, nil
}

// checkCapabilities asks for what the protocol demands of a server (PAR, S256, iss, ES256 and so on)
// through indigo's list. indigo's own check of the URLs refuses ports and misses faults, so it gets
// stand-ins for those, and the real ones are checked above.
func checkCapabilities(m oauth.AuthServerMetadata) error {
	const standIn = "https://issuer.invalid"
	m.Issuer, m.AuthorizationEndpoint = standIn, standIn+"/authorize"
	if err := m.Validate(standIn); err != nil {
		return err
	}
	if slices.Contains(m.DPoPSigningAlgValuesSupported, "none") {
		return errors.New("DPoP proofs without a signature are accepted")
	}
	return nil
}

// get fetches a public document.
func (c *Client) get(ctx context.Context, address string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, latchkey.NewError(latchkey.Internal, safehttp.Bare(err))
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.send(c.documents, req)
	if err != nil {
		return answer{}, c.failed(err, false)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := c.read(res, req.URL)
	if err != nil {
		return answer{}, c.failed(err, false)
	}
	a := answer{status: res.StatusCode, contentType: res.Header.Get("Content-Type"), body: body}
	switch {
	case a.status == http.StatusOK:
		return a, nil
	case busy(a.status):
		return answer{}, a.err()
	}
	return answer{}, latchkey.NewError(latchkey.NotAnATProtoServer, a.refusal())
}
