package auth_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// idle is a browser that nobody looks at.
func idle(h *house, _ *auth.Rooms, _ *auth.Settings) { h.browser.Opened = func(string) {} }

// killedWhileWaiting is what is left of a process that was killed while alice's sign-in waited, seen by
// the next one. page is what the browser still shows.
func killedWhileWaiting(t *testing.T, changes ...furnish) (next *house, page string) {
	t.Helper()
	var life life
	first := newHouse(t, hostile.New(t), idle, life.furnish)
	first.login(t.Context(), "alice.example.net")
	first.waitFor(inPhase(latchkey.Waiting))
	address, err := first.AuthorizationURL()
	if err != nil {
		t.Fatal(err)
	}
	life.kill()
	return first.neighbour(append(changes, idle)...), string(address)
}

// resume goes on in the background and answers how it ended.
func (h *house) resume(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := h.Resume(ctx)
		done <- err
	}()
	return done
}

// pending is the one attempt that there is, with what is sealed of it.
func (h *house) pending() latchkey.AuthorizationRequest {
	h.tb.Helper()
	ids := h.keychain.ids()
	if len(ids) != 1 {
		h.tb.Fatalf("keychain items: %v", ids)
	}
	keys, err := h.keychain.Get(h.tb.Context(), ids[0])
	if err != nil {
		h.tb.Fatal(err)
	}
	req, err := h.store.SignIn(h.tb.Context(), ids[0], keys)
	if err != nil {
		h.tb.Fatal(err)
	}
	return req
}

