package auth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

const newServer = "https://new.example.org"

// moveAlice makes the directory name another server for alice.
func moveAlice(n *hostile.Server) {
	n.Change(func() { n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: hostile.AliceHandle, Server: newServer} })
}

// refuseAtPDS makes the old server refuse all calls; other servers are honest.
func refuseAtPDS(n *hostile.Server, status int, body string) {
	refuse := hostile.Body(status, "application/json", body)
	n.Change(func() {
		n.XRPC = func(w http.ResponseWriter, r *http.Request) {
			if "https://"+r.Host == hostile.PDS {
				refuse(w, r)
				return
			}
			n.HonestXRPC(w, r)
		}
	})
}

// mustHaveMoved checks that alice is asked to sign in at the new server, and that she can.
func (h *house) mustHaveMoved() {
	h.tb.Helper()
	h.mustNeedSignIn(latchkey.AccountMoved)
	e := h.waitFor(isAccount(latchkey.AccountNeedsSignIn, hostile.AliceDID))
	if a := h.mustAccount(hostile.AliceDID); a.Server != newServer || e.Account.Server != newServer {
		h.tb.Errorf("account: %+v, event: %+v", a, e.Account)
	}
	if text := e.Account.Why().Message(); !strings.Contains(text, "new.example.org") {
		h.tb.Error(text)
	}
	if a := h.mustLogin("alice.example.net"); a.Server != newServer || a.Status != latchkey.Active {
		h.tb.Errorf("signed in again: %+v", a)
	}
	h.mustBeActive()
	h.settle()
	h.mustHaveSessions(hostile.AliceDID)
	if left, err := h.store.Revocations(h.tb.Context()); err != nil || len(left) != 0 {
		h.tb.Errorf("revocations left: %v, %v", left, err)
	}
}

// hostile: 30
func TestMovedBeforeARefresh(t *testing.T) {
	t.Parallel()
	h := signedIn(t, hostile.New(t))
	h.net.EndSessions()
	moveAlice(h.net)
	err := h.call(t.Context(), hostile.AliceDID)
	mustCode(t, err, latchkey.AccountMoved)
	if text := latchkey.AsError(err).Message(); !strings.Contains(text, "new.example.org") {
		t.Error(text)
	}
	h.mustHaveMoved()
	if n := h.net.Requests("revoke"); n == 0 {
		t.Error("the old server was not told")
	}
}

