package oauth

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// proofOps is everything that sends a proof.
var proofOps = map[string]struct {
	endpoint string
	run      func(*testing.T, *visitor) error
}{
	"push": {"push", func(t *testing.T, v *visitor) error {
		_, err := v.Push(t.Context(), request(), v.keys)
		return err
	}},
	"exchange": {"token", func(t *testing.T, v *visitor) error {
		other := *v
		other.Client = newClient(t, v.net) // so that v has to find the time at the exchange
		address, err := other.Push(t.Context(), request(), v.keys)
		must(t, err)
		_, err = v.Exchange(t.Context(), request(), v.keys, latchkey.Secret(v.net.Visit(t, string(address)).Get("code")))
		return err
	}},
	"refresh": {"token", func(t *testing.T, v *visitor) error {
		g, err := v.Refresh(t.Context(), v.session, v.keys)
		if err == nil {
			v.session.Tokens = g.Tokens
		}
		return err
	}},
	"request": {"xrpc", func(t *testing.T, v *visitor) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, xrpc, strings.NewReader(`{}`))
		must(t, err)
		res, err := v.Do(t.Context(), v.session, v.keys, req)
		if err != nil {
			return err
		}
		discard(res)
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("answered with %s", res.Status)
		}
		return nil
	}},
	"revoke": {"revoke", func(t *testing.T, v *visitor) error { return v.Revoke(t.Context(), v.session, v.keys) }},
}

// A clock that is wrong locks nobody out, whatever is asked for first. It costs one request, and none
// when something of the server was read before.
// hostile: 39
func TestClockIsWrong(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-300 * 24 * time.Hour, -time.Hour, -5 * time.Minute, 5 * time.Minute, time.Hour, 300 * 24 * time.Hour} {
		for name, op := range proofOps {
			t.Run(fmt.Sprint(name, " ", ahead), func(t *testing.T) {
				t.Parallel()
				net := hostile.New(t)
				net.Ahead = ahead
				v := granted(t, net)
				for _, test := range []struct {
					when           string
					prepare        func()
					sent, untimely int
				}{
					// The PDS gives a nonce with its refusal, so that the request needs no third try.
					{"knowing nothing", func() { v.Client = newClient(t, net) }, 2, 1},
					{"later", func() {}, 1, 0},
					{"after discovery", func() {
						v.Client = newClient(t, net)
						_, err := v.Discover(t.Context(), hostile.PDS)
						must(t, err)
					}, 2, 0}, // for the nonce
				} {
					test.prepare()
					if name == "exchange" { // its own pushed request meets the same clock
						test.untimely++
					}
					sent, untimely := net.Requests(op.endpoint), net.Untimely()
					if err := op.run(t, v); err != nil {
						t.Fatalf("%s: %v", test.when, err)
					}
					if n := net.Requests(op.endpoint) - sent; n != test.sent {
						t.Errorf("%s: sent %d times, want %d", test.when, n, test.sent)
					}
					if n := net.Untimely() - untimely; n != test.untimely {
						t.Errorf("%s: %d proofs were not of the server's time, want %d", test.when, n, test.untimely)
					}
				}
			})
		}
	}
}

// Servers may look at the nonce first, give none with a refusal of the time, and answer as RFC 9449
// has it or as the PDS does. Three tries are enough for all of them.
// hostile: 39
func TestClockAndNonce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int  // of a proof that is not of the server's time
		nonceFirst bool // and not the time
		hideDate   bool // in the answer that gives the nonce
		sent       int
	}{
		"time first, 400":               {http.StatusBadRequest, false, false, 3},
		"time first, 401":               {http.StatusUnauthorized, false, false, 3},
		"nonce first, with the time":    {http.StatusUnauthorized, true, false, 2},
		"nonce first, without the time": {http.StatusBadRequest, true, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.Ahead = time.Hour
			net.Push = func(w http.ResponseWriter, r *http.Request) {
				p, untimely := hostile.ReadProof(r, time.Now().Add(time.Hour))
				switch {
				case p.Nonce != "some" && (test.nonceFirst || untimely == nil):
					if test.hideDate {
						w.Header()["Date"] = nil
					}
					w.Header().Set("DPoP-Nonce", "some")
					hostile.Refuse(w, http.StatusBadRequest, "use_dpop_nonce", "")
				case untimely != nil:
					hostile.Refuse(w, test.status, "invalid_dpop_proof", untimely.Error())
				default:
					hostile.JSON(w, http.StatusCreated, map[string]any{"request_uri": "urn:x", "expires_in": 60})
				}
			}
			c := newClient(t, net)
			_, err := c.Push(t.Context(), request(), hostile.Keys(t, c))
			must(t, err)
			if n := net.Requests("push"); n != test.sent {
				t.Errorf("sent %d times, want %d", n, test.sent)
			}
		})
	}
}

