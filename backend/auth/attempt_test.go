package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
)

// stuck is a handler that tells when a request came and answers only when it is let go, or when the
// client gave up.
func stuck(honest http.HandlerFunc, came chan<- struct{}, letGo <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // only a server that has read the body notices that the client went away
		select {
		case came <- struct{}{}:
		default:
		}
		select {
		case <-letGo:
			honest(w, r)
		case <-r.Context().Done():
		}
	}
}

// A sign-in can be given up at any time, and leaves nothing.
// hostile: 15
func TestCancel(t *testing.T) {
	t.Parallel()
	phases := map[string]func(h *house, came chan<- struct{}, letGo <-chan struct{}){
		"resolving the handle": func(h *house, came chan<- struct{}, letGo <-chan struct{}) {
			h.net.Change(func() { h.net.Handle = stuck(h.net.HonestHandle, came, letGo) })
		},
		"resolving the DID": func(h *house, came chan<- struct{}, letGo <-chan struct{}) {
			h.net.Change(func() { h.net.DIDDocument = stuck(h.net.HonestDIDDocument, came, letGo) })
		},
		"discovering": func(h *house, came chan<- struct{}, letGo <-chan struct{}) {
			h.net.Change(func() { h.net.Metadata = stuck(h.net.HonestMetadata, came, letGo) })
		},
		"storing keys": func(h *house, came chan<- struct{}, _ <-chan struct{}) {
			h.keychain.OnSet = func(ctx context.Context, _ string) error {
				came <- struct{}{}
				<-ctx.Done()
				return latchkey.NewError(latchkey.Cancelled, ctx.Err())
			}
		},
		"pushing": func(h *house, came chan<- struct{}, letGo <-chan struct{}) {
			h.net.Change(func() { h.net.Push = stuck(h.net.HonestPush, came, letGo) })
		},
		"waiting": func(h *house, came chan<- struct{}, _ <-chan struct{}) {
			h.browser.Opened = func(string) { came <- struct{}{} }
		},
		"exchanging": func(h *house, came chan<- struct{}, letGo <-chan struct{}) {
			h.net.Change(func() { h.net.Token = stuck(h.net.HonestToken, came, letGo) })
		},
	}
	ways := map[string]func(h *house, cancel context.CancelFunc) error{
		"Cancel":  func(h *house, _ context.CancelFunc) error { return h.Cancel() },
		"context": func(_ *house, cancel context.CancelFunc) error { cancel(); return nil },
	}
	for phase, arrange := range phases {
		for way, giveUp := range ways {
			t.Run(phase+"/"+way, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				came, letGo := make(chan struct{}, 1), make(chan struct{})
				h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) { arrange(h, came, letGo) })
				done := h.login(ctx, "alice.example.net")
				<-came
				if err := giveUp(h, cancel); err != nil {
					t.Error(err)
				}
				if phase == "exchanging" {
					close(letGo) // the code is used up: what it brought must be revoked
				}
				mustCode(t, <-done, latchkey.Cancelled)
				h.mustBeEmpty()
				if phase == "exchanging" && h.net.Requests("revoke") == 0 {
					t.Error("the tokens were not revoked")
				}
				if story := h.events.story(); story[len(story)-1] != "failed" || slices.Contains(story, "added") {
					t.Errorf("events: %v", story)
				}
				mustCode(t, h.Cancel(), latchkey.NoSignIn)
				// The next one is not in the way of anything.
				h.net.Change(func() {
					h.net.Handle, h.net.DIDDocument, h.net.Metadata, h.net.Push, h.net.Token = nil, nil, nil, nil, nil
				})
				h.keychain.change(func() { h.keychain.OnSet = nil })
				h.browser.Opened = nil
				h.mustLogin("alice.example.net")
			})
		}
	}
}

func TestOneSignInAtATime(t *testing.T) {
	t.Parallel()
	links := make(chan string, 1)
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) {
		h.browser.Opened = func(link string) { links <- link }
	})
	done := h.login(t.Context(), "alice.example.net")
	link := <-links
	_, err := h.Login(t.Context(), "bob.example.net")
	mustCode(t, err, latchkey.SignInInProgress)
	if now, err := h.SignIn(); err != nil || now.DID != hostile.AliceDID || now.Phase != latchkey.Waiting {
		t.Errorf("the first one: %+v, %v", now, err)
	}
	h.browser.Follow(link)
	if err := <-done; err != nil {
		t.Errorf("the first one: %v", err)
	}
}

