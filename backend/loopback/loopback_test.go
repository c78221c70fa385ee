package loopback

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

const (
	state   = "the-state-of-this-attempt"
	issuer  = "https://pds.example.com"
	product = "Latchkey"
)

var alice = latchkey.Account{DID: "did:plc:ewvi7nxzyoun6zhxrhs64oiz", Handle: "alice.test"}

func listen(tb testing.TB) *listener {
	tb.Helper()
	return listenAs(tb, Loopback{Product: product})
}

func listenAs(tb testing.TB, loopback Loopback) *listener {
	tb.Helper()
	l, err := loopback.Listen(tb.Context(), state, issuer, "")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		l.Finish(ended, nil, nil)
	})
	return l.(*listener)
}

// answer is what a raw request got; status is 0 when the connection ended without an answer.
type answer struct {
	status int
	header http.Header
	body   string
}

func dial(tb testing.TB, host string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp4", host)
	if err != nil {
		tb.Error(err)
		return nil
	}
	tb.Cleanup(func() { _ = conn.Close() })
	// Nothing waits that long unless it hangs.
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

// send writes raw bytes and reads the answer to them.
func send(tb testing.TB, host, raw string) answer {
	tb.Helper()
	conn := dial(tb, host)
	if conn == nil {
		return answer{}
	}
	defer func() { _ = conn.Close() }()
	// A listener that has read enough answers and closes while we still write.
	_, _ = io.WriteString(conn, raw)
	return read(conn)
}

func read(conn net.Conn) answer {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}
}

func request(method, target, host string, headers ...string) string {
	raw := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for _, h := range headers {
		raw += h + "\r\n"
	}
	return raw + "\r\n"
}

func callbackTarget(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	return "/callback?" + q.Encode()
}

func genuine(host string) string {
	return request("GET", callbackTarget("state", state, "iss", issuer, "code", "real-code"), host)
}

// approve sends the real callback and requires that it is the one that counts.
func approve(t *testing.T, l *listener) {
	t.Helper()
	page := make(chan answer, 1)
	go func() { page <- send(t, l.host, genuine(l.host)) }()
	code, err := l.Wait(t.Context())
	if err != nil || string(code) != "real-code" {
		t.Errorf("the real callback delivers %q, %v", string(code), err)
	}
	l.Finish(t.Context(), &alice, nil)
	if got := <-page; got.status != 200 || !strings.Contains(got.body, "signed in as alice.test") {
		t.Errorf("the real callback got %+v", got)
	}
}

