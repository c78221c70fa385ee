package auth_test

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// disk is one that may be full: what a refresh brought can't be saved then, while the mark that it is
// about to be sent still found room.
type disk struct {
	full  atomic.Bool
	tries chan struct{} // to save renewed tokens, of which the first ones are kept
}

func newDisk() *disk { return &disk{tries: make(chan struct{}, 100)} }

func (d *disk) hook(_ context.Context, method, about string) error {
	if method != "UpdateSession" || about == "sent" {
		return nil
	}
	select {
	case d.tries <- struct{}{}:
	default:
	}
	if d.full.Load() {
		return latchkey.NewError(latchkey.StorageFull, nil)
	}
	return nil
}

// unsavedHouse has alice's renewed tokens in hand: the disk is full.
func unsavedHouse(t *testing.T) (*house, *disk) {
	t.Helper()
	d := newDisk()
	h := signedIn(t, hostile.New(t), hookStore(d.hook))
	d.full.Store(true)
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	if n := h.refreshes(); n != 1 {
		t.Fatalf("%d refreshes", n)
	}
	return h, d
}

func notices(want ...latchkey.Code) func(latchkey.Event) bool {
	return func(e latchkey.Event) bool {
		return e.Kind == latchkey.NoticesChanged && slices.Equal(e.Notices, want)
	}
}

// saved waits until nothing is in hand any more.
func (h *house) saved() {
	h.tb.Helper()
	h.waitFor(notices(latchkey.SessionUnsaved))
	h.waitFor(notices())
	if n := h.Notices(); len(n) != 0 {
		h.tb.Errorf("notices: %v", n)
	}
}

// hostile: 38
func TestTokensInHand(t *testing.T) {
	t.Parallel()
	d := newDisk()
	h := signedIn(t, hostile.New(t), hookStore(d.hook))
	before := h.session(hostile.AliceDID)
	d.full.Store(true)
	done := make(chan error, 8)
	for range cap(done) {
		go func() { done <- h.call(t.Context(), hostile.AliceDID) }()
	}
	for range cap(done) {
		if err := happened(t, done); err != nil {
			t.Error(err)
		}
	}
	h.waitFor(notices(latchkey.SessionUnsaved))
	if got := h.Notices(); !slices.Equal(got, []latchkey.Code{latchkey.SessionUnsaved}) {
		t.Errorf("notices: %v", got)
	}
	if row := h.session(hostile.AliceDID); row.Tokens != before.Tokens || row.Unconfirmed != 1 {
		t.Errorf("the row changed, or does not tell what was sent: %d", row.Unconfirmed)
	}
	h.mustBeActive()
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	d.full.Store(false)
	h.saved()
	if row := h.session(hostile.AliceDID); row.Tokens == before.Tokens || row.Unconfirmed != 0 {
		t.Error("the row is still the old one")
	}
	h.neighbour().mustBeActive()
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// A call whose refusal comes late finds the tokens that another one's refresh brought.
// hostile: 38
func TestLateCallFindsTheTokensInHand(t *testing.T) {
	t.Parallel()
	d := newDisk()
	h := signedIn(t, hostile.New(t), hookStore(d.hook))
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	held := stuck(h.net.HonestXRPC, came, letGo)
	var first atomic.Bool
	h.net.Change(func() {
		h.net.XRPC = func(w http.ResponseWriter, r *http.Request) {
			if first.CompareAndSwap(false, true) {
				held(w, r)
				return
			}
			h.net.HonestXRPC(w, r)
		}
	})
	late := make(chan error, 1)
	go func() { late <- h.call(t.Context(), hostile.AliceDID) }()
	happened(t, came)
	d.full.Store(true)
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	close(letGo)
	if err := happened(t, late); err != nil {
		t.Errorf("the late call: %v", err)
	}
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}

// No second refresh is sent while the tokens of the first are on no disk: its intent could not be
// written down.
// hostile: 38
func TestNoSecondRefreshWhileUnsaved(t *testing.T) {
	t.Parallel()
	h, d := unsavedHouse(t)
	h.net.EndAccess()
	for range 3 {
		mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.SessionUnsaved)
	}
	if n := h.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active {
		t.Errorf("account: %+v", a)
	}
	d.full.Store(false)
	h.saved()
	h.mustBeActive()
	if n := h.refreshes(); n != 2 {
		t.Errorf("%d refreshes", n)
	}
}

// A sign-out does not wait until the next try is due, and revokes the newest token.
// hostile: 38
func TestLogoutSavesWhatIsInHand(t *testing.T) {
	t.Parallel()
	h, d := unsavedHouse(t)
	for range 4 {
		happened(t, d.tries) // when the tokens came, at once, and after one and two seconds; four are next
	}
	d.full.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := h.Logout(ctx, hostile.AliceDID); err != nil {
		t.Fatal(err)
	}
	h.saved()
	h.settle()
	h.mustBeEmpty()
}

// hostile: 38
func TestCloseRevokesWhatWasNeverSaved(t *testing.T) {
	t.Parallel()
	h, _ := unsavedHouse(t)
	h.settle()
	h.mustHaveSessions()
	h.waitFor(notices())
	// The next run says what happened.
	next := h.neighbour()
	mustCode(t, next.call(t.Context(), hostile.AliceDID), latchkey.RenewalUnknown)
	next.mustNeedSignIn(latchkey.RenewalUnknown)
	next.mustLogin("alice.example.net")
	next.mustBeActive()
}

// Close saves rather than revokes when the disk takes it at last.
// hostile: 38
func TestCloseSavesWhatIsInHand(t *testing.T) {
	t.Parallel()
	h, d := unsavedHouse(t)
	d.full.Store(false)
	h.settle()
	if n := h.net.Requests("revoke"); n != 0 {
		t.Errorf("%d revocations", n)
	}
	h.neighbour().mustBeActive()
}
