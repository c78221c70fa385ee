package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/loopback"
	"latchkey/backend/oauth"
)

// clientKey is a key whose assertions nobody reads. As long as gone is set, it is not there.
type clientKey struct {
	gone error
	made int
}

func (k *clientKey) Assertion(context.Context, string, latchkey.Keys, string) (latchkey.Assertion, error) {
	if k.gone != nil {
		return latchkey.Assertion{}, k.gone
	}
	k.made++
	return latchkey.Assertion{Text: latchkey.Secret(fmt.Sprintf("assertion-%d", k.made)), KeyID: "a key"}, nil
}

// keyed is a house whose product has a key.
func keyed(key *clientKey) furnish {
	return func(_ *house, rooms *auth.Rooms, _ *auth.Settings) {
		client := rooms.Protocol.(*oauth.Client)
		client.ClientAuth, client.ClientID = key, clientID
	}
}

const (
	day     = 24 * time.Hour
	quarter = 365*day/4 + 6*time.Hour/4
)

// mustEnd checks when an account's session ends, to the minute.
func (h *house) mustEnd(in time.Duration) {
	h.tb.Helper()
	if ends := time.Until(h.mustAccount(hostile.AliceDID).SessionEnds); (ends - in).Abs() > time.Minute {
		h.tb.Errorf("the session ends in %v, want %v", ends, in)
	}
}

// A session of a product with a key ends a quarter of a year after it was renewed last, and two years after its
// sign-in whatever is renewed.
func TestConfidentialCalendar(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), keyed(&clientKey{}))
	h.mustLogin("alice.example.net")
	h.mustEnd(quarter)
	h.age(60 * day)
	h.mustEnd(quarter - 60*day)
	renew := func() {
		h.net.EndAccess()
		h.mustBeActive()
	}
	renew()
	h.mustEnd(quarter)
	h.exec(fmt.Sprintf(`UPDATE sessions SET created = created - %d`, (640 * day).Milliseconds())) // 700 days in all
	renew()
	h.mustEnd(2*365*day + 12*time.Hour - 700*day)
	// What the server refuses after its rest has another reason than one in the middle.
	h.age(quarter)
	h.net.EndSessions()
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionExpired)
}

// Without the key nothing is sent, nothing ends, and nothing is taken for lost; with it, all goes on.
func TestKeyTakenAway(t *testing.T) {
	t.Parallel()
	for _, why := range []latchkey.Code{latchkey.ClientKeyMissing, latchkey.ClientKeyUnusable, latchkey.ClientUnvouched} {
		key := &clientKey{}
		h := newHouse(t, hostile.New(t), keyed(key))
		h.mustLogin("alice.example.net")
		h.net.EndAccess()
		before := h.net.Requests("token")
		key.gone = latchkey.NewError(why, nil)
		for range 3 { // more often than an outcome may be unknown
			mustCode(t, h.call(t.Context(), hostile.AliceDID), why)
		}
		if h.net.Requests("token") != before {
			t.Error("a refresh was sent")
		}
		if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active || a.Offline {
			t.Errorf("%s: %+v", why, a)
		}
		_, err := h.Login(t.Context(), "bob.example.net")
		mustCode(t, err, why)
		key.gone = nil
		h.mustBeActive()
		h.mustLogin("bob.example.net")
	}
}

// A product that loses its key, or gets another client id with it, asks for a new sign-in and says why: what it sent
// would end the session. One that gets a key goes on.
// hostile: 41
func TestClientChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), keyed(&clientKey{}))
	h.mustLogin("alice.example.net")
	h.net.EndAccess()
	before := h.net.Requests("token")
	without := h.neighbour()
	for range 2 {
		mustCode(t, without.call(t.Context(), hostile.AliceDID), latchkey.ClientChanged)
	}
	without.mustNeedSignIn(latchkey.ClientChanged)
	if h.net.Requests("token") != before {
		t.Error("a refresh was sent")
	}
	without.mustLogin("alice.example.net")
	without.mustEnd(14 * day)
	h.net.EndAccess()
	// This one has a key now, for the same client id.
	h.mustBeActive()
	h.mustEnd(quarter)
}

// A key that the server does not know ends no session either.
func TestKeyUnknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), keyed(&clientKey{}))
	h.mustLogin("alice.example.net")
	h.net.EndAccess()
	h.net.Change(func() {
		h.net.Token = func(w http.ResponseWriter, _ *http.Request) {
			hostile.Refuse(w, http.StatusBadRequest, "invalid_client", "no applicable key found in the JSON Web Key Set")
		}
	})
	for range 3 {
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ClientRefused)
	}
	h.net.Change(func() { h.net.Token = nil })
	h.mustBeActive()
}

// through is a house whose browsers come back through a page of the product's.
func through(page string) furnish {
	return func(_ *house, rooms *auth.Rooms, _ *auth.Settings) {
		rooms.Loopback = loopback.Loopback{Product: "Test", HandOn: page}
	}
}

// The browser comes back through the product's page, to the run that sent it out or to the next one.
func TestHandedOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t), keyed(&clientKey{}), through(hostile.HandOn))
	h.mustLogin("alice.example.net")
	if text := h.browser.Page(); !strings.Contains(text, "You are signed in") || h.net.Requests("hand-on") != 1 {
		t.Errorf("%d times through the page, which ended on %s", h.net.Requests("hand-on"), text)
	}

	var life life
	first := newHouse(t, hostile.New(t), idle, keyed(&clientKey{}), through(hostile.HandOn), life.furnish)
	first.login(t.Context(), "alice.example.net")
	first.waitFor(inPhase(latchkey.Waiting))
	page, err := first.AuthorizationURL()
	if err != nil {
		t.Fatal(err)
	}
	life.kill()
	next := first.neighbour(idle, keyed(&clientKey{}), through(hostile.HandOn))
	done := next.resume(t.Context())
	next.waitFor(inPhase(latchkey.Waiting))
	next.browser.Follow(string(page))
	if err := happened(t, done); err != nil || next.net.Requests("hand-on") != 1 {
		t.Errorf("resumed: %v, %d times through the page", err, next.net.Requests("hand-on"))
	}
	next.mustBeActive()
}