// Our clock, or the server's, is set while the app runs.
// hostile: 39
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Ahead = time.Hour
	v := granted(t, net)
	// A nanosecond is as good as right.
	for _, ahead := range []time.Duration{1, -time.Hour, 26 * time.Hour, 1, 10 * time.Minute} {
		net.Change(func() { net.Ahead = ahead })
		for _, most := range []int{3, 1} {
			before := net.Requests("token")
			must(t, proofOps["refresh"].run(t, v))
			if n := net.Requests("token") - before; n > most {
				t.Errorf("ahead by %v: sent %d times, want %d at most", ahead, n, most)
			}
		}
	}
	if n := net.Replays(); n != 0 {
		t.Errorf("%d refresh tokens were used twice", n)
	}
}

// A Date that makes no sense, or lies, costs one request at most, and a client whose clock is right is
// not kept out by it.
// hostile: 39
func TestClockOfNonsense(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	var lies atomic.Int64
	for name, test := range map[string]struct {
		date     func() []string
		untimely int
	}{
		"none":            {func() []string { return []string{} }, 0},
		"empty":           {func() []string { return []string{""} }, 0},
		"garbage":         {func() []string { return []string{"yesterday"} }, 0},
		"a number":        {func() []string { return []string{"1700000000"} }, 0},
		"year 1":          {func() []string { return []string{"Mon, 01 Jan 0001 00:00:00 GMT"} }, 0},
		"year 9999":       {func() []string { return []string{"Fri, 31 Dec 9999 23:59:59 GMT"} }, 0},
		"no such day":     {func() []string { return []string{"Fri, 32 Dec 2026 25:00:00 GMT"} }, 0},
		"1970":            {func() []string { return []string{"Thu, 01 Jan 1970 00:00:00 GMT"} }, 0},
		"a year ahead":    {func() []string { return []string{at(401 * 24 * time.Hour)} }, 0},
		"seconds":         {func() []string { return []string{at(-8 * time.Second)} }, 0},
		"two hours ahead": {func() []string { return []string{at(2 * time.Hour)} }, 1},
		"a day behind":    {func() []string { return []string{at(-24 * time.Hour)} }, 1},
		"another lie each time": {func() []string {
			return []string{at(time.Duration(lies.Add(1)) * time.Hour)}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.Date = test.date
			v := granted(t, net)
			for _, op := range []string{"refresh", "request", "refresh", "request", "push", "revoke"} {
				if err := proofOps[op].run(t, v); err != nil {
					t.Errorf("%s: %v", op, err)
				}
			}
			if n := net.Untimely(); n != test.untimely {
				t.Errorf("%d proofs were not of the server's time, want %d", n, test.untimely)
			}
		})
	}
}

// A document from a cache has the time at which it went in there.
// hostile: 39
func TestClockOfACache(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	cached := func(honest http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			w.Header().Set("Age", "3600")
			honest(w, r)
		}
	}
	net.Metadata, net.ProtectedResource = cached(net.HonestMetadata), cached(net.HonestProtectedResource)
	c := newClient(t, net)
	as, err := c.Discover(t.Context(), hostile.PDS)
	must(t, err)
	req := request()
	req.Server = as
	_, err = c.Push(t.Context(), req, hostile.Keys(t, c)) // the network fails the test for an untimely proof
	must(t, err)
}

