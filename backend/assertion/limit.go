package assertion

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// manyAskers bounds the memory for limits: whoever was not seen for the longest is forgotten first.
const manyAskers = 1 << 16

// limits lets each of many through so many times a minute.
type limits struct {
	perMinute int
	each      *lru.Cache[string, *rate.Limiter]
}

func newLimits(perMinute int) *limits {
	each, err := lru.New[string, *rate.Limiter](manyAskers)
	if err != nil {
		panic(err) // a size that is not above zero
	}
	return &limits{perMinute: perMinute, each: each}
}

// take lets somebody through, or answers how long to wait.
func (l *limits) take(who string, now time.Time) (wait time.Duration) {
	limiter := rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
	if known, ok, _ := l.each.PeekOrAdd(who, limiter); ok {
		limiter = known
		l.each.Get(who) // seen just now
	}
	reservation := limiter.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// seconds is a wait as Retry-After has it (RFC 9110 section 10.2.3), rounded up.
func seconds(wait time.Duration) string {
	return strconv.Itoa(int((wait + time.Second - 1) / time.Second))
}

// asker is who asks, by address: the one of the connection, or the one that the proxy names in the last entry of
// the header.
func asker(r *http.Request, header string) string {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	if values := r.Header.Values(header); header != "" && len(values) > 0 {
		entries := strings.Split(values[len(values)-1], ",")
		address = strings.TrimSpace(entries[len(entries)-1])
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown" // all those share one limit
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits are there
		return network.String()
	}
	return ip.String()
}
