package loopback

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	latchkey "latchkey/backend"
)

// maxQuery bounds the query of a callback, in bytes. Codes and states take some hundred.
const maxQuery = 8 << 10

// errorCode is the shape of OAuth error codes (RFC 6749 section 4.1.2.1). Anything else is not
// repeated, not even to a log.
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// ServeHTTP implements [http.Handler].
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isStart := subtle.ConstantTimeCompare([]byte(r.URL.Path), []byte(l.start)) == 1
	if !isStart && r.URL.Path != "/callback" {
		// Not one header of ours either: whoever scans ports learns nothing.
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", l.look.policy)
	if status := l.stranger(r); status != 0 {
		w.WriteHeader(status)
		return
	}
	if isStart {
		l.serveStart(w, r)
		return
	}
	l.serveCallback(w, r)
}

// stranger answers the status for a request that is no navigation of the person's browser to us;
// zero for one that is.
func (l *listener) stranger(r *http.Request) int {
	if r.Method != http.MethodGet {
		return http.StatusMethodNotAllowed
	}
	// Another Host is a name that somebody pointed at this address (DNS rebinding).
	if r.Host != l.host {
		return http.StatusForbidden
	}
	// Pages that fetch or frame us give themselves away; programs send neither header.
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if r.Header.Get("Origin") != "" || (mode != "" && mode != "navigate") || (dest != "" && dest != "document") {
		return http.StatusForbidden
	}
	return 0
}

func (l *listener) serveStart(w http.ResponseWriter, r *http.Request) {
	target := l.target.Load()
	if target == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	http.Redirect(w, r, string(*target), http.StatusSeeOther)
}

func (l *listener) serveCallback(w http.ResponseWriter, r *http.Request) {
	q, ok := callbackValues(r.URL.RawQuery)
	if !ok || !l.isOurs(q) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l.deliver(l.judge(q))
	select {
	case <-l.settled:
		l.page.write(w)
	case <-r.Context().Done():
	}
}

// callbackValues reads the query of anything that may be a callback.
func callbackValues(raw string) (map[string]string, bool) {
	q, ok := singleValues(raw)
	// A response in a JWT (JARM) was not asked for and could hide any other parameter.
	if _, jarm := q["response"]; !ok || jarm {
		return nil, false
	}
	return q, true
}

// isOurs tells the callback of this attempt: its state is the one that nobody else knows.
func (l *listener) isOurs(q map[string]string) bool {
	return subtle.ConstantTimeCompare([]byte(q["state"]), []byte(l.state)) == 1
}

// judge reads a callback with the right state.
func (l *listener) judge(q map[string]string) callback {
	code, refusal := q["code"], q["error"]
	switch {
	case q["iss"] != l.issuer:
		// Refusals have to name their issuer as well: else any server could end a sign-in.
		return callback{err: latchkey.NewError(latchkey.IssuerMismatch, errors.New("callback of another issuer, or of none"))}
	case refusal == "access_denied":
		return callback{err: latchkey.NewError(latchkey.Denied, nil)}
	case refusal != "":
		return callback{err: latchkey.NewError(latchkey.ServerRefused, errors.New("error="+errorCode.FindString(refusal)))}
	case code == "":
		return callback{err: latchkey.NewError(latchkey.ResponseInvalid, errors.New("callback without a code"))}
	}
	return callback{code: latchkey.Secret(code)}
}

// singleValues parses a query in which no parameter may be given twice (RFC 6749 section 3.1).
func singleValues(raw string) (map[string]string, bool) {
	if len(raw) > maxQuery {
		return nil, false
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, false
	}
	single := make(map[string]string, len(values))
	for key, all := range values {
		if len(all) != 1 {
			return nil, false
		}
		single[key] = all[0]
	}
	return single, true
}
