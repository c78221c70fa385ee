package oauth

import (
	"net/http"
	"net/url"
	"time"
)

// reading is one look at the clock. The two parts differ when somebody sets the clock, and when the
// computer sleeps, in which the running part stands still on Linux.
type reading struct {
	wall    time.Time     // without a monotonic part: differences are those of the wall clock
	running time.Duration // since the program started
}

var start = time.Now()

// readClock reads this computer's clock.
func readClock() reading {
	now := time.Now()
	return reading{wall: now.Round(0), running: now.Sub(start)}
}

const (
	// closeEnough is by how much clocks may differ without anything being done about it. It may be
	// short, as the time that an answer takes is allowed for. Servers take proofs that are off by more
	// (the PDS: three minutes, read in source).
	closeEnough = 10 * time.Second
	// farthest is by how much clocks can differ in earnest. Both lie within the lifetime of the
	// server's certificate, which was 398 days at the longest (CA/Browser Forum, Baseline
	// Requirements 6.3.2). A Date farther away is nonsense.
	farthest = 400 * 24 * time.Hour
)

// clockAhead is by how much the server's clock is ahead of ours, by the Date of an answer (RFC 9110
// section 6.6.1). The Date was made some time between sending and receiving, so that a slow
// answer, or a night's sleep in the middle of it, is no difference between clocks. known is false when
// the answer does not say, as when it lay in a cache (Age, RFC 9111 section 5.1).
func clockAhead(h http.Header, sent, received time.Time) (ahead time.Duration, known bool) {
	if age := h.Get("Age"); age != "" && age != "0" {
		return 0, false
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	// The difference that is the smaller one: what is certain, whenever the Date was made.
	if d := date.Sub(received); d > closeEnough {
		ahead = d
	} else if d := date.Sub(sent); d < -closeEnough {
		ahead = d
	}
	if ahead.Abs() > farthest {
		return 0, false
	}
	return ahead, true
}

// retime notes that a proof was refused that took the server's clock to be so far ahead of ours, and
// answers what to assume next: the server's time where it was ours that was refused, and ours where it
// was the server's. Perhaps something on the way writes the Date, or our clock was set meanwhile; no
// server may be worse off for its Date than without one.
func (c *Client) retime(u *url.URL, refused time.Duration) (ahead time.Duration) {
	c.update(u, func(p *peer) {
		p.doubted = refused != 0
		ahead = p.assumed()
	})
	return ahead
}
