package oauth

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/auth/oauth"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

func TestPush(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*latchkey.AuthorizationRequest, url.Values){
		"hint":    func(*latchkey.AuthorizationRequest, url.Values) {},
		"no hint": func(r *latchkey.AuthorizationRequest, form url.Values) { r.LoginHint = ""; form.Del("login_hint") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			var form url.Values
			net.Push = func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				form = r.PostForm
				net.HonestPush(w, r)
			}
			c := newClient(t, net)
			req := request()
			want := url.Values{
				"client_id": {req.ClientID}, "response_type": {"code"}, "redirect_uri": {req.RedirectURI},
				"scope": {"atproto transition:generic"}, "state": {string(req.State)}, "login_hint": {"alice.example.net"},
				"code_challenge": {oauth.S256CodeChallenge(string(req.Verifier))}, "code_challenge_method": {"S256"},
			}
			change(&req, want)
			address, err := c.Push(t.Context(), req, hostile.Keys(t, c))
			must(t, err)
			if !reflect.DeepEqual(form, want) {
				t.Errorf("form: %v\nwant %v", form, want)
			}
			u, err := url.Parse(string(address))
			must(t, err)
			q := u.Query()
			if u.Scheme+"://"+u.Host+u.Path != req.Server.AuthorizationEndpoint || len(q) != 2 || q.Get("client_id") != req.ClientID || q.Get("request_uri") == "" {
				t.Errorf("authorization URL: %s", string(address))
			}
			// The first try taught us the nonce; from now on no request is refused for want of one.
			if n := net.Requests("push"); n != 2 {
				t.Errorf("%d requests at first", n)
			}
			_, err = c.Push(t.Context(), req, hostile.Keys(t, c))
			must(t, err)
			if n := net.Requests("push"); n != 3 {
				t.Errorf("%d requests after the second", n)
			}
			net.RotateNonce()
			_, err = c.Push(t.Context(), req, hostile.Keys(t, c))
			must(t, err)
			if n := net.Requests("push"); n != 5 {
				t.Errorf("%d requests after the nonce changed", n)
			}
		})
	}
}

func TestAuthorizationEndpointKeepsItsQuery(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	c := newClient(t, net)
	req := request()
	req.Server.AuthorizationEndpoint += "?tenant=a&request_uri=evil"
	address, err := c.Push(t.Context(), req, hostile.Keys(t, c))
	must(t, err)
	u, err := url.Parse(string(address))
	must(t, err)
	if q := u.Query(); q.Get("tenant") != "a" || len(q["request_uri"]) != 1 || q.Get("request_uri") == "evil" {
		t.Errorf("authorization URL: %s", string(address))
	}
}

// withNonce adds a nonce to answers that are otherwise as they are.
func withNonce(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("DPoP-Nonce", "some")
		h(w, r)
	}
}

func TestPushRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"request_uri":"urn:x","expires_in":60}`
	for name, test := range map[string]struct {
		push http.HandlerFunc
		want latchkey.Code
		sent int
	}{
		"no nonce":            {hostile.Body(201, "application/json", good), latchkey.ServerUnfit, 1},                                        // hostile: 27
		"nonces without end":  {withNonce(hostile.Body(400, "application/json", `{"error":"use_dpop_nonce"}`)), latchkey.ResponseInvalid, 2}, // hostile: 27
		"nonce never given":   {hostile.Body(400, "application/json", `{"error":"use_dpop_nonce"}`), latchkey.ResponseInvalid, 2},            // hostile: 27
		"no request":          {withNonce(hostile.Body(201, "application/json", `{"expires_in":60}`)), latchkey.ResponseInvalid, 1},
		"ended already":       {withNonce(hostile.Body(201, "application/json", `{"request_uri":"urn:x"}`)), latchkey.ResponseInvalid, 1},
		"ended long ago":      {withNonce(hostile.Body(201, "application/json", `{"request_uri":"urn:x","expires_in":-5}`)), latchkey.ResponseInvalid, 1},
		"list":                {withNonce(hostile.Body(201, "application/json", `[]`)), latchkey.ResponseInvalid, 1}, // hostile: 20
		"page":                {withNonce(hostile.Body(201, "text/html", good)), latchkey.ResponseInvalid, 1},        // hostile: 20
		"refused":             {withNonce(hostile.Body(400, "application/json", `{"error":"invalid_request"}`)), latchkey.ServerRefused, 1},
		"unknown client":      {withNonce(hostile.Body(401, "application/json", `{"error":"invalid_client"}`)), latchkey.ServerRefused, 1},
		"refused with a page": {withNonce(hostile.Body(400, "text/html", `<html>`)), latchkey.ResponseInvalid, 1},
		"busy":                {hostile.Body(503, "text/html", `<html>`), latchkey.ServerBusy, 1},                       // hostile: 32
		"too often":           {hostile.Body(429, "application/json", `{"error":"slow_down"}`), latchkey.ServerBusy, 1}, // hostile: 32
		"redirected": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, hostile.Other+"/oauth/par", http.StatusTemporaryRedirect)
		}, latchkey.ResponseInvalid, 1}, // hostile: 18
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.Push = test.push
			c := newClient(t, net)
			_, err := c.Push(t.Context(), request(), hostile.Keys(t, c))
			mustCode(t, err, test.want)
			mustBeRefused(t, err)
			if n := net.Requests("push"); n != test.sent {
				t.Errorf("%d requests, want %d", n, test.sent)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	v, code := approved(t, hostile.New(t))
	g, err := v.Exchange(t.Context(), request(), v.keys, code)
	must(t, err)
	if g.Subject != hostile.AliceDID || g.Tokens.Access == "" || g.Tokens.Refresh == "" || !reflect.DeepEqual(g.Scopes, request().Scopes) || g.AccessEnds.Before(time.Now()) {
		t.Errorf("granted: %+v", g)
	}
	if n := v.net.Requests("token"); n != 1 { // the nonce of the pushed request serves
		t.Errorf("%d requests", n)
	}
	_, err = v.Exchange(t.Context(), request(), v.keys, code)
	mustCode(t, err, latchkey.ServerRefused)
}

// unfit are token responses that must not be taken.
var unfit = map[string]func(map[string]any){
	"bearer":           func(a map[string]any) { a["token_type"] = "Bearer" },
	"no type":          func(a map[string]any) { delete(a, "token_type") },
	"empty token":      func(a map[string]any) { a["access_token"] = "" },
	"no refresh token": func(a map[string]any) { delete(a, "refresh_token") },
	"no scope":         func(a map[string]any) { delete(a, "scope") },
	"scope not ours":   func(a map[string]any) { a["scope"] = "transition:generic atproto2 xatproto" },
	"no subject":       func(a map[string]any) { delete(a, "sub") },
	"a handle":         func(a map[string]any) { a["sub"] = "alice.example.net" },
	"endless":          func(a map[string]any) { a["expires_in"] = int64(1) << 60 },
	"ended":            func(a map[string]any) { a["expires_in"] = -1 },
	"wrong kind":       func(a map[string]any) { a["access_token"] = []string{"a"} },
	"nothing":          func(a map[string]any) { clear(a) },
}

func TestExchangeRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range unfit { // hostile: 26
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			net.Token = hostile.Edit(net.HonestToken, change)
			v, code := approved(t, net)
			g, err := v.Exchange(t.Context(), request(), v.keys, code)
			mustCode(t, err, latchkey.ResponseInvalid)
			mustBeRefused(t, err)
			if !reflect.DeepEqual(g, latchkey.Grant{}) {
				t.Error("tokens came with the error")
			}
		})
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	v := granted(t, net)
	g, err := v.Refresh(t.Context(), v.session, v.keys)
	must(t, err)
	if g.Subject != hostile.AliceDID || g.Tokens.Access == v.session.Tokens.Access || g.Tokens.Refresh == v.session.Tokens.Refresh {
		t.Errorf("granted: %+v", g)
	}
	_, err = v.Refresh(t.Context(), v.session, v.keys) // the old token
	mustCode(t, err, latchkey.SessionRejected)         // hostile: 40
}

// What a refresh may come to. Only an answer to the very question ends a session.
func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	type test struct {
		token func(*hostile.Server) http.HandlerFunc
		want  latchkey.Code
	}
	always := func(h http.HandlerFunc) func(*hostile.Server) http.HandlerFunc {
		return func(*hostile.Server) http.HandlerFunc { return h }
	}
	tests := map[string]test{
		"invalid grant":   {always(hostile.Body(400, "application/json", `{"error":"invalid_grant"}`)), latchkey.SessionRejected}, // hostile: 40
		"another refusal": {always(hostile.Body(400, "application/json", `{"error":"invalid_client"}`)), latchkey.ServerRefused},
		"busy":            {always(hostile.Body(503, "application/json", `{"error":"invalid_grant"}`)), latchkey.ServerBusy}, // hostile: 40
		"too often":       {always(hostile.Body(429, "application/json", `{"error":"invalid_grant"}`)), latchkey.ServerBusy}, // hostile: 32
		"page":            {always(hostile.Body(200, "text/html", `<html>`)), latchkey.ResponseInvalid},
		"hangs up":        {always(hostile.HangUp), latchkey.RenewalUnknown}, // hostile: 36
		"half an answer": {always(func(w http.ResponseWriter, _ *http.Request) { // hostile: 36
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"access`))
		}), latchkey.RenewalUnknown},
		"another account": {func(n *hostile.Server) http.HandlerFunc { // hostile: 26
			return hostile.Edit(n.HonestToken, func(a map[string]any) { a["sub"] = hostile.BobDID })
		}, latchkey.ResponseInvalid},
	}
	for name, change := range unfit { // hostile: 26
		tests[name] = test{func(n *hostile.Server) http.HandlerFunc { return hostile.Edit(n.HonestToken, change) }, latchkey.ResponseInvalid}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			v := granted(t, net)
			net.Change(func() { net.Token = test.token(net) })
			g, err := v.Refresh(t.Context(), v.session, v.keys)
			mustCode(t, err, test.want)
			mustBeRefused(t, err)
			if !reflect.DeepEqual(g, latchkey.Grant{}) {
				t.Error("tokens came with the error")
			}
		})
	}
	t.Run("refused connection", func(t *testing.T) {
		t.Parallel()
		v := granted(t, hostile.New(t))
		x := v.net.Exceptions()
		x.Resolve["pds.example.net:443"] = safehttp.Target{Address: hostile.ClosedPort(t)}
		_, err := New(safehttp.New(x, "test")).Refresh(t.Context(), v.session, v.keys)
		mustCode(t, err, latchkey.ServerUnreachable)
	})
	t.Run("given up before", func(t *testing.T) {
		t.Parallel()
		v := granted(t, hostile.New(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, v.net).Refresh(ctx, v.session, v.keys)
		mustCode(t, err, latchkey.ServerUnreachable)
	})
	t.Run("another key", func(t *testing.T) { // hostile: 41
		t.Parallel()
		v := granted(t, hostile.New(t))
		_, err := v.Refresh(t.Context(), v.session, latchkey.Keys{DPoP: "zNotAKey"})
		mustCode(t, err, latchkey.SealBroken)
	})
}

