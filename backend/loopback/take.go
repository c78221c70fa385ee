package loopback

import (
	"errors"
	"net/url"
	"strings"

	latchkey "latchkey/backend"
)

// maxAddress bounds what is read of an address that somebody pasted, in bytes: a query, and what
// comes before it.
const maxAddress = maxQuery + 256

// Take implements [latchkey.Listener]. What a browser sends beside the address (a Host, say) has its
// counterpart in the address itself; everything else is checked by what checks a callback.
func (l *listener) Take(address latchkey.Secret) error {
	host, query, ok := l.splitCallback(string(address))
	if !ok {
		return latchkey.NewError(latchkey.CallbackInvalid, errors.New("not the address of a callback"))
	}
	q, ok := callbackValues(query)
	if !ok || q["state"] == "" {
		return latchkey.NewError(latchkey.CallbackInvalid, errors.New("not the query of a callback"))
	}
	if host != l.host || !l.isOurs(q) {
		return latchkey.NewError(latchkey.CallbackOther, errors.New("another port or state"))
	}
	l.deliver(l.judge(q))
	return nil
}

// splitCallback takes the address of a callback apart: of one on 127.0.0.1, whichever its port, or of the page that
// hands on to this listener, which has its host. Its errors would repeat the address, so it has none.
func (l *listener) splitCallback(address string) (host, query string, ok bool) {
	if len(address) > maxAddress {
		return "", "", false
	}
	address = strings.TrimSpace(address)
	// Address bars leave the scheme out, and some of them when it is copied too.
	parse := func(scheme string) (*url.URL, error) {
		if strings.Contains(address, "://") {
			return url.Parse(address)
		}
		return url.Parse(scheme + "://" + address)
	}
	if u, err := parse("https"); err == nil && l.handOn != "" && u.User == nil && u.Scheme+"://"+u.Host+u.EscapedPath() == l.handOn {
		return l.host, u.RawQuery, true
	}
	u, err := parse("http")
	if err != nil || u.Scheme != "http" || u.Opaque != "" || u.User != nil ||
		u.Hostname() != "127.0.0.1" || u.Port() == "" || u.EscapedPath() != "/callback" {
		return "", "", false
	}
	return u.Host, u.RawQuery, true // a fragment never leaves a browser
}
