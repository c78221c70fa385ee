package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

const (
	// reachWithin bounds one question of Reach.
	reachWithin = 10 * time.Second
	// reachFresh is for how long an answer shows that the server can be reached.
	reachFresh = 10 * time.Second
)

// Reach implements [latchkey.Protocol]: a nil error says that the server that refreshes this session
// has just answered. A refresh token works once, so a refresh that is lost in a network which is
// just waking up can cost the session; this is a request that may be lost instead.
//
// It asks the origin of the token endpoint for its metadata (RFC 8414), over the connections that a
// refresh uses, and leaves one of them ready. What the answer says does not matter, as the issuer may
// live elsewhere. Its errors have the code ServerBusy for 5xx and 429, ServerUnreachable or one of
// [safehttp.Code] where no answer came within ten seconds.
func (c *Client) Reach(ctx context.Context, s latchkey.Session) error {
	u, err := c.checkURL(s.TokenEndpoint)
	if err != nil {
		return latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("endpoint: %w", err))
	}
	if now, then := c.now(), c.peer(u).answered; fresh(now.wall.Sub(then.wall)) && fresh(now.running-then.running) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, originOf(u)+"/.well-known/oauth-authorization-server", nil)
	if err != nil {
		return latchkey.NewError(latchkey.Internal, safehttp.Bare(err))
	}
	req.Header.Set("Accept", "application/json")
	res, err := c.send(c.documents, req)
	if err != nil {
		return c.unreached(err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := c.read(res, u); err != nil {
		return c.unreached(err)
	}
	if busy(res.StatusCode) {
		return latchkey.NewError(latchkey.ServerBusy, refusal{status: res.StatusCode})
	}
	return nil
}

// unreached tells the errors that mean "no answer" from an answer that is refused as a document.
func (c *Client) unreached(err error) error {
	if errors.Is(err, safehttp.ErrRedirect) || errors.Is(err, safehttp.ErrTooLarge) {
		return nil
	}
	c.reconnect() // whoever comes next must not wait for the same connection
	return c.failed(err, false)
}

// fresh takes the time since an answer by one clock. The two clocks have to agree: the one that runs
// knows nothing of a sleep, and the one on the wall can be set back, even to before the answer.
func fresh(age time.Duration) bool { return age >= 0 && age < reachFresh }