// The page in the browser leads back to the next run of the program as it would have to the one before.
func TestResume(t *testing.T) {
	t.Parallel()
	h, page := killedWhileWaiting(t)
	type result struct {
		account latchkey.Account
		err     error
	}
	done := make(chan result, 1)
	go func() {
		a, err := h.Resume(t.Context())
		done <- result{a, err}
	}()
	waiting := h.waitFor(inPhase(latchkey.Waiting)).SignIn
	if waiting.DID != hostile.AliceDID || waiting.Server != hostile.PDS || waiting.Link == "" || waiting.Deadline.IsZero() || waiting.BrowserFailed {
		t.Errorf("waiting: %+v", waiting)
	}
	if again, err := h.AuthorizationURL(); err != nil || string(again) != page {
		t.Errorf("another page: %v", err)
	}
	h.browser.Follow(page)
	r := happened(t, done)
	if r.err != nil || r.account.DID != hostile.AliceDID || r.account.Status != latchkey.Active {
		t.Fatalf("resumed: %+v, %v", r.account, r.err)
	}
	if text := h.browser.Page(); !strings.Contains(text, "You are signed in") {
		t.Errorf("page: %s", text)
	}
	if story := h.events.story(); !slices.Equal(story, []string{"resolving", "waiting", "exchanging", "added", "done"}) {
		t.Errorf("events: %v", story)
	}
	if n, pushes := h.browser.Count(), h.net.Requests("push"); n != 0 || pushes != 2 { // one for the nonce
		t.Errorf("browser opened %d times, %d requests pushed", n, pushes)
	}
	h.mustBeActive()
	calendar(t, h.mustAccount(hostile.AliceDID), time.Now(), time.Now())
	_, err := h.Resume(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
	h.settle()
	h.mustHaveSessions(hostile.AliceDID)
	if ids, err := h.store.SignIns(t.Context()); err != nil || len(ids) != 0 || len(h.keychain.ids()) != 1 {
		t.Errorf("attempts left: %v, %v, keychain items %v", ids, err, h.keychain.ids())
	}
}

// The link of the run that waits now leads to the same page, when the browser was closed meanwhile.
func TestResumeWithANewBrowser(t *testing.T) {
	t.Parallel()
	h, _ := killedWhileWaiting(t)
	done := h.resume(t.Context())
	h.browser.Follow(h.waitFor(inPhase(latchkey.Waiting)).SignIn.Link)
	if err := happened(t, done); err != nil {
		t.Error(err)
	}
	h.mustBeActive()
}

// An attempt that can't be picked up says so and leaves nothing.
func TestResumeThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(h *house)
		during  func(h *house, page string) // while it waits; nil where it does not come so far
		want    latchkey.Code
	}{
		"port taken": {
			arrange: func(h *house) {
				u, err := url.Parse(h.pending().RedirectURI)
				if err != nil {
					h.tb.Fatal(err)
				}
				taken, err := net.Listen("tcp4", u.Host)
				if err != nil {
					h.tb.Fatal(err)
				}
				h.tb.Cleanup(func() { _ = taken.Close() })
			},
			want: latchkey.SignInLost,
		},
		"key gone": {
			arrange: func(h *house) { h.keychain.change(func() { clear(h.keychain.items) }) },
			want:    latchkey.KeychainItemMissing,
		},
		"row of another": {
			arrange: func(h *house) { h.exec(`UPDATE sign_ins SET did = '` + hostile.BobDID.String() + `'`) }, // hostile: 54
			want:    latchkey.SealBroken,
		},
		"cancelled": {
			during: func(h *house, _ string) {
				if err := h.Cancel(); err != nil {
					h.tb.Error(err)
				}
			},
			want: latchkey.Cancelled,
		},
		"closed": {
			during: func(h *house, _ string) { h.settle() },
			want:   latchkey.Cancelled,
		},
		"denied": {
			during: func(h *house, page string) {
				h.net.Change(func() { refuseWith("access_denied")(h.net) })
				h.browser.Follow(page)
			},
			want: latchkey.Denied,
		},
		"deadline passes": {
			arrange: func(h *house) {
				h.exec(`UPDATE sign_ins SET deadline = ` + "(unixepoch('subsec') * 1000 + 3000)")
			},
			during: func(*house, string) {},
			want:   latchkey.TimedOut,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, page := killedWhileWaiting(t)
			if test.arrange != nil {
				test.arrange(h)
			}
			done := h.resume(t.Context())
			if test.during != nil {
				h.waitFor(inPhase(latchkey.Waiting))
				test.during(h, page)
			}
			mustCode(t, happened(t, done), test.want)
			h.mustBeEmpty()
			if failed := h.waitFor(inPhase(latchkey.Failed)).SignIn; failed.Err == nil || failed.Err.Code != test.want {
				t.Errorf("event: %+v", failed)
			}
			_, err := h.Resume(t.Context())
			mustCode(t, err, latchkey.NoSignIn)
		})
	}
}

