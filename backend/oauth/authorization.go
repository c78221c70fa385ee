package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bluesky-social/indigo/atproto/auth/oauth"

	latchkey "latchkey/backend"
)

// Push implements [latchkey.Protocol].
func (c *Client) Push(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys) (latchkey.Secret, error) {
	form := url.Values{
		"client_id":             {req.ClientID},
		"response_type":         {"code"},
		"redirect_uri":          {req.RedirectURI},
		"scope":                 {strings.Join(req.Scopes, " ")},
		"state":                 {string(req.State)},
		"code_challenge":        {oauth.S256CodeChallenge(string(req.Verifier))},
		"code_challenge_method": {"S256"},
	}
	if req.LoginHint != "" {
		form.Set("login_hint", req.LoginHint)
	}
	byEmail := req.Email != "" && req.Server.TakesEmail()
	if byEmail {
		// The person asked for this very mailbox: whoever else is signed in over there must not
		// take its place. Providers heed the prompt in the URL only; it belongs in both.
		form.Set("prompt", "login")
	}
	a, err := c.post(ctx, req.Server.Issuer, req.Server.PushEndpoint, form, keys)
	if err != nil {
		return "", err
	}
	if a.status != http.StatusCreated && a.status != http.StatusOK {
		return "", a.err()
	}
	var pushed oauth.PushedAuthResponse
	if err := a.decode(&pushed); err != nil {
		return "", err
	}
	if pushed.RequestURI == "" || pushed.ExpiresIn <= 0 {
		return "", latchkey.NewError(latchkey.ResponseInvalid, errors.New("pushed authorization response without request_uri or expires_in"))
	}
	push, err := c.checkURL(req.Server.PushEndpoint)
	if err != nil || c.peer(push).nonce == "" {
		return "", latchkey.NewError(latchkey.ServerUnfit, errors.New("the server hands out no DPoP nonce"))
	}
	u, err := c.checkURL(req.Server.AuthorizationEndpoint)
	if err != nil {
		return "", latchkey.NewError(latchkey.ResponseInvalid, err)
	}
	q := u.Query()
	q.Set("client_id", req.ClientID)
	q.Set("request_uri", pushed.RequestURI)
	if byEmail {
		q.Set("login_hint", string(req.Email))
		q.Set("prompt", "login")
	}
	u.RawQuery = q.Encode()
	return latchkey.Secret(u.String()), nil
}
