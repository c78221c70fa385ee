package oauth

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// peer is what is known of an origin.
type peer struct {
	// nonce is the newest DPoP nonce. Servers accept one for about three minutes (observed); a known
	// one saves a refused request.
	nonce string
	// ahead is by how much its clock is ahead of ours, as its answers have it; zero when they agree.
	ahead time.Duration
	// doubted says that a proof of that time was refused all the same, so that our own is tried.
	doubted bool
	// answered is when its last answer came that shows it to be well. No request failed since.
	answered reading
}

// assumed is how far its clock is taken to be ahead of ours.
func (p peer) assumed() time.Duration {
	if p.doubted {
		return 0
	}
	return p.ahead
}

// originOf is the origin of a URL (RFC 6454 section 6.2), spelt one way.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

func (c *Client) peer(u *url.URL) peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peers[originOf(u)]
}

func (c *Client) update(u *url.URL, change func(*peer)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.peers[originOf(u)]
	change(&p)
	c.peers[originOf(u)] = p
}

// send sends a request and learns from the answer. All requests of this package go through here.
func (c *Client) send(client *http.Client, req *http.Request) (*http.Response, error) {
	sent := c.now()
	res, err := client.Do(req)
	if res == nil {
		c.silent(req.URL)
		if req.Context().Err() == nil { // nobody gave it up: it is the connection that is no good
			c.reconnect()
		}
		return nil, err
	}
	received := c.now() // a refused redirect has both, and is an answer
	ahead, known := clockAhead(res.Header, sent.wall, received.wall)
	c.update(req.URL, func(p *peer) {
		// RFC 9449 section 8.2: the newest one counts. Documents may come from caches with old ones.
		if nonce := res.Header.Get("DPoP-Nonce"); nonce != "" && req.Header.Get("DPoP") != "" {
			p.nonce = nonce
		}
		if known {
			p.ahead = ahead
		}
		if !busy(res.StatusCode) {
			p.answered = received
		}
	})
	return res, err
}

// read reads a body to its end, so that the connection can serve the next request.
func (c *Client) read(res *http.Response, u *url.URL) ([]byte, error) {
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.silent(u)
	}
	return body, err
}

// discard ends an answer that nobody reads. A short one leaves the connection for the next request.
func discard(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
}

// silent notes that an answer failed to come: the ones before it show nothing any more.
func (c *Client) silent(u *url.URL) {
	c.update(u, func(p *peer) { p.answered = reading{} })
}

// busy tells whether a status says that the server can't serve anybody, or us, right now.
func busy(status int) bool { return status == http.StatusTooManyRequests || status >= 500 }