// An attempt that can't succeed any more is not picked up, and cleared by the next start.
func TestResumeWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"past its deadline": `UPDATE sign_ins SET deadline = 1000`,
		"used":              `UPDATE sign_ins SET used = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := killedWhileWaiting(t)
			h.exec(statement)
			_, err := h.Resume(t.Context())
			mustCode(t, err, latchkey.NoSignIn)
			if n := len(h.events.story()); n != 0 {
				t.Errorf("events: %v", h.events.story())
			}
			h.neighbour().settle()
			h.mustBeEmpty()
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		_, err := newHouse(t, hostile.New(t)).Resume(t.Context())
		mustCode(t, err, latchkey.NoSignIn)
	})
}

// One that ended before its request was pushed has no page to come back from.
func TestResumeBeforeThePush(t *testing.T) {
	t.Parallel()
	var life life
	came := make(chan struct{}, 1)
	network := hostile.New(t)
	network.Push = stuck(network.HonestPush, came, nil)
	first := newHouse(t, network, idle, life.furnish)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first.login(ctx, "alice.example.net")
	happened(t, came)
	life.kill()
	h := first.neighbour()
	_, err := h.Resume(t.Context())
	mustCode(t, err, latchkey.SignInLost)
	h.mustBeEmpty()
}

// An attempt that another process attends is its own.
func TestResumeLeavesALivingAttempt(t *testing.T) {
	t.Parallel()
	first := newHouse(t, hostile.New(t), idle)
	done := first.login(t.Context(), "alice.example.net")
	link := first.waitFor(inPhase(latchkey.Waiting)).SignIn.Link
	for _, h := range []*house{first, first.neighbour()} {
		_, err := h.Resume(t.Context())
		mustCode(t, err, latchkey.NoSignIn)
	}
	first.browser.Follow(link)
	if err := happened(t, done); err != nil {
		t.Error(err)
	}
	first.mustBeActive()
}

// Two processes that start at once do not both take it.
func TestResumeTwice(t *testing.T) {
	t.Parallel()
	h, page := killedWhileWaiting(t)
	done := h.resume(t.Context())
	h.waitFor(inPhase(latchkey.Waiting))
	_, err := h.neighbour().Resume(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
	_, err = h.Login(t.Context(), "bob.example.net")
	mustCode(t, err, latchkey.SignInInProgress)
	h.browser.Follow(page)
	if err := happened(t, done); err != nil {
		t.Error(err)
	}
	h.mustBeActive()
}

// A sign-in that was begun before is not disturbed, and the one that waits is still there afterwards.
func TestResumeDuringASignIn(t *testing.T) {
	t.Parallel()
	h, page := killedWhileWaiting(t)
	login := h.login(t.Context(), "bob.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	_, err := h.Resume(t.Context())
	mustCode(t, err, latchkey.SignInInProgress)
	if err := h.Cancel(); err != nil {
		t.Error(err)
	}
	mustCode(t, happened(t, login), latchkey.Cancelled)
	resumed := h.resume(t.Context())
	h.waitFor(func(e latchkey.Event) bool { return inPhase(latchkey.Waiting)(e) && e.SignIn.DID == hostile.AliceDID })
	h.browser.Follow(page)
	if err := happened(t, resumed); err != nil {
		t.Error(err)
	}
}

// An attempt whose keychain item could not be removed is over nevertheless, and cleared later.
func TestFailedAttemptWithALockedKeychainIsNotResumed(t *testing.T) {
	t.Parallel()
	network := hostile.New(t)
	refuseWith("access_denied")(network)
	h := newHouse(t, network)
	h.keychain.OnDelete = locked
	_, err := h.Login(t.Context(), "alice.example.net")
	mustCode(t, err, latchkey.Denied)
	if left, err := h.store.SignIns(t.Context()); err != nil || len(left) != 1 || !left[0].Used || !left[0].Deadline.After(time.Now()) {
		t.Errorf("attempts: %+v, %v", left, err)
	}
	next := h.neighbour()
	_, err = next.Resume(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
	next.settle()
	if items := h.keychain.ids(); len(items) != 1 {
		t.Errorf("keychain items: %v", items)
	}
	h.keychain.change(func() { h.keychain.OnDelete = nil })
	h.neighbour().settle()
	h.mustBeEmpty()
}

// An exchange that had begun when the process was killed is lost with its code: nothing is sent again.
// hostile: 5
func TestResumeAfterTheCodeWasUsed(t *testing.T) {
	t.Parallel()
	var life life
	came := make(chan struct{}, 1)
	network := hostile.New(t)
	network.Token = stuck(func(http.ResponseWriter, *http.Request) {}, came, nil)
	first := newHouse(t, network, life.furnish)
	ctx, cancel := context.WithCancel(t.Context())
	done := first.login(ctx, "alice.example.net")
	happened(t, came)
	life.kill()
	h := first.neighbour()
	_, err := h.Resume(t.Context())
	mustCode(t, err, latchkey.NoSignIn)
	h.settle()
	h.mustBeEmpty()
	if n := network.Requests("token"); n != 1 {
		t.Errorf("%d exchanges", n)
	}
	cancel()
	network.Drop()
	<-done // the network went away under it
}
