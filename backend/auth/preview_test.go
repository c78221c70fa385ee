package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/profile"
	"latchkey/backend/safehttp"
)

const (
	firstPicture  = "bafkreibjfgx2gprinfvicegelk5kosd6y2frmqpqzwqkg7usac74l3t2v4"
	secondPicture = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
)

// publish makes the network's PDS tell a profile with a picture.
type publish struct {
	mu      sync.Mutex
	name    string
	avatar  string
	records int
	blobs   int
}

func (p *publish) on(net *hostile.Server) *publish {
	net.XRPC = func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch r.URL.Path {
		case "/xrpc/com.atproto.repo.getRecord":
			p.records++
			value := map[string]any{"displayName": p.name}
			if p.avatar != "" {
				value["avatar"] = map[string]any{"ref": map[string]string{"$link": p.avatar}}
			}
			hostile.JSON(w, http.StatusOK, map[string]any{"value": value})
		case "/xrpc/com.atproto.sync.getBlob":
			p.blobs++
			_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 2, 2)))
		default:
			net.HonestXRPC(w, r)
		}
	}
	return p
}

func (p *publish) change(name, avatar string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.avatar = name, avatar
}

func (p *publish) asked() (records, blobs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.records, p.blobs
}

// withProfiles lets a house ask accounts for theirs.
func withProfiles(h *house, rooms *auth.Rooms, _ *auth.Settings) {
	rooms.Profiles = profile.New(safehttp.New(h.net.Exceptions(), "test"))
}

func (h *house) mustPreview(text string) latchkey.Preview {
	h.tb.Helper()
	p, err := h.Preview(h.tb.Context(), text)
	if err != nil {
		h.tb.Fatalf("preview of %q: %v", text, err)
	}
	return p
}

