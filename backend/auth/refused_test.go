package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// elsewhere is a PDS that names another authorization server than the one that alice uses.
const elsewhere = "https://elsewhere.example.org"

// elsewhereBelongsToOther makes bob live on elsewhere.
func elsewhereBelongsToOther(n *hostile.Server) {
	n.DIDs[hostile.BobDID] = hostile.Identity{Handle: hostile.BobHandle, Server: elsewhere}
	n.ProtectedResource = func(w http.ResponseWriter, r *http.Request) {
		hostile.Edit(n.HonestProtectedResource, func(doc map[string]any) {
			if doc["resource"] == elsewhere {
				doc["authorization_servers"] = []string{hostile.Other}
			}
		})(w, r)
	}
}

func approveBob(n *hostile.Server) {
	n.Approve = func(string) (syntax.DID, string) { return hostile.BobDID, "" }
}

func refuseWith(code string) func(*hostile.Server) {
	return func(n *hostile.Server) {
		n.Approve = func(string) (syntax.DID, string) { return "", code }
	}
}

// Whatever goes wrong, nothing is left: here, in the keychain, or on the server.
func TestLoginRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string // alice's handle unless set
		net  func(*hostile.Server)
		want latchkey.Code
	}{
		"nothing typed":     {text: " ", want: latchkey.IdentifierMissing},
		"nonsense":          {text: "not a name", want: latchkey.InvalidIdentifier},
		"unknown handle":    {text: "nobody.example.net", want: latchkey.HandleNotFound},
		"unknown DID":       {text: "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz", want: latchkey.DIDNotFound},
		"no AT Protocol":    {text: "https://www.example.net", want: latchkey.NotAnATProtoServer},
		"handle of another": {net: func(n *hostile.Server) { n.Handles[hostile.AliceHandle] = hostile.BobDID }, want: latchkey.IdentityMismatch},
		"account on an authorization server": {
			net: func(n *hostile.Server) {
				n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: hostile.AliceHandle, Server: hostile.Other}
			},
			want: latchkey.NotAnATProtoServer,
		},
		"another account approved": {net: approveBob, want: latchkey.SubjectMismatch}, // hostile: 25
		"account of another issuer": { // hostile: 25
			text: hostile.PDS,
			net:  func(n *hostile.Server) { approveBob(n); elsewhereBelongsToOther(n) },
			want: latchkey.IssuerMismatch,
		},
		"account that lives on no PDS": { // hostile: 25
			text: hostile.Other,
			net: func(n *hostile.Server) {
				n.Issuer = hostile.Other
				n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: hostile.AliceHandle, Server: hostile.Other}
			},
			want: latchkey.IssuerMismatch,
		},
		"account that nobody knows": {
			text: hostile.PDS,
			net: func(n *hostile.Server) {
				n.Approve = func(string) (syntax.DID, string) { return "did:plc:zzzzzzzzzzzzzzzzzzzzzzzz", "" }
			},
			want: latchkey.DIDNotFound,
		},
		"denied":            {net: refuseWith("access_denied"), want: latchkey.Denied},
		"server's refusal":  {net: refuseWith("temporarily_unavailable"), want: latchkey.ServerRefused},
		"request refused":   {net: func(n *hostile.Server) { n.Push = hostile.Body(400, "application/json", `{"error":"invalid_request"}`) }, want: latchkey.ServerRefused},
		"request unheard":   {net: func(n *hostile.Server) { n.Push = hostile.Body(503, "text/html", "busy") }, want: latchkey.ServerBusy}, // hostile: 32
		"exchange refused":  {net: func(n *hostile.Server) { n.Token = hostile.Body(400, "application/json", `{"error":"invalid_grant"}`) }, want: latchkey.ServerRefused},
		"exchange unheard":  {net: func(n *hostile.Server) { n.Token = hostile.HangUp }, want: latchkey.ServerUnreachable},
		"issuer of another": {net: func(n *hostile.Server) { answerAs(n, hostile.Other) }, want: latchkey.IssuerMismatch}, // hostile: 3
		"no issuer":         {net: func(n *hostile.Server) { answerAs(n, "") }, want: latchkey.IssuerMismatch},            // hostile: 4
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			if test.net != nil {
				test.net(net)
			}
			h := newHouse(t, net)
			text := test.text
			if text == "" {
				text = "alice.example.net"
			}
			_, err := h.Login(t.Context(), text)
			mustCode(t, err, test.want)
			h.mustBeEmpty()
			_, err = h.SignIn()
			mustCode(t, err, latchkey.NoSignIn)
			if test.want == latchkey.IdentifierMissing || test.want == latchkey.InvalidIdentifier {
				return // nothing was begun
			}
			failed := h.waitFor(inPhase(latchkey.Failed)).SignIn
			if failed.Err == nil || failed.Err.Code != test.want || failed.Account != nil || failed.Link != "" {
				t.Errorf("event: %+v", failed)
			}
			if h.browser.Count() > 0 {
				if page := h.browser.Page(); !strings.Contains(page, "You are not signed in") {
					t.Errorf("page: %s", page)
				}
			}
			if test.want == latchkey.IssuerMismatch && test.text == "" && net.Requests("token") != 0 {
				t.Error("a token was asked for with the code of another issuer")
			}
		})
	}
}

// answerAs sends the browser back with a good code, in the name of another issuer or of none.
func answerAs(n *hostile.Server, issuer string) {
	n.Authorize = func(w http.ResponseWriter, r *http.Request) {
		n.HonestAuthorize(&changedLocation{w, func(u *url.URL) {
			q := u.Query()
			q.Set("iss", issuer)
			if issuer == "" {
				q.Del("iss")
			}
			u.RawQuery = q.Encode()
		}}, r)
	}
}

