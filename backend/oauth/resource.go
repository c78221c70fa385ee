package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/bluesky-social/indigo/atproto/auth/oauth"

	latchkey "latchkey/backend"
)

// Do implements [latchkey.Protocol]. The token goes to the session's own server and nowhere else.
// When the server asks for another DPoP nonce the request is sent once more.
func (c *Client) Do(ctx context.Context, s latchkey.Session, keys latchkey.Keys, req *http.Request) (*http.Response, error) {
	if origin := req.URL.Scheme + "://" + req.URL.Host; origin != s.Server {
		return nil, latchkey.NewError(latchkey.Internal, fmt.Errorf("request to %s with a session for %s", origin, s.Server))
	}
	private, err := atcrypto.ParsePrivateMultibase(string(keys.DPoP))
	if err != nil {
		return nil, latchkey.NewError(latchkey.SealBroken, errors.New("not a DPoP key"))
	}
	for try := 0; ; try++ {
		out := req.Clone(ctx)
		if req.Body != nil && req.Body != http.NoBody {
			if req.GetBody == nil {
				return nil, latchkey.NewError(latchkey.Internal, errors.New("request body without GetBody"))
			}
			if out.Body, err = req.GetBody(); err != nil {
				return nil, latchkey.NewError(latchkey.Internal, err)
			}
		}
		// A session of indigo's for this one proof: it signs over exactly the token that is sent
		// with it, whatever is refreshed meanwhile.
		proof, err := (&oauth.ClientSession{
			DPoPPrivateKey: private,
			Data: &oauth.ClientSessionData{
				AuthServerURL: s.Issuer,
				AccessToken:   string(s.Tokens.Access),
				DPoPHostNonce: c.nonce(req.URL),
			},
		}).NewHostDPoP(req.Method, proofURL(req.URL))
		if err != nil {
			return nil, latchkey.NewError(latchkey.Internal, err)
		}
		out.Header.Set("Authorization", "DPoP "+string(s.Tokens.Access))
		out.Header.Set("DPoP", proof)
		res, err := c.api.Do(out)
		if err != nil {
			return nil, c.failed(err, false)
		}
		c.keepNonce(req.URL, res)
		if res.StatusCode != http.StatusUnauthorized {
			return res, nil
		}
		switch challenge := challenge(res); {
		case try == 0 && challenge == "use_dpop_nonce":
			_ = res.Body.Close()
			continue
		case challenge == "invalid_token":
			_ = res.Body.Close()
			return nil, latchkey.NewError(latchkey.AccessEnded, nil)
		}
		return res, nil
	}
}

// challenge is the error that a 401 names in WWW-Authenticate (RFC 6750 section 3, RFC 9449 section
// 7.1), such as invalid_token; empty where it names none.
func challenge(res *http.Response) string {
	_, rest, found := strings.Cut(res.Header.Get("WWW-Authenticate"), `error="`)
	if !found {
		return ""
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}
