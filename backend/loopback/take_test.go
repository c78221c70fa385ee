package loopback

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

const rightQuery = "state=" + state + "&iss=https%3A%2F%2Fpds.example.com&code=real-code"

// Whatever else is pasted changes nothing: the real callback, which a browser brings afterwards, is the
// one that counts. HOST and PORT are those of the listener.
func TestTakeRefuses(t *testing.T) {
	t.Parallel()
	invalid, other := latchkey.CallbackInvalid, latchkey.CallbackOther
	forged := strings.ReplaceAll(rightQuery, "real-code", "forged")
	tests := []struct {
		name, address string
		want          latchkey.Code
	}{
		{"nothing", "", invalid},
		{"spaces", " \n\t ", invalid},
		{"words", "what is this", invalid},
		{"a code alone", "forged", invalid},
		{"the query alone", "?" + forged, invalid},
		{"the path alone", "/callback?" + forged, invalid},
		{"our own link", "http://HOST/start/ABC", invalid},
		{"the server's page", "https://pds.example.com/oauth/authorize?request_uri=x", invalid},
		{"no query", "http://HOST/callback", invalid},
		{"https", "https://HOST/callback?" + forged, invalid},
		{"file", "file://HOST/callback?" + forged, invalid},
		{"javascript", "javascript:alert(1)//http://HOST/callback?" + forged, invalid},
		{"two addresses", "http://HOST/callback?" + forged + "\nhttp://HOST/callback?" + forged, invalid},
		{"a line break", "http://HOST/callback?state=" + state + "\n&iss=https%3A%2F%2Fpds.example.com&code=forged", invalid},
		// hostile: 8
		{"localhost", "http://localhost:PORT/callback?" + forged, invalid},
		{"somebody else", "http://evil.example:PORT/callback?" + forged, invalid},
		{"ours in front of somebody else", "http://HOST@evil.example/callback?" + forged, invalid},
		{"somebody in front of ours", "http://alice@HOST/callback?" + forged, invalid},
		{"another spelling", "http://127.1:PORT/callback?" + forged, invalid},
		{"IPv6", "http://[::1]:PORT/callback?" + forged, invalid},
		{"no port", "http://127.0.0.1/callback?" + forged, invalid},
		{"another port", "http://127.0.0.1:1/callback?" + forged, other},
		// hostile: 10
		{"another path", "http://HOST/?" + forged, invalid},
		{"callback and a slash", "http://HOST/callback/?" + forged, invalid},
		{"callback in upper case", "http://HOST/CALLBACK?" + forged, invalid},
		{"callback in escapes", "http://HOST/c%61llback?" + forged, invalid},
		// hostile: 1
		{"no state", "http://HOST/callback?iss=https%3A%2F%2Fpds.example.com&code=forged", invalid},
		{"empty state", "http://HOST/callback?state=&iss=https%3A%2F%2Fpds.example.com&code=forged", invalid},
		{"wrong state", "http://HOST/callback?" + strings.Replace(forged, state, "guess", 1), other},
		{"half of the state", "http://HOST/callback?" + strings.Replace(forged, state, state[:5], 1), other},
		{"state in the fragment", "http://HOST/callback?code=forged#state=" + state, invalid},
		// hostile: 2
		{"forged refusal", "http://HOST/callback?error=access_denied&iss=https%3A%2F%2Fpds.example.com", invalid},
		{"refusal of another attempt", "http://HOST/callback?error=access_denied&state=guess&iss=https%3A%2F%2Fpds.example.com", other},
		// hostile: 6
		{"state twice", "http://HOST/callback?" + forged + "&state=" + state, invalid},
		{"code twice", "http://HOST/callback?" + forged + "&code=other", invalid},
		{"half an escape", "http://HOST/callback?" + forged + "&x=%zz", invalid},
		// hostile: 12
		{"a query of 9 KiB", "http://HOST/callback?" + forged + "&x=" + strings.Repeat("x", 9<<10), invalid},
		{"1 MiB", "http://HOST/callback?" + forged + "&x=" + strings.Repeat("x", 1<<20), invalid},
		{"1 MiB of spaces", "http://HOST/callback?" + forged + strings.Repeat(" ", 1<<20), invalid},
		// hostile: 13
		{"response", "http://HOST/callback?" + forged + "&response=eyJhbGciOiJub25lIn0.e30.", invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			address := strings.ReplaceAll(tt.address, "HOST", l.host)
			_, port, _ := strings.Cut(l.host, ":")
			err := l.Take(latchkey.Secret(strings.ReplaceAll(address, "PORT", port)))
			if latchkey.CodeOf(err) != tt.want {
				t.Errorf("got %v, want the code %q", err, tt.want)
			}
			for _, word := range []string{state, "forged", "evil", "guess"} {
				if err != nil && strings.Contains(err.Error(), word) {
					t.Errorf("the error repeats %q: %v", word, err)
				}
			}
			approve(t, l)
		})
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	refusal := strings.ReplaceAll(rightQuery, "code=real-code", "error=access_denied")
	tests := []struct {
		name, before, query, after string
		want                       latchkey.Code // empty for the code
	}{
		{"as it is", "http://HOST/callback?", rightQuery, "", ""},
		{"with what copying brings", " \thttp://HOST/callback?", rightQuery, "\r\n", ""},
		{"without the scheme", "HOST/callback?", rightQuery, "", ""},
		{"scheme in capitals", "HTTP://HOST/callback?", rightQuery, "", ""},
		{"a fragment", "http://HOST/callback?", rightQuery, "#x", ""},
		{"parameters that nobody knows", "http://HOST/callback?", rightQuery, "&x=1", ""},
		{"a refusal", "http://HOST/callback?", refusal, "", latchkey.Denied},
		// hostile: 3
		{"another issuer", "http://HOST/callback?", strings.Replace(rightQuery, "pds", "evil", 1), "", latchkey.IssuerMismatch},
		// hostile: 4
		{"no issuer", "http://HOST/callback?", "state=" + state + "&code=real-code", "", latchkey.IssuerMismatch},
		{"no code", "http://HOST/callback?", "state=" + state + "&iss=https%3A%2F%2Fpds.example.com", "", latchkey.ResponseInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			if err := l.Take(latchkey.Secret(strings.ReplaceAll(tt.before, "HOST", l.host) + tt.query + tt.after)); err != nil {
				t.Fatal(err)
			}
			code, err := l.Wait(t.Context())
			if latchkey.CodeOf(err) != tt.want || (tt.want == "") != (string(code) == "real-code") {
				t.Errorf("delivers %q, %v", string(code), err)
			}
		})
	}
}

