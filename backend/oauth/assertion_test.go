package oauth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// signer counts its assertions, in which stands for whom they are.
type signer struct {
	refuse error

	mu     sync.Mutex
	made   int
	wanted []string // the keys that were asked for
}

const signerKey = "a key"

func (s *signer) Assertion(_ context.Context, issuer string, keys latchkey.Keys, keyID string) (latchkey.Assertion, error) {
	if s.refuse != nil {
		return latchkey.Assertion{}, s.refuse
	}
	if keys.DPoP == "" {
		return latchkey.Assertion{}, errors.New("an assertion for no session")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	s.wanted = append(s.wanted, keyID)
	return latchkey.Assertion{Text: latchkey.Secret(fmt.Sprintf("assertion %d for %s", s.made, issuer)), KeyID: signerKey}, nil
}

// forms keeps the forms that a network was sent, by the last part of the address.
type forms struct {
	mu   sync.Mutex
	sent map[string][]url.Values
}

func record(net *hostile.Server) *forms {
	f := &forms{sent: map[string][]url.Values{}}
	recording := func(what string, honest http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			f.mu.Lock()
			f.sent[what] = append(f.sent[what], maps.Clone(r.PostForm))
			f.mu.Unlock()
			honest(w, r)
		}
	}
	net.Change(func() {
		net.Push, net.Token, net.Revoke = recording("par", net.HonestPush), recording("token", net.HonestToken), recording("revoke", net.HonestRevoke)
	})
	return f
}

func confidential(v *visitor, auth latchkey.ClientAuth) {
	v.ClientAuth, v.ClientID = auth, v.session.ClientID
	v.session.KeyID = signerKey
}

// All four requests prove whose they are, and each time with another assertion.
func TestAssertions(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	sent, auth := record(net), &signer{}
	v := &visitor{Client: newClient(t, net), net: net}
	v.ClientAuth, v.ClientID = auth, request().ClientID
	v.keys = hostile.Keys(t, v.Client)
	address, err := v.Push(t.Context(), request(), v.keys) // twice, as the first has no nonce
	must(t, err)
	net.RotateNonce()
	grant, err := v.Exchange(t.Context(), request(), v.keys, latchkey.Secret(net.Visit(t, string(address)).Get("code")))
	must(t, err)
	s := latchkey.Session{
		DID: grant.Subject, ClientID: request().ClientID, KeyID: grant.KeyID, Issuer: hostile.PDS, Tokens: grant.Tokens,
		TokenEndpoint: hostile.PDS + "/oauth/token", RevocationEndpoint: hostile.PDS + "/oauth/revoke",
	}
	if s.KeyID != signerKey {
		t.Error("nobody is told that the session is one of a product with a key")
	}
	net.RotateNonce()
	grant, err = v.Refresh(t.Context(), s, v.keys)
	must(t, err)
	s.Tokens = grant.Tokens
	must(t, v.Revoke(t.Context(), s, v.keys))
	if left := net.Sessions(); len(left) > 0 || grant.KeyID != signerKey {
		t.Errorf("%v left, %q", left, grant.KeyID)
	}
	// A session goes on with the key that it began with; what becomes one, with whichever there is.
	if want := []string{"", "", "", "", signerKey, signerKey, signerKey}; !slices.Equal(auth.wanted, want) {
		t.Errorf("keys asked for: %q, want %q", auth.wanted, want)
	}
	seen := 0
	for what, want := range map[string]int{"par": 2, "token": 4, "revoke": 1} {
		if got := len(sent.sent[what]); got != want {
			t.Errorf("%d requests to %s, want %d", got, what, want)
		}
		for _, form := range sent.sent[what] {
			if form.Get("client_assertion_type") != assertionType || len(form["client_assertion"]) != 1 {
				t.Errorf("%s without an assertion", what)
			}
			seen++
		}
	}
	all := map[string]bool{}
	for n := range auth.made {
		all[fmt.Sprintf("assertion %d for %s", n+1, hostile.PDS)] = true
	}
	for _, forms := range sent.sent {
		for _, form := range forms {
			delete(all, form.Get("client_assertion"))
		}
	}
	if auth.made != seen || len(all) != 0 {
		t.Errorf("%d assertions for %d requests, and these were sent never or twice: %v", auth.made, seen, slices.Collect(maps.Keys(all)))
	}
}