func warned(p latchkey.Preview) (codes []latchkey.Code) {
	for _, w := range p.Warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

// hostile: 28
func TestPreview(t *testing.T) {
	t.Parallel()
	known := latchkey.Identity{DID: hostile.AliceDID, Handle: hostile.AliceHandle, Server: hostile.PDS}
	nameless := latchkey.Identity{DID: hostile.AliceDID, Server: hostile.PDS}
	shown := latchkey.Profile{Name: "Alice", Avatar: firstPicture}
	for name, test := range map[string]struct {
		text     string
		net      func(*hostile.Server)
		want     latchkey.Preview
		warnings []latchkey.Code
		code     latchkey.Code
	}{
		"handle": {text: "@Alice.example.net", want: latchkey.Preview{Kind: latchkey.KindHandle, Identity: known, Ready: true, Profile: shown}},
		"DID":    {text: hostile.AliceDID.String(), want: latchkey.Preview{Kind: latchkey.KindDID, Identity: known, Ready: true, Profile: shown}},
		"DID whose handle leads elsewhere": {
			text: hostile.AliceDID.String(), net: func(n *hostile.Server) { n.Handles[hostile.AliceHandle] = hostile.BobDID },
			want:     latchkey.Preview{Kind: latchkey.KindDID, Identity: nameless, Ready: true, Profile: shown},
			warnings: []latchkey.Code{latchkey.HandleUnconfirmed},
		},
		"handle whose account does not confirm it": {
			text: "alice.example.net", net: func(n *hostile.Server) { n.Handles[hostile.AliceHandle] = hostile.BobDID },
			want:     latchkey.Preview{Kind: latchkey.KindHandle, Identity: latchkey.Identity{DID: hostile.BobDID}},
			warnings: []latchkey.Code{latchkey.IdentityMismatch},
		},
		"handle with letters of other alphabets": {
			text: "xn--lice-43d.example.net", net: func(n *hostile.Server) {
				n.Handles["xn--lice-43d.example.net"] = hostile.AliceDID
				n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: "xn--lice-43d.example.net", Server: hostile.PDS}
			},
			want:     latchkey.Preview{Kind: latchkey.KindHandle, Identity: latchkey.Identity{DID: hostile.AliceDID, Handle: "xn--lice-43d.example.net", Server: hostile.PDS}, Ready: true, Profile: shown},
			warnings: []latchkey.Code{latchkey.HandleStrange},
		},
		"letters that only look right": {
			text: "\u0430lice.example.net", // Cyrillic
			want: latchkey.Preview{Kind: latchkey.KindHandle}, warnings: []latchkey.Code{latchkey.HandleStrange},
		},
		"server":                {text: hostile.PDS, want: latchkey.Preview{Kind: latchkey.KindServer, Server: hostile.PDS, Ready: true}},
		"server without scheme": {text: "pds.example.net", want: latchkey.Preview{Kind: latchkey.KindServer, Server: hostile.PDS, Ready: true}},
		"authorization server":  {text: hostile.Other, net: func(n *hostile.Server) { n.Issuer = hostile.Other }, want: latchkey.Preview{Kind: latchkey.KindServer, Server: hostile.Other, Ready: true}},
		"server of other alphabets": {
			text: "https://xn--pds-5cd.example.net", net: func(n *hostile.Server) {
				n.Issuer = "https://xn--pds-5cd.example.net"
				n.DIDs["did:plc:x"] = hostile.Identity{Server: "https://xn--pds-5cd.example.net"}
			},
			want: latchkey.Preview{Kind: latchkey.KindServer, Server: "https://xn--pds-5cd.example.net", Ready: true}, warnings: []latchkey.Code{latchkey.HandleStrange},
		},
		"email": {text: "alice@mail.example.net", want: latchkey.Preview{Kind: latchkey.KindEmail, Server: hostile.PDS, Ready: true}},
		"server that is not ready": {
			text: "alice.example.net", net: func(n *hostile.Server) { n.Metadata = hostile.Body(503, "text/plain", "") },
			want: latchkey.Preview{Kind: latchkey.KindHandle, Identity: known, Profile: shown},
		},
		"nobody":      {text: "nobody.example.net", code: latchkey.HandleNotFound},
		"not a name":  {text: "what is this", code: latchkey.InvalidIdentifier},
		"half a name": {text: "alice", code: latchkey.InvalidIdentifier},
		"nothing":     {text: " ", code: latchkey.IdentifierMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			(&publish{name: "Alice", avatar: firstPicture}).on(net)
			if test.net != nil {
				test.net(net)
			}
			h := newHouse(t, net, withProfiles, func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = hostile.PDS })
			got, err := h.Preview(t.Context(), test.text)
			mustCode(t, err, test.code)
			if test.code != "" {
				return
			}
			if codes := warned(got); !slices.Equal(codes, test.warnings) {
				t.Errorf("warnings: %v, want %v", codes, test.warnings)
			}
			got.Warnings = nil
			if g, w := asJSON(t, got), asJSON(t, test.want); g != w {
				t.Errorf("got  %s\nwant %s", g, w)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A handle that is easily taken for that of somebody who is signed in here.
// hostile: 28
func TestPreviewOfALookAlike(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Handles["a1ice.example.net"] = hostile.BobDID
	net.DIDs[hostile.BobDID] = hostile.Identity{Handle: "a1ice.example.net", Server: hostile.PDS}
	h := newHouse(t, net)
	if p := h.mustPreview("a1ice.example.net"); len(p.Warnings) != 0 {
		t.Errorf("with nobody here: %v", p.Warnings)
	}
	h.mustLogin("alice.example.net")
	p := h.mustPreview("a1ice.example.net")
	if codes := warned(p); !slices.Equal(codes, []latchkey.Code{latchkey.HandleLooksAlike}) || !strings.Contains(p.Warnings[0].Message(), "looks like alice.example.net.") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	if p := h.mustPreview("alice.example.net"); len(p.Warnings) != 0 {
		t.Errorf("of the account itself: %v", p.Warnings)
	}
	net.Change(func() {
		net.Handles["al-ice.example.net"] = hostile.AliceDID
		net.DIDs[hostile.AliceDID] = hostile.Identity{Handle: "al-ice.example.net", Server: hostile.PDS}
	})
	if p := h.mustPreview("al-ice.example.net"); len(p.Warnings) != 0 {
		t.Errorf("of the account under a new handle: %v", p.Warnings)
	}
}

// before are the requests of a sign-in until its browser opens.
func before(t *testing.T, h *house, text string) map[string]int {
	t.Helper()
	start := h.net.AllRequests()
	counted := make(chan map[string]int, 1)
	h.browser.Opened = func(link string) {
		now := h.net.AllRequests()
		for endpoint, n := range start {
			if now[endpoint] -= n; now[endpoint] == 0 {
				delete(now, endpoint)
			}
		}
		counted <- now
		h.browser.Follow(link)
	}
	h.mustLogin(text)
	return <-counted
}

// Login right after a preview has only the pushed request left, which is refused once as long as no nonce of
// the server is known.
func TestLoginAfterPreviewOnlyPushes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"handle": "alice.example.net", "DID": hostile.AliceDID.String(), "server": hostile.PDS, "bare server": "pds.example.net", "email": "alice@mail.example.net",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t), func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = hostile.PDS })
			without := before(t, h, text)
			h2 := newHouse(t, hostile.New(t), func(_ *house, _ *auth.Rooms, s *auth.Settings) { s.EmailProvider = hostile.PDS })
			h2.mustPreview(text)
			first := before(t, h2, text)
			if first["push"] != 2 || total(first) != 2 {
				t.Errorf("a first sign-in: %v", first)
			}
			h2.mustPreview(text)
			second := before(t, h2, text)
			if second["push"] != 1 || total(second) != 1 {
				t.Errorf("with a nonce: %v", second)
			}
			if total(without) <= 2 {
				t.Errorf("without a preview: %v", without)
			}
			t.Logf("figure: requests before the browser by %s: %d without a preview, %d after one, %d after one with a nonce", name, total(without), total(first), total(second))
		})
	}
}