// The first one counts, whichever way it came; later ones are no mistake of the person's.
// hostile: 5
func TestTakeAndCallback(t *testing.T) {
	t.Parallel()
	l := listen(t)
	pasted := latchkey.Secret("http://" + l.host + "/callback?" + strings.ReplaceAll(rightQuery, "real-code", "pasted"))
	for range 2 {
		if err := l.Take(pasted); err != nil {
			t.Error(err)
		}
	}
	// Not over TCP: the listener would have to be told that it came, before it is closed below.
	u, err := url.Parse("http://" + l.host + "/callback?" + rightQuery)
	if err != nil {
		t.Fatal(err)
	}
	w, served := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(served)
		l.ServeHTTP(w, &http.Request{Method: http.MethodGet, Host: l.host, URL: u})
	}()
	if code, err := l.Wait(t.Context()); err != nil || string(code) != "pasted" {
		t.Errorf("the first one delivers %q, %v", string(code), err)
	}
	l.Finish(t.Context(), &alice, nil)
	<-served
	if w.Code != http.StatusOK {
		t.Errorf("the browser that came second got %d", w.Code)
	}
	if len(l.callback) != 0 {
		t.Error("a second one was delivered")
	}
	if err := l.Take(pasted); err != nil {
		t.Errorf("after the end: %v", err)
	}
}

// FuzzTake holds that whatever is taken would have been taken from a browser too.
//
// hostile: 6
func FuzzTake(f *testing.F) {
	right := "http://127.0.0.1:1/callback?" + rightQuery
	for _, seed := range []string{"", right, right[7:], right + "&state=" + state, right + "#x", right + ";x", "x" + right, right + " ", right + "%", right + "&response=", strings.Replace(right, "127", "%31", 1), strings.Replace(right, "callback", "callback;", 1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		ours := func() *listener {
			l := &listener{look: look{product: product}, host: "127.0.0.1:1", start: "/start/x", state: state, issuer: issuer, callback: make(chan callback, 1), settled: make(chan struct{})}
			l.page = outcomePage(l.look, &alice, nil)
			close(l.settled)
			return l
		}
		l := ours()
		err := l.Take(latchkey.Secret(address))
		if code := latchkey.CodeOf(err); err != nil && code != latchkey.CallbackInvalid && code != latchkey.CallbackOther {
			t.Fatalf("%q: %v", address, err)
		}
		if (err == nil) != (len(l.callback) == 1) {
			t.Fatalf("%q: %v, and %d are delivered", address, err, len(l.callback))
		}
		if err != nil {
			return
		}
		trimmed := strings.TrimSpace(address)
		if !strings.Contains(trimmed, "://") {
			trimmed = "http://" + trimmed
		}
		u, err := url.Parse(trimmed)
		if err != nil || u.Scheme != "http" || u.Host != l.host {
			t.Fatalf("%q is taken", address)
		}
		browser := ours()
		browser.ServeHTTP(discard{}, &http.Request{Method: http.MethodGet, Host: u.Host, URL: u})
		if len(browser.callback) != 1 {
			t.Fatalf("%q is taken, and not from a browser", address)
		}
		want, got := <-browser.callback, <-l.callback
		if got.code != want.code || latchkey.CodeOf(got.err) != latchkey.CodeOf(want.err) {
			t.Fatalf("%q delivers %v, and %v from a browser", address, got.err, want.err)
		}
	})
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