// Without an assertion nothing is sent, and so nothing is lost.
func TestNoAssertionNothingSent(t *testing.T) {
	t.Parallel()
	for _, why := range []latchkey.Code{latchkey.ClientUnvouched, latchkey.ClientKeyMissing} {
		v := granted(t, hostile.New(t))
		confidential(v, &signer{refuse: latchkey.NewError(why, nil)})
		sent := record(v.net)
		_, err := v.Refresh(t.Context(), v.session, v.keys)
		mustCode(t, err, why)
		var lost *lostError
		if errors.As(err, &lost) {
			t.Error("it is taken for a request whose answer was lost")
		}
		mustCode(t, v.Revoke(t.Context(), v.session, v.keys), why)
		_, err = v.Push(t.Context(), request(), v.keys)
		mustCode(t, err, why)
		_, err = v.Exchange(t.Context(), request(), v.keys, "a-code")
		mustCode(t, err, why)
		if len(sent.sent) > 0 {
			t.Errorf("sent %v", slices.Collect(maps.Keys(sent.sent)))
		}
	}
}

// A session goes on as the client that it was made by, or not at all.
// hostile: 41
func TestClientChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(v *visitor){
		"no key any more":   func(v *visitor) { v.ClientAuth = nil },
		"another client id": func(v *visitor) { v.ClientID = "https://app.acme.com/oauth-client-metadata.json" },
	} {
		v := granted(t, hostile.New(t))
		confidential(v, &signer{})
		change(v)
		sent := record(v.net)
		_, err := v.Refresh(t.Context(), v.session, v.keys)
		mustCode(t, err, latchkey.ClientChanged)
		mustCode(t, v.Revoke(t.Context(), v.session, v.keys), latchkey.ClientChanged)
		if len(sent.sent) > 0 {
			t.Errorf("%s: sent %v", name, slices.Collect(maps.Keys(sent.sent)))
		}
	}
	// One of a public client goes on without a key, whatever the product has now.
	v, auth := granted(t, hostile.New(t)), &signer{}
	v.ClientAuth, v.ClientID = auth, "https://app.acme.com/oauth-client-metadata.json"
	g, err := v.Refresh(t.Context(), v.session, v.keys)
	must(t, err)
	if auth.made != 0 || g.KeyID != "" {
		t.Error("a public client's session got an assertion")
	}
}

func TestKeyRefused(t *testing.T) {
	t.Parallel()
	for _, with := range []bool{true, false} {
		v := granted(t, hostile.New(t))
		want := latchkey.ServerRefused
		if with {
			confidential(v, &signer{})
			want = latchkey.ClientRefused
		}
		refusal := func(w http.ResponseWriter, _ *http.Request) {
			hostile.Refuse(w, http.StatusBadRequest, "invalid_client", "no applicable key found")
		}
		v.net.Change(func() { v.net.Token = refusal })
		_, err := v.Refresh(t.Context(), v.session, v.keys)
		mustCode(t, err, want)
		mustBeRefused(t, err)
	}
}

func TestServerTime(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	net.Ahead = time.Hour
	c := newClient(t, net)
	_, err := c.Discover(t.Context(), hostile.PDS)
	must(t, err)
	if ahead := time.Until(c.ServerTime(hostile.PDS)); (ahead - time.Hour).Abs() > time.Minute {
		t.Errorf("%v ahead", ahead)
	}
	if ahead := time.Until(c.ServerTime("https://elsewhere.example.net")); ahead.Abs() > time.Minute {
		t.Errorf("%v ahead of nobody", ahead)
	}
}
