package oauth

import (
	"context"
	"fmt"
	stdnet "net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

// resumed is a client that knows nothing yet, with a session from an earlier run.
func resumed(tb testing.TB, net *hostile.Server) *visitor {
	tb.Helper()
	v := granted(tb, net)
	v.Client = newClient(tb, net)
	return v
}

// pass moves the client's clock. No other goroutine may use the client meanwhile.
func (v *visitor) pass(wall, running time.Duration) {
	v.now = func() reading {
		now := readClock()
		return reading{wall: now.wall.Add(wall), running: now.running + running}
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	// Answers that are given up before anybody saw their status are enough, but not kept in mind.
	unread := map[string]bool{"huge": true, "redirects to nonsense": true}
	for name, test := range map[string]struct {
		metadata http.HandlerFunc
		want     latchkey.Code
	}{
		"answers":      {nil, ""},
		"nothing here": {http.NotFound, ""}, // a token endpoint on another origin than the issuer
		"forbidden":    {hostile.Body(403, "text/html", "<html>"), ""},
		"nonsense":     {hostile.Body(200, "text/html", "<html>"), ""},
		"redirects": {func(w http.ResponseWriter, r *http.Request) { // hostile: 18
			http.Redirect(w, r, hostile.Other+r.URL.Path, http.StatusFound)
		}, ""},
		"redirects to nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://%zz")
			w.WriteHeader(http.StatusFound)
		}, ""},
		"huge": {hostile.Body(200, "application/json", strings.Repeat(" ", 600<<10)), ""}, // hostile: 19
		// hostile: 32
		"busy":      {hostile.Body(503, "text/html", "<html>"), latchkey.ServerBusy},
		"broken":    {hostile.Body(500, "application/json", `{}`), latchkey.ServerBusy},
		"too often": {hostile.Body(429, "application/json", `{}`), latchkey.ServerBusy},
		"hangs up":  {hostile.HangUp, latchkey.ServerUnreachable},
		"half an answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"issuer`))
		}, latchkey.ServerUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.Metadata = test.metadata
			v := resumed(t, net)
			mustCode(t, v.Reach(t.Context(), v.session), test.want)
			// What was no good answer is asked for again at once; a good one is not.
			asked := net.Requests("metadata")
			mustCode(t, v.Reach(t.Context(), v.session), test.want)
			if again := net.Requests("metadata") > asked; again != (test.want != "" || unread[name]) {
				t.Errorf("asked again: %v", again)
			}
		})
	}
}

func TestReachOffline(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	x := v.net.Exceptions()
	x.Resolve["pds.example.net:443"] = safehttp.Target{Address: hostile.ClosedPort(t)}
	mustCode(t, New(safehttp.New(x, "test")).Reach(t.Context(), v.session), latchkey.ServerUnreachable)

	v.session.TokenEndpoint = "https://127.0.0.1/oauth/token" // hostile: 17
	mustCode(t, v.Reach(t.Context(), v.session), latchkey.ServerUnsafe)
	v.session.TokenEndpoint = "http://pds.example.net/oauth/token" // hostile: 22
	mustCode(t, v.Reach(t.Context(), v.session), latchkey.ResponseInvalid)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v = resumed(t, hostile.New(t))
	mustCode(t, v.Reach(ctx, v.session), latchkey.ServerUnreachable)
}

// Nobody waits longer than ten seconds for it, whatever the caller would wait for.
func TestReachHasADeadline(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	v.Client = canned{}.client()
	v.documents = &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		if end, ok := req.Context().Deadline(); !ok || time.Until(end) > 10*time.Second || time.Until(end) < 5*time.Second {
			t.Errorf("ends %v, %v", end, ok)
		}
		return nil, context.DeadlineExceeded
	})}
	mustCode(t, v.Reach(t.Context(), v.session), latchkey.ServerUnreachable)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The refresh goes over the very connection that was found to work, and so does everything else.
func TestReachLeavesAConnection(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		for _, metadata := range []http.HandlerFunc{nil, hostile.Body(404, "text/html", strings.Repeat("a", 100<<10))} {
			t.Run(fmt.Sprint(http2, metadata == nil), func(t *testing.T) {
				t.Parallel()
				net := hostile.New(t)
				net.HTTP2, net.Metadata = http2, metadata
				v := resumed(t, net)
				before := net.Connections()
				must(t, v.Reach(t.Context(), v.session))
				if n := net.Connections() - before; n != 1 {
					t.Errorf("%d connections to reach it", n)
				}
				must(t, proofOps["refresh"].run(t, v))
				must(t, proofOps["request"].run(t, v))
				v.pass(time.Minute, time.Minute)
				must(t, v.Reach(t.Context(), v.session))
				if n := net.Connections() - before; n != 1 {
					t.Errorf("%d connections in all", n)
				}
				// The refresh that follows the end of an access token, too.
				net.EndAccess()
				mustCode(t, proofOps["request"].run(t, v), latchkey.AccessEnded)
				must(t, proofOps["refresh"].run(t, v))
				if n := net.Connections() - before; n != 1 {
					t.Errorf("%d connections after the access token ended", n)
				}
			})
		}
	}
}

// The refresh goes to the token endpoint, so that is who has to answer.
func TestReachAsksTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	v := granted(t, net) // the PDS has just answered
	var asked []string
	net.Change(func() {
		net.Metadata = func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.Method+" "+r.Host+r.URL.Path) }
	})
	v.session.TokenEndpoint = hostile.Other + ":443/deep/token?tenant=a"
	must(t, v.Reach(t.Context(), v.session))
	v.session.TokenEndpoint = strings.ToUpper(hostile.Other) + "/oauth/token" // the same origin
	must(t, v.Reach(t.Context(), v.session))
	if want := "GET other.example.org/.well-known/oauth-authorization-server"; len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q", asked)
	}
}

// An answer is good for ten seconds by both clocks: the one that stands still while the computer
// sleeps, and the one that somebody may set.
// hostile: 39
func TestReachAsksAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wall, running time.Duration
		again         bool
	}{
		"at once":                    {0, 0, false},
		"soon":                       {9 * time.Second, 9 * time.Second, false},
		"later":                      {10 * time.Second, 10 * time.Second, true},
		"after a sleep":              {8 * time.Hour, time.Second, true},
		"after a short sleep":        {15 * time.Second, time.Second, true},
		"clock set back":             {-time.Hour, time.Second, true},
		"clock set back, later":      {-time.Hour, time.Hour, true},
		"clock set back a bit":       {time.Second, 30 * time.Second, true},
		"clock set back to just now": {0, time.Hour, true},
		"clock set forward":          {time.Hour, 0, true},
		"long after":                 {1 << 62, 1 << 62, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			v := resumed(t, net)
			must(t, v.Reach(t.Context(), v.session))
			v.pass(test.wall, test.running)
			asked := net.Requests("metadata")
			must(t, v.Reach(t.Context(), v.session))
			if again := net.Requests("metadata") > asked; again != test.again {
				t.Errorf("asked again: %v", again)
			}
		})
	}
}

// Whatever the server answers shows that it can be reached, until something shows the contrary.
func TestReachTakesAnyAnswer(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	v := resumed(t, net)
	asks := func(what string, want bool) {
		t.Helper()
		before := net.Requests("metadata")
		must(t, v.Reach(t.Context(), v.session))
		if asked := net.Requests("metadata") > before; asked != want {
			t.Errorf("after %s: asked: %v", what, asked)
		}
	}
	var passed time.Duration
	later := func() { passed += time.Minute; v.pass(passed, passed) }
	set := func(f func()) { net.Change(f) }

	asks("nothing", true)
	for _, op := range []string{"refresh", "request", "push"} {
		later()
		must(t, proofOps[op].run(t, v))
		asks(op, false)
	}
	later()
	_, err := v.Discover(t.Context(), hostile.PDS)
	must(t, err)
	asks("discovery", false)

	later()
	set(func() { net.XRPC = hostile.Body(400, "application/json", `{}`) })
	_ = proofOps["request"].run(t, v)
	asks("a refusal", false)

	later()
	set(func() { net.XRPC = hostile.Body(502, "text/html", "") })
	_ = proofOps["request"].run(t, v)
	asks("an answer of somebody in between", true)
	set(func() { net.XRPC = hostile.HangUp })
	_ = proofOps["request"].run(t, v)
	asks("a line that went dead", true)
	set(func() {
		net.Revoke = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
		}
	})
	_ = proofOps["revoke"].run(t, v)
	asks("half an answer", true)
}

// A connection that died without a word, as one does when the network changes, is not asked twice.
// hostile: 36
func TestReachGivesUpDeadConnections(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		t.Run(fmt.Sprint("HTTP/2: ", http2), func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.HTTP2 = http2
			v := granted(t, net)
			line := newLine(t, net)
			client := safehttp.New(line.exceptions, "test")
			t.Cleanup(client.Close)
			v.Client = New(client)
			must(t, v.Reach(t.Context(), v.session))
			for i := range 3 {
				v.pass(time.Duration(i+1)*time.Minute, time.Duration(i+1)*time.Minute)
				ctx, cancel := context.WithCancel(t.Context())
				line.cut(cancel) // the wait ends when the question is lost
				mustCode(t, v.Reach(ctx, v.session), latchkey.ServerUnreachable)
				must(t, v.Reach(t.Context(), v.session))
				must(t, proofOps["refresh"].run(t, v))
			}
			// A request that nobody gave up, and that ran into its own limit.
			line.cut(func() {})
			v.documents.Timeout = 10 * time.Millisecond
			mustCode(t, v.Revoke(t.Context(), v.session, v.keys), latchkey.ServerUnreachable)
			v.documents.Timeout = time.Minute
			must(t, v.Revoke(t.Context(), v.session, v.keys))
		})
	}
}

// line is the network between a client and the servers. What was connected when it is cut stays
// open, and nothing comes through any more.
type line struct {
	exceptions safehttp.Exceptions
	mu         sync.Mutex
	cuts       int
	lost       func() // called when something is lost
	open       []stdnet.Conn
}

func newLine(t *testing.T, net *hostile.Server) *line {
	t.Helper()
	l := &line{exceptions: net.Exceptions()}
	server := l.exceptions.Resolve["pds.example.net:443"]
	if server.Address == "" {
		server = l.exceptions.Resolve["*.example.net:443"]
	}
	listener, err := (&stdnet.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	must(t, err)
	l.exceptions.Resolve["pds.example.net:443"] = safehttp.Target{Address: listener.Addr().String()}
	var work sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, conn := range l.open {
			_ = conn.Close()
		}
		l.mu.Unlock()
		work.Wait()
	})
	work.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := (&stdnet.Dialer{}).DialContext(t.Context(), "tcp4", server.Address)
			if err != nil {
				t.Error(err)
				_ = near.Close()
				return
			}
			l.mu.Lock()
			made := l.cuts
			l.open = append(l.open, near, far)
			l.mu.Unlock()
			for _, way := range [][2]stdnet.Conn{{near, far}, {far, near}} {
				work.Go(func() { l.carry(way[0], way[1], made) })
			}
		}
	})
	return l
}

func (l *line) cut(lost func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cuts++
	l.lost = lost
}

func (l *line) carry(from, to stdnet.Conn, made int) {
	defer func() { _, _ = from.Close(), to.Close() }()
	for buf := make([]byte, 32<<10); ; {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		cut, lost := l.cuts > made, l.lost
		l.mu.Unlock()
		if cut {
			lost()
		} else if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