// A server that takes no proof at all is asked three times at most.
// hostile: 27, 39
func TestProofsAreRefusedForEver(t *testing.T) {
	t.Parallel()
	var lies atomic.Int64
	lying := func() []string {
		return []string{time.Now().Add(time.Duration(lies.Add(1)) * time.Hour).UTC().Format(http.TimeFormat)}
	}
	for name, test := range map[string]struct {
		ahead    time.Duration
		date     func() []string
		discover bool
		answers  string // n: another nonce, i: invalid proof; over and over
		sent     int
	}{
		"clock right":                {answers: "i", sent: 1},
		"clock wrong":                {ahead: time.Hour, answers: "i", sent: 2},
		"clock known to be wrong":    {ahead: time.Hour, discover: true, answers: "i", sent: 2},
		"another time each time":     {date: lying, answers: "i", sent: 2},
		"another time, known":        {date: lying, discover: true, answers: "i", sent: 3},
		"clock wrong, nonces too":    {ahead: time.Hour, answers: "ni", sent: 3},
		"clock right, nonces too":    {answers: "ni", sent: 2},
		"nonce late":                 {date: lying, discover: true, answers: "iini", sent: 3},
		"nonce in the middle":        {date: lying, discover: true, answers: "ini", sent: 3},
		"another time, nonces too":   {date: lying, discover: true, answers: "ni", sent: 3},
		"no time, nonces for a sign": {date: func() []string { return []string{} }, answers: "ni", sent: 2},
	} {
		for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				t.Parallel()
				net := hostile.New(t)
				net.Ahead, net.Date = test.ahead, test.date
				var sent atomic.Int32
				net.Push = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("DPoP-Nonce", "some")
					if n := int(sent.Add(1)); test.answers[(n-1)%len(test.answers)] == 'n' {
						hostile.Refuse(w, http.StatusBadRequest, "use_dpop_nonce", "")
						return
					}
					hostile.Refuse(w, status, "invalid_dpop_proof", "")
				}
				c := newClient(t, net)
				if test.discover {
					_, err := c.Discover(t.Context(), hostile.PDS)
					must(t, err)
				}
				for round := range 3 { // what was learned must not make it worse
					sent.Store(0)
					_, err := c.Push(t.Context(), request(), hostile.Keys(t, c))
					if code := latchkey.CodeOf(err); code != latchkey.ServerRefused && code != latchkey.ResponseInvalid {
						t.Errorf("got %v", err)
					}
					if n := int(sent.Load()); n > 3 || round == 0 && n != test.sent {
						t.Errorf("round %d: sent %d times", round, n)
					}
				}
			})
		}
	}
}

// The same for a request to the PDS.
// hostile: 27, 39
func TestDoIsRefusedForEver(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Ahead = time.Hour
	v := granted(t, net)
	net.Change(func() {
		net.XRPC = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `DPoP algs="ES256", error="invalid_dpop_proof"`)
			hostile.JSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_dpop_proof"})
		}
	})
	for range 3 {
		before := net.Requests("xrpc")
		res, err := v.Do(t.Context(), v.session, v.keys, get(t, xrpc))
		must(t, err)
		discard(res)
		if n := net.Requests("xrpc") - before; res.StatusCode != http.StatusUnauthorized || n != 2 {
			t.Errorf("%s after %d requests", res.Status, n)
		}
	}
}

