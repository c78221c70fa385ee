package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bluesky-social/indigo/atproto/auth/oauth"
	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

// Exchange implements [latchkey.Protocol].
func (c *Client) Exchange(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys, code latchkey.Secret) (latchkey.Grant, error) {
	a, err := c.post(ctx, req.Server.Issuer, req.Server.TokenEndpoint, url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {req.ClientID},
		"redirect_uri":  {req.RedirectURI},
		"code":          {string(code)},
		"code_verifier": {string(req.Verifier)},
	}, keys)
	if err != nil {
		return latchkey.Grant{}, err
	}
	if a.status != http.StatusOK {
		return latchkey.Grant{}, a.err()
	}
	return a.grant()
}

// Refresh implements [latchkey.Protocol].
func (c *Client) Refresh(ctx context.Context, s latchkey.Session, keys latchkey.Keys) (latchkey.Grant, error) {
	if err := c.stillSpeaksFor(s); err != nil {
		return latchkey.Grant{}, err
	}
	a, err := c.postAs(ctx, s.KeyID, s.Issuer, s.TokenEndpoint, url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {s.ClientID},
		"refresh_token": {string(s.Tokens.Refresh)},
	}, keys)
	var lost *lostError
	switch {
	case errors.As(err, &lost):
		return latchkey.Grant{}, latchkey.NewError(latchkey.RenewalUnknown, err)
	case err != nil:
		return latchkey.Grant{}, err
	case a.status == http.StatusOK:
	case a.status == http.StatusBadRequest && a.refusal().code == "invalid_grant":
		return latchkey.Grant{}, latchkey.NewError(latchkey.SessionRejected, a.refusal())
	default:
		return latchkey.Grant{}, a.err()
	}
	g, err := a.grant()
	if err == nil && g.Subject != s.DID {
		err = latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("refreshed for %s, not for %s", g.Subject, s.DID))
	}
	if err != nil {
		// Perhaps the old refresh token is spent. Perhaps it was a page of something in between: what
		// can't be used ends no session. If the token is spent, the next refresh will say so.
		return latchkey.Grant{}, err
	}
	return g, nil
}

// grant checks a token response: bound to our key, with both tokens, for a DID, with the scope that
// makes it an AT Protocol session.
func (a answer) grant() (latchkey.Grant, error) {
	var t struct {
		oauth.TokenResponse
		TokenType string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"` // seconds
	}
	if err := a.decode(&t); err != nil {
		return latchkey.Grant{}, err
	}
	refuse := func(why string) (latchkey.Grant, error) {
		return latchkey.Grant{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("token response: "+why))
	}
	if !strings.EqualFold(t.TokenType, "DPoP") {
		return refuse("token type " + Plain(t.TokenType, 20))
	}
	if t.AccessToken == "" || t.RefreshToken == "" {
		return refuse("a token is missing")
	}
	scopes := strings.Fields(t.Scope)
	if !slices.Contains(scopes, "atproto") {
		return refuse("scope atproto is missing")
	}
	did, err := syntax.ParseDID(t.Subject)
	if err != nil {
		return refuse("subject is not a DID")
	}
	if t.ExpiresIn < 0 || t.ExpiresIn > int64(366*24*time.Hour/time.Second) {
		return refuse("impossible lifetime")
	}
	g := latchkey.Grant{
		KeyID:   a.keyID,
		Subject: did,
		Scopes:  scopes,
		Tokens:  latchkey.Tokens{Access: latchkey.Secret(t.AccessToken), Refresh: latchkey.Secret(t.RefreshToken)},
	}
	if t.ExpiresIn > 0 {
		g.AccessEnds = time.Now().Add(time.Duration(t.ExpiresIn) * time.Second)
	}
	return g, nil
}

// Revoke implements [latchkey.Protocol]. Revoking the refresh token ends the session, access tokens
// included (RFC 7009 section 2.1; observed on the PDS). A server without a revocation endpoint has
// nothing to be told.
func (c *Client) Revoke(ctx context.Context, s latchkey.Session, keys latchkey.Keys) error {
	if s.RevocationEndpoint == "" {
		return nil
	}
	if err := c.stillSpeaksFor(s); err != nil {
		return err
	}
	a, err := c.postAs(ctx, s.KeyID, s.Issuer, s.RevocationEndpoint, url.Values{
		"client_id":       {s.ClientID},
		"token":           {string(s.Tokens.Refresh)},
		"token_type_hint": {"refresh_token"},
	}, keys)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return a.err()
	}
	return nil
}
