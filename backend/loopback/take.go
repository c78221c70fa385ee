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
	host, query, ok := splitCallback(string(address))
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

// splitCallback takes the address of a callback on 127.0.0.1 apart, whichever its port. Its errors
// would repeat the address, so it has none.
func splitCallback(address string) (host, query string, ok bool) {
	if len(address) > maxAddress {
		return "", "", false
	}
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		// Address bars leave the scheme out, and some of them when it is copied too.
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Opaque != "" || u.User != nil ||
		u.Hostname() != "127.0.0.1" || u.Port() == "" || u.EscapedPath() != "/callback" {
		return "", "", false
	}
	return u.Host, u.RawQuery, true // a fragment never leaves a browser
}