// A call that the old server refuses because the account left tells where it is now.
// hostile: 30
func TestMovedBeforeACall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
	}{
		"400":          {400, `{"error":"AccountDeactivated","message":"Account is deactivated"}`},
		"401":          {401, `{"error":"AccountDeactivated"}`},
		"403":          {403, `{"error":"AccountDeactivated"}`},
		"400, unknown": {400, `{"error":"AccountNotFound"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, hostile.New(t))
			h.mustLogin("alice.example.net")
			moveAlice(h.net)
			refuseAtPDS(h.net, test.status, test.body)
			mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.AccountMoved)
			h.mustHaveMoved()
		})
	}
}

// Two calls are refused at once; the second learns why, though the first has ended the session already.
// hostile: 30
func TestMovedBeforeTwoCalls(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	moveAlice(h.net)
	refuse := hostile.Body(400, "application/json", `{"error":"AccountDeactivated"}`)
	came, letGo := make(chan struct{}, 1), make(chan struct{})
	held := stuck(refuse, came, letGo)
	var first atomic.Bool
	h.net.Change(func() {
		h.net.XRPC = func(w http.ResponseWriter, r *http.Request) {
			if first.CompareAndSwap(false, true) {
				held(w, r)
				return
			}
			refuse(w, r)
		}
	})
	late := make(chan error, 1)
	go func() { late <- h.call(t.Context(), hostile.AliceDID) }()
	happened(t, came)
	mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.AccountMoved)
	close(letGo)
	mustCode(t, happened(t, late), latchkey.AccountMoved)
	h.settle()
	h.mustHaveSessions() // the old server was told at once
	if n := h.net.Requests("revoke"); n != 1 || len(h.keychain.ids()) != 0 {
		t.Errorf("%d revocations, keychain items %v", n, h.keychain.ids())
	}
}

// get sends a request as alice and answers status and body.
func (h *house) get() (int, string) {
	h.tb.Helper()
	client, err := h.Client(h.tb.Context(), hostile.AliceDID)
	if err != nil {
		h.tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.tb.Context(), http.MethodGet, client.Host+"/xrpc/com.example.whoami", nil)
	if err != nil {
		h.tb.Fatal(err)
	}
	res, err := client.Auth.DoWithAuth(nil, req, "com.example.whoami")
	if err != nil {
		h.tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.tb.Error(err)
	}
	return res.StatusCode, string(body)
}

// A refusal of an account that did not move, as far as anybody knows, is the caller's to read, and whole.
// hostile: 30
func TestRefusalsThatAreNoMove(t *testing.T) {
	t.Parallel()
	const gone = `{"error":"AccountDeactivated","message":"Account is deactivated"}`
	long := `{"error":"InvalidRequest","message":"` + strings.Repeat("long ", 4000) + `"}`
	for name, test := range map[string]struct {
		status int
		body   string
		net    func(*hostile.Server)
		busy   bool // somebody else has the lock of the session
		asked  int  // what the directory was asked for the call
	}{
		"deactivated":        {status: 400, body: gone, asked: 1},
		"deactivated, 401":   {status: 401, body: gone, asked: 1},
		"deactivated, 403":   {status: 403, body: gone, asked: 1},
		"directory is down":  {status: 400, body: gone, asked: 1, net: func(n *hostile.Server) { moveAlice(n); n.Change(func() { n.DIDDocument = hostile.HangUp }) }},
		"refresh on its way": {status: 400, body: gone, asked: 1, net: moveAlice, busy: true},
		"another refusal":    {status: 400, body: `{"error":"InvalidRequest"}`, net: moveAlice},
		"another's account":  {status: 400, body: `{"error":"RepoDeactivated"}`, net: moveAlice},
		"long refusal":       {status: 400, body: long, net: moveAlice},
		"no JSON":            {status: 403, body: `<h1>AccountDeactivated`, net: moveAlice},
		"empty":              {status: 404, body: ``, net: moveAlice},
		"out of order":       {status: 500, body: gone, net: moveAlice},
		"success":            {status: 200, body: gone, net: moveAlice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			var locked atomic.Pointer[string]
			h := newHouse(t, hostile.New(t), hookStore(busyLock(&locked)), hookDirectory(func(context.Context, string, string) error { asked.Add(1); return nil }))
			h.mustLogin("alice.example.net")
			if test.busy {
				locked.Store(new(h.session(hostile.AliceDID).ID))
			}
			before := asked.Load()
			if test.net != nil {
				test.net(h.net)
			}
			refuseAtPDS(h.net, test.status, test.body)
			if status, body := h.get(); status != test.status || body != test.body {
				t.Errorf("HTTP %d with %d bytes, want %d with %d", status, len(body), test.status, len(test.body))
			}
			h.settle()
			if a := h.mustAccount(hostile.AliceDID); a.Status != latchkey.Active || a.Server != hostile.PDS {
				t.Errorf("account: %+v", a)
			}
			if n := int(asked.Load() - before); n != test.asked {
				t.Errorf("the directory was asked %d times", n)
			}
		})
	}
}

func busyLock(id *atomic.Pointer[string]) hook {
	return func(_ context.Context, method, about string) error {
		if now := id.Load(); method == "Lock" && now != nil && about == *now {
			return latchkey.NewError(latchkey.StorageBusy, nil)
		}
		return nil
	}
}

// confirmed makes the last question to the directory that old.
func (h *house) confirmed(minutes int) {
	h.exec(fmt.Sprintf(`UPDATE accounts SET confirmed = confirmed - %d * 60 * 1000`, minutes))
}

// While an account is used, the directory is asked about it once an hour.
func TestConfirmedOnUse(t *testing.T) {
	t.Parallel()
	newHandle := syntax.Handle("alice-two.example.net")
	rename := func(n *hostile.Server) {
		n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: newHandle, Server: hostile.PDS}
		n.Handles[newHandle] = hostile.AliceDID
	}
	for name, test := range map[string]struct {
		minutes int
		net     func(*hostile.Server)
		handle  syntax.Handle
		asked   int
		again   int // by the next process
	}{
		"within the hour":      {59, rename, hostile.AliceHandle, 0, 0},
		"after an hour":        {61, rename, newHandle, 1, 0},
		"nothing new":          {61, func(*hostile.Server) {}, hostile.AliceHandle, 1, 0},
		"a name that fails":    {61, func(n *hostile.Server) { delete(n.Handles, hostile.AliceHandle) }, hostile.AliceHandle, 1, 0},
		"directory is down":    {61, func(n *hostile.Server) { rename(n); n.DIDDocument = hostile.HangUp }, hostile.AliceHandle, 1, 1},
		"asked in the future":  {-600, rename, newHandle, 1, 0}, // the clock was set back
		"signed in long ago":   {60 * 24 * 13, rename, newHandle, 1, 0},
		"directory is no help": {61, func(n *hostile.Server) { n.DIDDocument = hostile.Body(200, "application/json", "{}") }, hostile.AliceHandle, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			counted := hookDirectory(func(context.Context, string, string) error { asked.Add(1); return nil })
			h := newHouse(t, hostile.New(t), counted)
			h.mustLogin("alice.example.net")
			before := asked.Load()
			h.confirmed(test.minutes)
			h.net.Change(func() { test.net(h.net) })
			for range 5 {
				if err := h.call(t.Context(), hostile.AliceDID); err != nil {
					t.Error(err)
				}
			}
			h.settle()
			if n := int(asked.Load() - before); n != test.asked {
				t.Errorf("the directory was asked %d times, want %d", n, test.asked)
			}
			if a := h.mustAccount(hostile.AliceDID); a.Handle != test.handle || a.Status != latchkey.Active {
				t.Errorf("account: %+v", a)
			}
			if test.handle == newHandle {
				if e := h.waitFor(isAccount(latchkey.AccountChanged, hostile.AliceDID)); e.Account.Handle != newHandle {
					t.Errorf("event: %+v", e.Account)
				}
			} else if n := len(h.eventsOf(latchkey.AccountChanged)); n != 0 {
				t.Errorf("%d changes, though nothing is new", n)
			}
			next := h.neighbour(counted)
			if err := next.call(t.Context(), hostile.AliceDID); err != nil {
				t.Error(err)
			}
			next.settle()
			if n := int(asked.Load()-before) - test.asked; n != test.again {
				t.Errorf("the next process asked %d times, want %d", n, test.again)
			}
		})
	}
}

// A move is noticed on use even while the old server still answers.
// hostile: 30
func TestMovedWhileTheOldServerAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	moveAlice(h.net)
	h.confirmed(61)
	if err := h.call(t.Context(), hostile.AliceDID); err != nil {
		t.Error(err)
	}
	h.waitFor(isAccount(latchkey.AccountNeedsSignIn, hostile.AliceDID))
	h.mustHaveMoved()
}