// Whatever a stranger sends gets a bare refusal and changes nothing: the real callback, which comes
// afterwards, is the one that counts.
func TestStrangers(t *testing.T) {
	t.Parallel()
	right := callbackTarget("state", state, "iss", issuer, "code", "forged")
	get := func(target string, headers ...string) func(string) string {
		return func(host string) string { return request("GET", target, host, headers...) }
	}
	method := func(m string, headers ...string) func(string) string {
		return func(host string) string { return request(m, right, host, headers...) }
	}
	asHost := func(pattern string) func(string) string {
		return func(host string) string {
			_, port, _ := strings.Cut(host, ":")
			return request("GET", right, strings.ReplaceAll(pattern, "PORT", port))
		}
	}
	forged := func(pairs ...string) func(string) string { return get(callbackTarget(pairs...)) }
	tests := []struct {
		name   string
		raw    func(host string) string
		status int
	}{
		// hostile: 1
		{"no query", get("/callback"), 400},
		{"no state", forged("iss", issuer, "code", "forged"), 400},
		{"empty state", forged("state", "", "iss", issuer, "code", "forged"), 400},
		{"wrong state", forged("state", "guess", "iss", issuer, "code", "forged"), 400},
		{"half of the state", forged("state", state[:5], "iss", issuer, "code", "forged"), 400},
		{"more than the state", forged("state", state+"x", "iss", issuer, "code", "forged"), 400},
		{"state in upper case", forged("state", strings.ToUpper(state), "iss", issuer, "code", "forged"), 400},
		{"STATE", forged("STATE", state, "iss", issuer, "code", "forged"), 400},
		{"state in the fragment", get("/callback?code=forged#state=" + state), 400},
		{"state in a cookie", get(callbackTarget("iss", issuer, "code", "forged"), "Cookie: state="+state), 400},
		// hostile: 2
		{"forged refusal without state", forged("error", "access_denied", "iss", issuer), 400},
		{"forged refusal with a wrong state", forged("error", "access_denied", "iss", issuer, "state", "guess"), 400},
		// hostile: 6
		{"state twice, the same", get(right + "&state=" + state), 400},
		{"state twice, the right one first", get(right + "&state=guess"), 400},
		{"state twice, the right one last", get("/callback?state=guess&" + strings.TrimPrefix(right, "/callback?")), 400},
		{"state twice, once encoded", get(right + "&st%61te=" + state), 400},
		{"code twice", get(right + "&code=other"), 400},
		{"iss twice", get(right + "&iss=https%3A%2F%2Fevil.example"), 400},
		{"error twice", get(right + "&error=a&error=b"), 400},
		{"unknown parameter twice", get(right + "&x=1&x=1"), 400},
		{"semicolons", get(right + ";state=guess"), 400},
		{"half an escape", get(right + "&x=%zz"), 400},
		// hostile: 7
		{"POST", method("POST", "Content-Length: 0"), 405},
		{"POST of a form", func(host string) string {
			body := strings.TrimPrefix(right, "/callback?")
			return request("POST", "/callback", host, "Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("Content-Length: %d", len(body))) + body
		}, 405},
		{"HEAD", method("HEAD"), 405},
		{"PUT", method("PUT", "Content-Length: 0"), 405},
		{"DELETE", method("DELETE"), 405},
		{"OPTIONS", method("OPTIONS", "Access-Control-Request-Private-Network: true"), 405},
		{"TRACE", method("TRACE"), 405},
		{"a made-up method", method("LOGIN"), 405},
		{"get in lower case", method("get"), 405},
		// hostile: 8
		{"Host localhost", asHost("localhost:PORT"), 403},
		{"Host without the port", asHost("127.0.0.1"), 403},
		{"Host with another port", asHost("127.0.0.1:1"), 403},
		{"Host of somebody else", asHost("evil.example"), 403},
		{"Host of somebody else with the port", asHost("evil.example:PORT"), 403},
		{"Host that starts like ours", asHost("127.0.0.1:PORT.evil.example"), 403},
		{"Host in another spelling", asHost("127.1:PORT"), 403},
		{"Host by IPv6", asHost("[::ffff:127.0.0.1]:PORT"), 403},
		{"empty Host", asHost(""), 403},
		{"HTTP/1.0 without a Host", func(string) string { return "GET " + right + " HTTP/1.0\r\n\r\n" }, 403},
		{"no Host", func(string) string { return "GET " + right + " HTTP/1.1\r\n\r\n" }, 400},
		{"two Hosts", func(host string) string { return request("GET", right, host, "Host: evil.example") }, 400},
		{"a whole URL of somebody else", func(host string) string { return request("GET", "http://evil.example"+right, host) }, 403},
		// hostile: 9
		{"fetch", get(right, "Sec-Fetch-Mode: cors"), 403},
		{"image", get(right, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), 403},
		{"fetch of the same origin", get(right, "Sec-Fetch-Mode: same-origin"), 403},
		{"web socket", get(right, "Sec-Fetch-Mode: websocket", "Connection: Upgrade", "Upgrade: websocket"), 403},
		{"frame", get(right, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"), 403},
		{"embedded object", get(right, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object"), 403},
		{"Origin", get(right, "Origin: https://evil.example"), 403},
		{"Origin null", get(right, "Origin: null", "Sec-Fetch-Mode: navigate"), 403},
		{"our own Origin", func(host string) string { return request("GET", right, host, "Origin: http://"+host) }, 403},
		// hostile: 10
		{"favicon", get("/favicon.ico"), 404},
		{"root", get("/"), 404},
		{"robots", get("/robots.txt"), 404},
		{"callback and a slash", get(strings.Replace(right, "/callback", "/callback/", 1)), 404},
		{"two slashes and callback", get("/" + right), 404},
		{"callback in upper case", get(strings.Replace(right, "/callback", "/CALLBACK", 1)), 404},
		{"up and down", get("/x/.." + right), 404},
		{"start", get("/start"), 404},
		{"start and a slash", get("/start/"), 404},
		{"start and a guess", get("/start/ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 404},
		{"favicon for another Host", func(string) string { return request("GET", "/favicon.ico", "evil.example") }, 404},
		{"asterisk", func(host string) string { return request("OPTIONS", "*", host) }, 404},
		{"asterisk with GET", func(host string) string { return request("GET", "*", host) }, 404},
		{"CONNECT", func(host string) string { return request("CONNECT", "evil.example:443", host) }, 404},
		{"TLS", func(string) string { return "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n" }, 400},
		{"SSH", func(string) string { return "SSH-2.0-Scan\r\n\r\n" }, 400},
		// hostile: 12
		{"query of 1 MiB", get(right + "&x=" + strings.Repeat("x", 1<<20)), 431},
		{"query of 9 KiB", get(right + "&x=" + strings.Repeat("x", 9<<10)), 400},
		{"code of 1 MiB", get(callbackTarget("state", state, "iss", issuer, "code", strings.Repeat("x", 1<<20))), 431},
		{"header of 1 MiB", get(right, "X-Long: "+strings.Repeat("x", 1<<20)), 431},
		{"65,536 headers", get(right, strings.Repeat("X: y\r\n", 1<<16)+"X: y"), 431},
		// hostile: 13
		{"response beside the rest", get(right + "&response=eyJhbGciOiJub25lIn0.e30."), 400},
		{"response alone", forged("response", "eyJhbGciOiJub25lIn0.e30."), 400},
		{"empty response", get(right + "&response="), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			answered := make(chan answer, 1)
			go func() { answered <- send(t, l.host, tt.raw(l.host)) }()
			var got answer
			select {
			case got = <-answered:
			case <-l.callback:
				t.Fatal("it counts as the real callback")
			}
			if got.status != tt.status {
				t.Errorf("got %+v, want the status %d", got, tt.status)
			}
			// Bare: nothing of us, and nothing that was sent. Some refusals are net/http's own.
			if got.body != "" && !strings.HasPrefix(got.body, fmt.Sprintf("%d ", tt.status)) {
				t.Errorf("the refusal says %q", got.body)
			}
			all := fmt.Sprint(got.header, got.body)
			for _, word := range []string{product, state, "forged", "evil", "start"} {
				if strings.Contains(all, word) {
					t.Errorf("the refusal has %q in it: %s", word, all)
				}
			}
			if tt.status == 404 && (len(got.header) > 3 || got.header.Get("Content-Security-Policy") != "") {
				t.Errorf("a page that is not there tells of us: %v", got.header)
			}
			approve(t, l)
		})
	}
}

// A callback with the right state counts; the issuer and the parameters decide what it means.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	const nasty = "<script>alert(1)</script>\x1b[31m"
	tests := []struct {
		name   string
		pairs  []string
		code   string
		want   latchkey.Code
		reason string
	}{
		{"approved", []string{"iss", issuer, "code", "c"}, "c", "", ""},
		{"approved, with more", []string{"iss", issuer, "code", "c", "session_state", "x"}, "c", "", ""},
		{"approved, with an empty error", []string{"iss", issuer, "code", "c", "error", ""}, "c", "", ""},
		{"long code", []string{"iss", issuer, "code", strings.Repeat("c", 4000)}, strings.Repeat("c", 4000), "", ""},
		// hostile: 3
		{"wrong issuer", []string{"iss", "https://evil.example", "code", "c"}, "", latchkey.IssuerMismatch, ""},
		{"issuer and a slash", []string{"iss", issuer + "/", "code", "c"}, "", latchkey.IssuerMismatch, ""},
		{"issuer in upper case", []string{"iss", strings.ToUpper(issuer), "code", "c"}, "", latchkey.IssuerMismatch, ""},
		{"refusal of a wrong issuer", []string{"iss", "https://evil.example", "error", "access_denied"}, "", latchkey.IssuerMismatch, ""},
		// hostile: 4
		{"no issuer", []string{"code", "c"}, "", latchkey.IssuerMismatch, ""},
		{"empty issuer", []string{"iss", "", "code", "c"}, "", latchkey.IssuerMismatch, ""},
		{"refusal of no issuer", []string{"error", "access_denied"}, "", latchkey.IssuerMismatch, ""},
		{"ISS", []string{"ISS", issuer, "code", "c"}, "", latchkey.IssuerMismatch, ""},

		{"denied", []string{"iss", issuer, "error", "access_denied"}, "", latchkey.Denied, ""},
		{"denied, with a code", []string{"iss", issuer, "error", "access_denied", "code", "c"}, "", latchkey.Denied, ""},
		{"refused", []string{"iss", issuer, "error", "server_error"}, "", latchkey.ServerRefused, "error=server_error"},
		{"refused, with a code", []string{"iss", issuer, "error", "server_error", "code", "c"}, "", latchkey.ServerRefused, "error=server_error"},
		// hostile: 29
		{"nasty error", []string{"iss", issuer, "error", nasty}, "", latchkey.ServerRefused, "error="},
		{"long error", []string{"iss", issuer, "error", strings.Repeat("e", 4000)}, "", latchkey.ServerRefused, "error="},
		{"error with a line behind it", []string{"iss", issuer, "error", "server_error\nlevel=ERROR"}, "", latchkey.ServerRefused, "error="},
		{"nasty description", []string{"iss", issuer, "error", "server_error", "error_description", nasty}, "", latchkey.ServerRefused, "error=server_error"},
		{"no code", []string{"iss", issuer}, "", latchkey.ResponseInvalid, ""},
		{"empty code", []string{"iss", issuer, "code", ""}, "", latchkey.ResponseInvalid, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			page := make(chan answer, 1)
			go func() {
				page <- send(t, l.host, request("GET", callbackTarget(append(tt.pairs, "state", state)...), l.host, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"))
			}()
			code, err := l.Wait(t.Context())
			if string(code) != tt.code || latchkey.CodeOf(err) != tt.want {
				t.Fatalf("delivered %q, %v", string(code), err)
			}
			var reason *latchkey.Error
			if err != nil {
				reason = latchkey.AsError(err)
				if tt.reason != "" && reason.Cause.Error() != tt.reason {
					t.Errorf("the cause is %q, want %q", reason.Cause, tt.reason)
				}
			}
			l.Finish(t.Context(), &alice, reason)
			got := <-page
			if got.status != 200 || strings.Contains(got.body, "signed in as") != (err == nil) {
				t.Errorf("the page is %+v", got)
			}
			if err != nil && !strings.Contains(got.body, "You are not signed in") {
				t.Errorf("the page does not say so: %s", got.body)
			}
		})
	}
}

// hostile: 5
func TestSecondCallback(t *testing.T) {
	t.Parallel()
	const others = 50
	l := listen(t)
	entered := make(chan struct{}, others+2)
	l.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		l.ServeHTTP(w, r)
	})
	pages := make(chan answer, others+2)
	go func() { pages <- send(t, l.host, genuine(l.host)) }()
	code, err := l.Wait(t.Context())
	if err != nil || string(code) != "real-code" {
		t.Fatalf("delivered %q, %v", string(code), err)
	}
	for i := range others + 1 {
		again := callbackTarget("state", state, "iss", issuer, "code", fmt.Sprint("again-", i))
		if i == others {
			again = callbackTarget("state", state, "error", "access_denied")
		}
		conn := dial(t, l.host)
		if _, err := io.WriteString(conn, request("GET", again, l.host)); err != nil {
			t.Fatal(err)
		}
		go func() { pages <- read(conn) }()
	}
	for range others + 2 {
		<-entered
	}
	ended, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	waited := make(chan struct{})
	go func() {
		defer close(waited)
		if code, err := l.Wait(ended); !errors.Is(err, over) {
			t.Errorf("a second delivery: %q, %v", string(code), err)
		}
	}()
	l.Finish(t.Context(), &alice, nil)
	first := <-pages
	for range others + 1 {
		if again := <-pages; again.status != 200 || again.body != first.body || !strings.Contains(again.body, "alice.test") {
			t.Errorf("a later callback got another page: %+v", again)
		}
	}
	cancel(over)
	<-waited
}

// hostile: 14
func TestOnlyThisMachine(t *testing.T) {
	t.Parallel()
	l := listen(t)
	u, err := url.Parse(l.RedirectURI())
	if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.Port() == "" || u.Path != "/callback" || u.RawQuery != "" {
		t.Errorf("the redirect URI is %s, %v", l.RedirectURI(), err)
	}
	// 127.0.0.2 is this machine too, but not what is bound; 0.0.0.0 would answer there.
	for _, other := range []string{"127.0.0.2", "::1"} {
		if conn, err := net.Dial("tcp", net.JoinHostPort(other, u.Port())); err == nil {
			_ = conn.Close()
			t.Errorf("it listens on %s as well", other)
		}
	}
	if k := listen(t); k.host == l.host || k.start == l.start {
		t.Error("two attempts share an address")
	}
}

func TestStartLink(t *testing.T) {
	t.Parallel()
	const target = "https://auth.pds.example.com/oauth/authorize?client_id=x&request_uri=y&login_hint=alice%2Bx%40example.com"
	l := listen(t)
	base, path, _ := strings.Cut(strings.TrimPrefix(l.Link(), "http://"), "/")
	path = "/" + path
	if base != l.host || len(path) < len("/start/")+26 {
		t.Fatalf("the link is %s", l.Link())
	}
	if got := send(t, l.host, request("GET", path, l.host)); got.status != 404 || got.body != "" {
		t.Errorf("before there is a target: %+v", got)
	}
	l.SetTarget(target)
	for range 2 { // a person may open it again
		got := send(t, l.host, request("GET", path, l.host, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"))
		if got.status != 303 || got.header.Get("Location") != target || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%+v", got)
		}
	}
	last := path[len(path)-1]
	for what, raw := range map[string]string{
		"404 wrong token":     request("GET", path[:len(path)-1]+string('A'+(last-'A'+1)%26), l.host),
		"404 half the token":  request("GET", path[:len(path)-1], l.host),
		"404 more than token": request("GET", path+"A", l.host),
		"404 lower case":      request("GET", strings.ToLower(path), l.host),
		"405 POST":            request("POST", path, l.host, "Content-Length: 0"),
		"405 HEAD":            request("HEAD", path, l.host),
		"403 other Host":      request("GET", path, "localhost"+strings.TrimPrefix(l.host, "127.0.0.1")),
		"403 fetch":           request("GET", path, l.host, "Sec-Fetch-Mode: cors"),
		"403 frame":           request("GET", path, l.host, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
		"403 Origin":          request("GET", path, l.host, "Origin: https://evil.example"),
	} {
		got := send(t, l.host, raw)
		if !strings.HasPrefix(what, fmt.Sprint(got.status)) || got.header.Get("Location") != "" || got.body != "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
	approve(t, l)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	over := latchkey.NewError(latchkey.Cancelled, nil)
	l := listen(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(over)
	if code, err := l.Wait(ctx); code != "" || !errors.Is(err, over) {
		t.Errorf("got %q, %v", string(code), err)
	}
}
