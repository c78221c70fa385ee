package assertion

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"latchkey/backend/clientauth"
)

var discard = slog.New(slog.DiscardHandler)

// An installation, and an address, that asks too often is told how long to wait.
func TestTooOften(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.PerKey, c.PerAddress = 3, 10 })
	busy, calm := newInstallation(t), newInstallation(t)
	nonce := h.nonce() // counts by address: one
	for n := range 5 {
		got := h.ask(busy.proof(t, nonce, nil))
		if want := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[n < 3]; got.status != want {
			t.Errorf("request %d: %+v, want %d", n, got, want)
		} else if n >= 3 && (got.code(t) != clientauth.SlowDown || got.header.Get("Retry-After") != "20" || got.header.Get("Cache-Control") != "no-store") {
			t.Errorf("request %d: %+v", n, got)
		}
	}
	for n := range 4 { // seven to ten by address
		if got := h.ask(calm.proof(t, nonce, nil)); (got.status == http.StatusOK) != (n < 3) {
			t.Errorf("another installation, request %d: %+v", n, got)
		}
	}
	if got := h.ask(newInstallation(t).proof(t, nonce, nil)); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "6" {
		t.Errorf("the eleventh of one address: %+v", got)
	}
	h.clock.pass(20 * time.Second)
	if got := h.ask(busy.proof(t, nonce, nil)); got.status != http.StatusOK {
		t.Errorf("later: %+v", got)
	}
	// Documents are there all the same: servers need them.
	if got := h.get("/jwks.json"); got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
}

// However many come, memory is bounded, and whoever was seen lately is not forgotten.
func TestLimitsAreBounded(t *testing.T) {
	t.Parallel()
	l := newLimits(1)
	now := time.Unix(1_800_000_000, 0)
	for n := range manyAskers * 2 {
		if n%1000 == 0 && (l.take("regular", now) > 0) != (n > 0) {
			t.Fatalf("the regular after %d others", n)
		}
		if l.take(fmt.Sprint(n), now) > 0 {
			t.Fatalf("%d came for the first time", n)
		}
	}
	if l.each.Len() > manyAskers {
		t.Errorf("%d are remembered", l.each.Len())
	}
}

func TestAsker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remote string
		values []string // of X-Forwarded-For
		header string   // that is trusted
		want   string
	}{
		"no proxy":                 {"203.0.113.7:4711", nil, "", "203.0.113.7"},
		"a header, not trusted":    {"203.0.113.7:4711", []string{"198.51.100.1"}, "", "203.0.113.7"},
		"a proxy":                  {"127.0.0.1:4711", []string{"198.51.100.1"}, "X-Forwarded-For", "198.51.100.1"},
		"what was sent before it":  {"127.0.0.1:4711", []string{"10.0.0.1, 198.51.100.1"}, "X-Forwarded-For", "198.51.100.1"},
		"in a header of its own":   {"127.0.0.1:4711", []string{"10.0.0.1", "198.51.100.1"}, "X-Forwarded-For", "198.51.100.1"},
		"a proxy that is silent":   {"127.0.0.1:4711", nil, "X-Forwarded-For", "127.0.0.1"},
		"a proxy without a number": {"127.0.0.1:4711", []string{"unknown"}, "X-Forwarded-For", "unknown"},
		"IPv6":                     {"[2001:db8:1:2:3:4:5:6]:4711", nil, "", "2001:db8:1:2::/64"},
		"IPv6 of a link":           {"[fe80::1%eth0]:4711", nil, "", "fe80::/64"},
		"IPv4 in IPv6":             {"[::ffff:203.0.113.7]:4711", nil, "", "203.0.113.7"},
		"no address":               {"@", nil, "", "unknown"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.values}}
		if got := asker(r, c.header); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Through a proxy each address has its own limit.
func TestTooOftenThroughAProxy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *Config) { c.PerAddress, c.AddressHeader = 1, "X-Forwarded-For" })
	for n, want := range []int{400, 400, 429} {
		req := h.request("POST", clientauth.Path, "")
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d, 198.51.100.%d", n, min(n, 1)))
		if got := h.do(req); got.status != want {
			t.Errorf("request %d: %+v, want %d", n, got, want)
		}
	}
}