// A refresh token works once. When the connection breaks under a request, the transport must not
// send it again by itself, over HTTP/1 or HTTP/2.
// hostile: 36
func TestRefreshIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		net := hostile.New(t)
		net.HTTP2 = http2
		v := granted(t, net)
		var sent atomic.Int32
		net.Change(func() {
			net.Token = func(w http.ResponseWriter, r *http.Request) {
				sent.Add(1)
				hostile.HangUp(w, r)
			}
		})
		_, err := v.Refresh(t.Context(), v.session, v.keys) // over the connection of the requests before
		mustCode(t, err, latchkey.RenewalUnknown)
		if n := sent.Load(); n != 1 {
			t.Errorf("sent %d times", n)
		}
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	v := granted(t, hostile.New(t))
	var form url.Values
	v.net.Change(func() {
		v.net.Revoke = func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			form = r.PostForm
			v.net.HonestRevoke(w, r)
		}
	})
	must(t, v.Revoke(t.Context(), v.session, v.keys))
	if left := v.net.Sessions(); len(left) != 0 {
		t.Errorf("sessions left: %v", left)
	}
	want := url.Values{"client_id": {v.session.ClientID}, "token": {string(v.session.Tokens.Refresh)}, "token_type_hint": {"refresh_token"}}
	if !reflect.DeepEqual(form, want) {
		t.Errorf("form: %v", form)
	}
	for _, test := range []struct {
		http.HandlerFunc
		want latchkey.Code
	}{
		{hostile.Body(503, "text/plain", ""), latchkey.ServerBusy},
		{hostile.Body(400, "application/json", `{"error":"invalid_request"}`), latchkey.ServerRefused},
		{hostile.HangUp, latchkey.ServerUnreachable},
	} {
		v.net.Change(func() { v.net.Revoke = test.HandlerFunc })
		mustCode(t, v.Revoke(t.Context(), v.session, v.keys), test.want)
	}
	before := v.net.Requests("revoke")
	v.session.RevocationEndpoint = ""
	must(t, v.Revoke(t.Context(), v.session, v.keys))
	if v.net.Requests("revoke") != before {
		t.Error("somebody was told although there is nobody to tell")
	}
}

// hostile: 29
func TestRefusalsAreMadePlain(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Push = func(w http.ResponseWriter, _ *http.Request) {
		hostile.Refuse(w, 400, "invalid_request\x1b[2J", strings.Repeat("<script>\u202e ", 1000)+" me@example.net "+strings.Repeat("Ab1", 20))
	}
	c := newClient(t, net)
	_, err := c.Push(t.Context(), request(), hostile.Keys(t, c))
	mustCode(t, err, latchkey.ServerRefused)
	mustBeRefused(t, err)
	if sentence := latchkey.AsError(err).Message(); strings.Contains(sentence, "script") {
		t.Errorf("a person would read %q", sentence)
	}
}