// What a sign-in verifies after the browser came back is asked anew, and nothing is left of the preview then.
func TestPreviewIsNotReliedOn(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	h := newHouse(t, net)
	h.mustPreview("alice.example.net")
	start := net.AllRequests()
	h.mustLogin("alice.example.net")
	now := net.AllRequests()
	for _, endpoint := range []string{"plc", "handle", "protected-resource", "metadata"} {
		if n := now[endpoint] - start[endpoint]; n != 1 {
			t.Errorf("%s was asked %d times", endpoint, n)
		}
	}
	if n := before(t, h, "alice.example.net")["plc"]; n != 1 {
		t.Errorf("after a sign-in the directory was asked %d times", n)
	}
	// The account moves while its person approves.
	h.mustPreview("bob.example.net")
	net.Change(func() {
		net.DIDs[hostile.BobDID] = hostile.Identity{Handle: hostile.BobHandle, Server: "https://new.example.org"}
	})
	net.Change(func() {
		net.ProtectedResource = hostile.Edit(net.HonestProtectedResource, func(answer map[string]any) {
			if answer["resource"] == "https://new.example.org" {
				answer["authorization_servers"] = []string{hostile.Other}
			}
		})
	})
	_, err := h.Login(t.Context(), "bob.example.net")
	mustCode(t, err, latchkey.IssuerMismatch)
	h.mustHaveSessions(hostile.AliceDID)
}

// A sign-in that failed with what a preview found asks for everything the next time.
func TestFailedSignInForgetsThePreview(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	h := newHouse(t, net)
	h.mustPreview("alice.example.net")
	net.Change(func() { net.Push = hostile.Body(404, "text/plain", "") })
	if _, err := h.Login(t.Context(), "alice.example.net"); err == nil {
		t.Fatal("signed in")
	}
	net.Change(func() { net.Push = nil })
	start := net.Requests("metadata")
	h.mustLogin("alice.example.net")
	if n := net.Requests("metadata") - start; n != 2 { // before the browser, and after it
		t.Errorf("the metadata was asked for %d times", n)
	}
}

// Only answers that passed every check are kept.
func TestFailedPreviewIsNotKept(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	h := newHouse(t, net)
	net.Change(func() { net.Metadata = hostile.Body(503, "text/plain", "") })
	if p := h.mustPreview("alice.example.net"); p.Ready {
		t.Error("a server that does not answer is ready")
	}
	net.Change(func() { net.Metadata = nil })
	if n := before(t, h, "alice.example.net")["plc"]; n != 1 {
		t.Errorf("the directory was asked %d times", n)
	}
}

// There is one preview at a time.
func TestNewerPreviewCancelsTheOlder(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	began, gone := make(chan struct{}), make(chan struct{})
	net.Handle = func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "slow.example.net" {
			close(began)
			<-r.Context().Done()
			close(gone)
			return
		}
		net.HonestHandle(w, r)
	}
	h := newHouse(t, net)
	older := make(chan error, 1)
	go func() {
		_, err := h.Preview(context.Background(), "slow.example.net")
		older <- err
	}()
	<-began
	if p := h.mustPreview("alice.example.net"); p.Identity.DID != hostile.AliceDID {
		t.Errorf("the newer one: %+v", p)
	}
	mustCode(t, <-older, latchkey.Cancelled)
	<-gone // the request ended too
}