// A refresh token works once: only an answer that says that the proof, and nothing but the proof, was
// looked at lets it be sent again. A clock that is wrong makes no difference to that.
// hostile: 36, 39
func TestRefreshIsSentOnceWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	again := map[string]bool{"400 use_dpop_nonce": true, "400 invalid_dpop_proof": true, "401 invalid_dpop_proof": true}
	for _, status := range []int{200, 201, 202, 204, 400, 401, 403, 404, 409, 429, 500, 502, 503} {
		for _, code := range []string{"use_dpop_nonce", "invalid_dpop_proof", "invalid_grant", "invalid_request", "invalid_client", "invalid_token", "server_error", "clock", ""} {
			for _, contentType := range []string{"application/json", "text/html"} {
				if again[fmt.Sprint(status, " ", code)] && contentType == "application/json" {
					continue
				}
				t.Run(fmt.Sprint(status, code, contentType), func(t *testing.T) {
					t.Parallel()
					net := hostile.New(t)
					net.Ahead = time.Hour
					v := granted(t, net)
					net.Change(func() {
						net.Ahead = -time.Hour
						net.Token = withNonce(hostile.Body(status, contentType, fmt.Sprintf(`{"error":%q}`, code)))
					})
					before := net.Requests("token")
					if _, err := v.Refresh(t.Context(), v.session, v.keys); err == nil {
						t.Error("no error")
					}
					if n := net.Requests("token") - before; n != 1 {
						t.Errorf("sent %d times", n)
					}
				})
			}
		}
	}
}

// The second try of a refresh is as good as the first one: when it is lost, it may have been taken.
// hostile: 36, 39
func TestRefreshIsLostAfterAnotherTime(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	v := granted(t, net)
	var sent atomic.Int32
	net.Change(func() {
		net.Ahead = time.Hour
		net.Token = func(w http.ResponseWriter, r *http.Request) {
			if sent.Add(1) == 1 {
				net.HonestToken(w, r)
				return
			}
			hostile.HangUp(w, r)
		}
	})
	_, err := v.Refresh(t.Context(), v.session, v.keys)
	mustCode(t, err, latchkey.RenewalUnknown)
	if n := sent.Load(); n != 2 {
		t.Errorf("sent %d times", n)
	}
}

// hostile: 39
func TestClockAhead(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	for _, h := range []http.Header{{}, {"Date": {""}}, {"Date": {"today"}}} { // says nothing, not "the same"
		if ahead, known := clockAhead(h, sent, sent); ahead != 0 || known {
			t.Errorf("%v: ahead by %v, %v", h, ahead, known)
		}
	}
	type test struct {
		date, received, want time.Duration // since sent
		age                  string
		known                bool
	}
	for name, test := range map[string]test{
		"same":                      {known: true},
		"whole seconds":             {date: -500 * time.Millisecond, received: 20 * time.Millisecond, known: true},
		"slow answer, made early":   {date: time.Second, received: 50 * time.Second, known: true},
		"slow answer, made late":    {date: 49 * time.Second, received: 50 * time.Second, known: true},
		"asleep before the answer":  {date: 0, received: 9 * time.Hour, known: true},
		"a little ahead":            {date: 10 * time.Second, known: true},
		"a little behind":           {date: -9 * time.Second, known: true},
		"ahead":                     {date: time.Hour, received: time.Second, want: time.Hour - time.Second, known: true},
		"behind":                    {date: -time.Hour, received: time.Second, want: -time.Hour, known: true},
		"behind, and a slow answer": {date: -time.Hour, received: time.Minute, want: -time.Hour, known: true},
		"clock set back meanwhile":  {date: time.Second, received: -time.Hour, want: time.Hour + time.Second, known: true},
		"far ahead":                 {date: 399 * 24 * time.Hour, want: 399 * 24 * time.Hour, known: true},
		"too far ahead":             {date: 401 * 24 * time.Hour},
		"too far behind":            {date: -401 * 24 * time.Hour},
		"longer than it can count":  {date: 1<<63 - 1},
		"cached":                    {date: -time.Hour, age: "3600"},
		"straight from a cache":     {date: -time.Hour, age: "0", want: -time.Hour, known: true},
		"cached for who knows long": {date: -time.Hour, age: "long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A Date has whole seconds; the ones here are rounded by the half second of sent.
			date := sent.Add(test.date).Truncate(time.Second)
			if test.want != 0 {
				test.want -= sent.Add(test.date).Sub(date)
			}
			h := http.Header{"Date": {date.Format(http.TimeFormat)}}
			if test.age != "" {
				h.Set("Age", test.age)
			}
			got, known := clockAhead(h, sent, sent.Add(test.received))
			if got != test.want || known != test.known {
				t.Errorf("ahead by %v, %v; want %v, %v", got, known, test.want, test.known)
			}
		})
	}
}
