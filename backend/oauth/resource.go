package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	latchkey "latchkey/backend"
)

// Do implements [latchkey.Protocol]. The token goes to the session's own server and nowhere else.
// When the server asks for another DPoP nonce, or refuses the proof for its time, the request is sent
// again, three times at most in all.
func (c *Client) Do(ctx context.Context, s latchkey.Session, keys latchkey.Keys, req *http.Request) (*http.Response, error) {
	if origin := req.URL.Scheme + "://" + req.URL.Host; origin != s.Server {
		return nil, latchkey.NewError(latchkey.Internal, fmt.Errorf("request to %s with a session for %s", origin, s.Server))
	}
	key, err := proofKey(keys)
	if err != nil {
		return nil, err
	}
	var t tries
	for {
		out := req.Clone(ctx)
		if req.Body != nil && req.Body != http.NoBody {
			if req.GetBody == nil {
				return nil, latchkey.NewError(latchkey.Internal, errors.New("request body without GetBody"))
			}
			if out.Body, err = req.GetBody(); err != nil {
				return nil, latchkey.NewError(latchkey.Internal, err)
			}
		}
		proof, ahead, err := c.newProof(key, req.Method, req.URL, s.Tokens.Access)
		if err != nil {
			return nil, err
		}
		out.Header.Set("Authorization", "DPoP "+string(s.Tokens.Access))
		out.Header.Set("DPoP", proof)
		res, err := c.send(c.api, out)
		if err != nil {
			return nil, c.failed(err, false)
		}
		if res.StatusCode != http.StatusUnauthorized {
			return res, nil
		}
		switch challenge := challenge(res); {
		case c.again(&t, challenge, req.URL, ahead):
			discard(res)
			continue
		case challenge == "invalid_token":
			discard(res)
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
