package oauth

import (
	"context"
	"errors"
	"net/url"
	"time"

	latchkey "latchkey/backend"
)

// assertionType is the kind of client assertion that RFC 7523 section 2.2 has.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// authenticate puts a fresh client assertion into a form that is sent under the client id of ClientAuth. It has to be
// fresh each time that the form is sent: a server that sees one again answers invalid_grant, as if the token were no
// good (read in the source of @atproto/oauth-provider 0.22.9).
func (c *Client) authenticate(ctx context.Context, issuer string, form url.Values, keys latchkey.Keys, keyID string) (used string, err error) {
	if !c.speaksFor(form.Get("client_id")) {
		return "", nil
	}
	assertion, err := c.ClientAuth.Assertion(ctx, issuer, keys, keyID)
	if err != nil {
		return "", err
	}
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", string(assertion.Text))
	return assertion.KeyID, nil
}

func (c *Client) speaksFor(clientID string) bool {
	return c.ClientAuth != nil && clientID == c.ClientID
}

// stillSpeaksFor refuses to ask for a session of a confidential client that this one is no more: without its assertion
// the PDS would end the session (read in source, and observed). A public client's may become one with a key,
// which the PDS takes for a promotion (observed).
func (c *Client) stillSpeaksFor(s latchkey.Session) error {
	if s.KeyID != "" && !c.speaksFor(s.ClientID) {
		return latchkey.NewError(latchkey.ClientChanged, errors.New("the session was made with a key for "+s.ClientID+", and there is none for that now"))
	}
	return nil
}

// ServerTime is the time on the clock of a server, an origin, as far as its answers told. Assertions are issued by it:
// they are good for a minute, and the clock of this computer may be an hour off.
func (c *Client) ServerTime(origin string) time.Time {
	now := c.now().wall
	u, err := url.Parse(origin)
	if err != nil {
		return now
	}
	return now.Add(c.peer(u).assumed())
}
