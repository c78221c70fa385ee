//go:build devnet

package wire_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/safehttp"
)

// call makes a call to a PDS of the network as the person does in another app; access may be empty.
func call(t *testing.T, method, kind string, body io.Reader, access string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, network.PDS+"/xrpc/"+method, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if access != "" {
		req.Header.Set("Authorization", "Bearer "+access)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", method, res.Status, text, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatal(err)
	}
}

func asBody(t *testing.T, v any) io.Reader {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(data)
}

// publish gives an account a profile with a picture.
func publish(t *testing.T, a devnet.Account, name string, picture []byte) {
	t.Helper()
	var session struct{ AccessJwt string }
	call(t, "com.atproto.server.createSession", "application/json", asBody(t, map[string]string{"identifier": a.Handle, "password": a.Password}), "", &session)
	var uploaded struct{ Blob map[string]any }
	call(t, "com.atproto.repo.uploadBlob", "image/png", bytes.NewReader(picture), session.AccessJwt, &uploaded)
	var put struct{ URI string }
	call(t, "com.atproto.repo.putRecord", "application/json", asBody(t, map[string]any{
		"repo": a.DID, "collection": "app.bsky.actor.profile", "rkey": "self",
		"record": map[string]any{"$type": "app.bsky.actor.profile", "displayName": name, "avatar": uploaded.Blob},
	}), session.AccessJwt, &put)
}

// The real PDS tells who somebody is, and a picture of them.
func TestPreviewOnRealServers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, err := h.Preview(t.Context(), alice().Handle)
	if err != nil || p.Kind != latchkey.KindHandle || p.Identity.DID.String() != alice().DID || p.Identity.Handle.String() != alice().Handle || p.Identity.Server != network.PDS || !p.Ready || len(p.Warnings) != 0 {
		t.Fatalf("alice: %+v, %v", p, err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	publish(t, bob(), "Bob of the Network", picture.Bytes())
	p, err = h.Preview(t.Context(), bob().DID)
	if err != nil || p.Kind != latchkey.KindDID || p.Identity.Handle.String() != bob().Handle || p.Profile.Name != "Bob of the Network" || p.Profile.Avatar == "" {
		t.Fatalf("bob: %+v, %v", p, err)
	}
	got, err := h.Avatar(t.Context(), p.Identity.DID)
	if err != nil || got.Type != "image/png" || !bytes.Equal(got.Data, picture.Bytes()) {
		t.Errorf("picture: %s, %d bytes, %v", got.Type, len(got.Data), err)
	}
	account := h.mustSignIn(bob().Handle, as(bob()))
	if account.Profile.Name != "Bob of the Network" {
		t.Errorf("signed in as %+v", account)
	}
	if p, err = h.Preview(t.Context(), network.PDS); err != nil || p.Kind != latchkey.KindServer || p.Server != network.PDS || !p.Ready {
		t.Errorf("the server: %+v, %v", p, err)
	}
}

// tally counts the requests that a house makes on the network, by standing in between.
type tally struct {
	mu    sync.Mutex
	paths []string
}

func (c *tally) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	paths := c.paths
	c.paths = nil
	return paths
}

// between makes the way to this address one through the tally.
func (c *tally) between(t *testing.T, address string) safehttp.Target {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.paths = append(c.paths, r.Method+" "+r.URL.Path)
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return safehttp.Target{Address: server.Listener.Addr().String(), Plain: true}
}

func counting(t *testing.T, c *tally) func(*config.Config) {
	return func(cfg *config.Config) {
		x := cfg.Network.Exceptions
		resolve := map[string]safehttp.Target{}
		for name, target := range x.Resolve {
			if target.Plain {
				target = c.between(t, target.Address)
			}
			resolve[name] = target
		}
		for authority := range x.PlainHTTP {
			_, port, err := net.SplitHostPort(authority)
			if err != nil {
				t.Fatal(err)
			}
			resolve[authority] = c.between(t, net.JoinHostPort("127.0.0.1", port))
		}
		cfg.Network.Exceptions.Resolve = resolve
	}
}

// With a preview only the pushed request is left before the browser opens; the real PDS hands out its first
// nonce by refusing it once.
func TestRoundTripsBeforeTheBrowser(t *testing.T) {
	t.Parallel()
	before := func(preview bool) (first, second []string) {
		var c tally
		h := newHouse(t, counting(t, &c))
		for i, requests := range []*[]string{&first, &second} {
			if preview {
				if _, err := h.Preview(t.Context(), alice().Handle); err != nil {
					t.Fatal(err)
				}
			}
			c.take()
			ended := make(chan error, 1)
			go func() {
				_, err := h.Login(t.Context(), alice().Handle)
				ended <- err
			}()
			<-h.waiting
			*requests = c.take()
			if err := h.Cancel(); err != nil {
				t.Fatal(err)
			}
			wantCode(t, <-ended, latchkey.Cancelled)
			t.Logf("preview %v, sign-in %d: %s", preview, i+1, strings.Join(*requests, ", "))
		}
		return first, second
	}
	first, second := before(true)
	bare, bareSecond := before(false)
	t.Logf("figure: requests before the browser, real PDS, by handle: %d without a preview (%d with a nonce), %d after one, %d after one with a nonce", len(bare), len(bareSecond), len(first), len(second))
	pushes := func(paths []string) bool {
		return !slices.ContainsFunc(paths, func(p string) bool { return p != "POST /oauth/par" })
	}
	if !pushes(first) || len(first) > 2 || !pushes(second) || len(second) != 1 {
		t.Errorf("after a preview: %v, then %v", first, second)
	}
	if len(bare) <= 2 {
		t.Errorf("without one: %v", bare)
	}
}