type changedLocation struct {
	http.ResponseWriter
	change func(*url.URL)
}

func (c *changedLocation) WriteHeader(status int) {
	if u, err := url.Parse(c.Header().Get("Location")); err == nil {
		c.change(u)
		c.Header().Set("Location", u.String())
	}
	c.ResponseWriter.WriteHeader(status)
}

// hostile: 26
func TestLoginWithUnfitTokensKeepsTheOldSession(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]any){
		"bearer":   func(a map[string]any) { a["token_type"] = "Bearer" },
		"no token": func(a map[string]any) { a["access_token"] = "" },
		"no scope": func(a map[string]any) { a["scope"] = "transition:generic" },
		"nothing":  func(a map[string]any) { clear(a) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			h := newHouse(t, net)
			h.mustLogin("alice.example.net")
			net.Change(func() { net.Token = hostile.Edit(net.HonestToken, change) })
			_, err := h.Login(t.Context(), "alice.example.net")
			mustCode(t, err, latchkey.ResponseInvalid)
			if err := h.call(t.Context(), hostile.AliceDID); err != nil {
				t.Errorf("the session from before: %v", err)
			}
		})
	}
}

// A keychain that fails ends the attempt before any server or browser hears of it.
func TestLoginWithoutAKeychain(t *testing.T) {
	t.Parallel()
	for _, code := range []latchkey.Code{latchkey.KeychainUnavailable, latchkey.KeychainLocked} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.keychain.OnSet = func(context.Context, string) error { return latchkey.NewError(code, errors.New("test")) }
			_, err := h.Login(t.Context(), "alice.example.net")
			mustCode(t, err, code)
			if h.browser.Count() != 0 || h.net.Requests("push") != 0 {
				t.Error("the browser or the server heard of it")
			}
			h.settle()
			h.mustBeEmpty()
		})
	}
}

// A keychain that hangs is not asked a second time before the person learns of it.
// hostile: 50
func TestLoginWithAHangingKeychain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	locked := latchkey.NewError(latchkey.KeychainLocked, errors.New("nobody answers"))
	told := make(chan struct{})
	h.keychain.OnSet = func(context.Context, string) error { return locked }
	h.keychain.OnDelete = func(context.Context, string) error {
		<-told
		return locked
	}
	_, err := h.Login(t.Context(), "alice.example.net")
	close(told)
	mustCode(t, err, latchkey.KeychainLocked)
	h.settle()
	if ids, err := h.store.SignIns(t.Context()); err != nil || len(ids) != 1 {
		t.Errorf("attempts: %v, %v; the row must stay while the keychain may have the item", ids, err)
	}
	h.keychain.change(func() { h.keychain.OnDelete = nil })
	next := h.neighbour()
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	next.settle()
	h.mustBeEmpty()
}

// faultyStore fails where a test says so.
type faultyStore struct {
	latchkey.Store
	addSignIn, consume error
	saveSession        func(context.Context) error
}

func (f *faultyStore) AddSignIn(ctx context.Context, r latchkey.AuthorizationRequest, k latchkey.Keys) error {
	if f.addSignIn != nil {
		return f.addSignIn
	}
	return f.Store.AddSignIn(ctx, r, k)
}

func (f *faultyStore) ConsumeSignIn(ctx context.Context, id string, k latchkey.Keys) (latchkey.AuthorizationRequest, error) {
	if f.consume != nil {
		return latchkey.AuthorizationRequest{}, f.consume
	}
	return f.Store.ConsumeSignIn(ctx, id, k)
}

func (f *faultyStore) SaveSession(ctx context.Context, a latchkey.Account, s latchkey.Session, k latchkey.Keys) error {
	if f.saveSession != nil {
		return f.saveSession(ctx)
	}
	return f.Store.SaveSession(ctx, a, s, k)
}

func TestLoginThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	full := latchkey.NewError(latchkey.StorageFailed, errors.New("disk full"))
	for name, test := range map[string]struct {
		faults          faultyStore
		pushed, revoked int // requests
	}{
		"attempt": {faults: faultyStore{addSignIn: full}},
		"consume": {faults: faultyStore{consume: full}, pushed: 2},
		"session": {faults: faultyStore{saveSession: func(context.Context) error { return full }}, pushed: 2, revoked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), func(_ *house, r *auth.Rooms, _ *auth.Settings) {
				test.faults.Store = r.Store
				r.Store = &test.faults
			})
			_, err := h.Login(t.Context(), "alice.example.net")
			mustCode(t, err, latchkey.StorageFailed)
			h.mustBeEmpty()
			if n := h.net.Requests("push"); n != test.pushed {
				t.Errorf("%d pushed requests, want %d", n, test.pushed)
			}
			if n := h.net.Requests("revoke"); n != test.revoked {
				t.Errorf("%d revocations, want %d", n, test.revoked)
			}
		})
	}
}

func TestLoginTimesOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, s *auth.Settings) {
		s.Patience = time.Millisecond
		h.browser.Opened = func(string) {} // and nobody looks at it
	})
	_, err := h.Login(t.Context(), "alice.example.net")
	mustCode(t, err, latchkey.TimedOut)
	h.mustBeEmpty()
	if got := h.events.story(); !slices.Equal(got, []string{"resolving", "waiting", "failed"}) {
		t.Errorf("events: %v", got)
	}
}