// abandon leaves an attempt as a process does that is killed while it waits.
func (h *house) abandon(id string) {
	h.tb.Helper()
	keys := latchkey.Keys{DPoP: "key", Sealing: [32]byte{1}}
	if err := h.store.AddSignIn(h.tb.Context(), latchkey.AuthorizationRequest{ID: id, ClientID: clientID, State: "state", Verifier: "verifier"}, keys); err != nil {
		h.tb.Fatal(err)
	}
	if err := h.keychain.Set(h.tb.Context(), id, keys); err != nil {
		h.tb.Fatal(err)
	}
}

func TestStartClearsWhatDeadProcessesLeft(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.abandon("dead")
	h.abandon("alive")
	unlock, err := h.store.Lock(t.Context(), "alive")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	next := h.neighbour()
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	next.settle()
	if ids, err := h.store.SignIns(t.Context()); err != nil || len(ids) != 1 || ids[0].ID != "alive" {
		t.Errorf("attempts: %v, %v", ids, err)
	}
	if ids := h.keychain.ids(); !slices.Equal(ids, []string{"alive"}) {
		t.Errorf("keychain items: %v", ids)
	}
}

// lateStore answers the attempts of a moment ago: by the time that one is looked at, it has become a
// session of the same id.
type lateStore struct {
	latchkey.Store
	attempts []latchkey.PendingSignIn
}

func (l *lateStore) SignIns(ctx context.Context) ([]latchkey.PendingSignIn, error) {
	if ids := l.attempts; ids != nil {
		l.attempts = nil
		return ids, nil
	}
	return l.Store.SignIns(ctx)
}

func TestStartLeavesAnAttemptThatJustSucceeded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	next := h.neighbour(func(h *house, r *auth.Rooms, _ *auth.Settings) {
		r.Store = &lateStore{r.Store, []latchkey.PendingSignIn{{ID: h.keychain.ids()[0]}}}
	})
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	next.settle()
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Error(err)
	}
}

// Without a keychain on the whole machine there are no items either: the row alone is cleared.
func TestStartWithoutAKeychain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.abandon("dead")
	h.keychain.OnDelete = func(context.Context, string) error { return latchkey.NewError(latchkey.KeychainUnavailable, nil) }
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.settle()
	if ids, err := h.store.SignIns(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("attempts: %v, %v", ids, err)
	}
}

// Close ends the sign-in that waits, and nothing can be begun afterwards. Not parallel: it counts
// goroutines.
// hostile: 15
func TestCloseLeavesNothingRunning(t *testing.T) {
	h := newHouse(t, hostile.New(t), func(h *house, _ *auth.Rooms, _ *auth.Settings) { h.browser.Opened = func(string) {} })
	done := h.login(t.Context(), "alice.example.net")
	h.waitFor(inPhase(latchkey.Waiting))
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	mustCode(t, <-done, latchkey.Cancelled)
	h.mustBeEmpty()
	_, err := h.Login(t.Context(), "alice.example.net")
	mustCode(t, err, latchkey.Cancelled)
	if left := ours(); len(left) != 0 {
		t.Errorf("goroutines left:\n%s", strings.Join(left, "\n\n"))
	}
}

// Close does not wait longer than it is told to, not even for an exchange whose code is used up.
func TestCloseDoesNotWaitForever(t *testing.T) {
	came, ended := make(chan struct{}), make(chan error, 1)
	h := newHouse(t, hostile.New(t), func(_ *house, r *auth.Rooms, _ *auth.Settings) {
		r.Store = &faultyStore{Store: r.Store, saveSession: func(ctx context.Context) error {
			close(came)
			<-ctx.Done()
			ended <- ctx.Err()
			return latchkey.NewError(latchkey.StorageBusy, ctx.Err())
		}}
	})
	done := h.login(t.Context(), "alice.example.net")
	<-came
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := h.Close(ctx); err == nil {
		t.Error("Close says that everything ended by itself")
	}
	mustCode(t, <-done, latchkey.Cancelled)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("saving ended by itself: %v", err)
	}
}

// ours are the stacks of the goroutines that run our code, tests excepted.
func ours() []string {
	buffer := make([]byte, 1<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	var left []string
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		for _, p := range []string{"auth", "loopback", "oauth", "identity"} {
			if strings.Contains(stack, fmt.Sprintf("latchkey/backend/%s.", p)) {
				left = append(left, stack)
				break
			}
		}
	}
	return left
}