func TestCancelPreview(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	began := make(chan struct{}, 2)
	net.Handle = func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-r.Context().Done()
	}
	h := newHouse(t, net)
	h.CancelPreview() // there is none
	for name, cancel := range map[string]func(stop context.CancelFunc){
		"by its method":  func(context.CancelFunc) { h.CancelPreview() },
		"by its context": func(stop context.CancelFunc) { stop() },
	} {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := h.Preview(ctx, "alice.example.net")
			ended <- err
		}()
		<-began
		cancel(stop)
		if code := latchkey.CodeOf(<-ended); code != latchkey.Cancelled {
			t.Errorf("%s: %s", name, code)
		}
		stop()
	}
}

func TestAvatar(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	p := (&publish{name: "Alice", avatar: firstPicture}).on(net)
	h := newHouse(t, net, withProfiles)
	avatar := func(did syntax.DID, want latchkey.Code) {
		t.Helper()
		picture, err := h.Avatar(t.Context(), did)
		mustCode(t, err, want)
		if want == "" && (picture.Type != "image/png" || !bytes.HasPrefix(picture.Data, []byte("\x89PNG"))) {
			t.Errorf("got %s", picture.Type)
		}
	}
	// Nobody is asked on behalf of a page that names somebody. hostile: 61
	avatar(hostile.AliceDID, latchkey.AccountUnknown)
	if n := net.Requests("xrpc"); n != 0 {
		t.Errorf("%d requests for somebody who was not previewed", n)
	}
	h.mustPreview("alice.example.net")
	if _, blobs := p.asked(); blobs != 0 {
		t.Error("the picture was fetched before it was shown")
	}
	avatar(hostile.AliceDID, "")
	avatar(hostile.AliceDID, "")
	avatar(hostile.BobDID, latchkey.AccountUnknown)
	h.mustPreview(hostile.AliceDID.String())
	if records, blobs := p.asked(); records != 1 || blobs != 1 {
		t.Errorf("asked for %d profiles and %d pictures", records, blobs)
	}
}

// The account that is signed in has its name and picture, and the faces hear when they change.
func TestAccountsHaveProfiles(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	p := (&publish{name: "Alice", avatar: firstPicture}).on(net)
	h := newHouse(t, net, withProfiles)
	h.mustLogin("alice.example.net")
	h.waitFor(func(e latchkey.Event) bool {
		return e.Kind == latchkey.AccountChanged && e.Account.Profile == latchkey.Profile{Name: "Alice", Avatar: firstPicture}
	})
	if who, err := h.Whoami(t.Context()); err != nil || who.Profile.Name != "Alice" {
		t.Errorf("whoami: %+v, %v", who, err)
	}
	if _, err := h.Avatar(t.Context(), hostile.AliceDID); err != nil {
		t.Error(err)
	}
	// Another run of the program knows nothing until it looks.
	p.change("Alice B.", secondPicture)
	later := h.neighbour(withProfiles)
	if who, err := later.Whoami(t.Context()); err != nil || who.Profile != (latchkey.Profile{}) {
		t.Errorf("before a look: %+v, %v", who, err)
	}
	later.Check(t.Context(), hostile.AliceDID)
	later.waitFor(func(e latchkey.Event) bool {
		return e.Kind == latchkey.AccountChanged && e.Account.Profile == latchkey.Profile{Name: "Alice B.", Avatar: secondPicture}
	})
	if err := later.Logout(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	_, err := later.Avatar(t.Context(), hostile.AliceDID)
	mustCode(t, err, latchkey.AccountUnknown)
}

// After a preview the account has its name from the first moment on.
func TestProfileOfThePreviewStays(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	(&publish{name: "Alice"}).on(net)
	h := newHouse(t, net, withProfiles)
	h.mustPreview("alice.example.net")
	if account := h.mustLogin("alice.example.net"); account.Profile.Name != "Alice" {
		t.Errorf("signed in as %+v", account)
	}
}
