package soak_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/internal/soak"
)

// Where a victim is killed.
const (
	beforeSending = "before sending"
	afterSending  = "after sending" // the server tells, not the victim
	afterAnswer   = "after the answer"
	afterCommit   = "after the commit"
	atAnyMoment   = "at any moment"
)

// hostile: 35
func TestKilledWhileRenewing(t *testing.T) {
	t.Parallel()
	var all []*attack
	for _, point := range []struct {
		name  string
		place string
		token func(*attack) http.HandlerFunc // the server's part; nil for an honest one
		// spent says that the server has renewed the session and nobody here knows the new tokens: that
		// one can't be mended.
		spent bool
		kills int
	}{
		{"before sending", beforeSending, nil, false, soak.Times(10, 250)},
		{"after sending, not heard by the server", afterSending, unheard, false, soak.Times(5, 125)},
		{"after sending, heard by the server", afterSending, heard, true, soak.Times(5, 125)},
		{"after the answer", afterAnswer, nil, true, soak.Times(10, 250)},
		{"after the commit", afterCommit, nil, false, soak.Times(10, 250)},
	} {
		a := &attack{place: point.place}
		all = append(all, a)
		t.Run(point.name, func(t *testing.T) {
			t.Parallel()
			a.prepare(t)
			for range point.kills {
				if point.token != nil {
					a.net.Change(func() { a.net.Token = point.token(a) })
				}
				child := a.begin()
				a.await(child)
				a.kill(child)
				if needed := a.recover(); needed != point.spent {
					t.Errorf("a new sign-in was needed: %v, want %v", needed, point.spent)
				}
			}
			a.print(t, point.name)
		})
	}
	t.Cleanup(func() { // when they all have ended
		sum := attack{}
		for _, a := range all {
			sum.kills += a.kills
			sum.corrupt += a.corrupt
			sum.commits += a.commits
			sum.lost += a.lost
			sum.signIns += a.signIns
		}
		sum.print(t, "at all points")
	})
}

// The same at no place in particular: the victim renews its session with each call, as fast as it can.
//
// hostile: 35
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	a := &attack{place: atAnyMoment}
	a.prepare(t)
	a.net.Change(func() {
		a.net.XRPC = func(w http.ResponseWriter, r *http.Request) {
			a.net.HonestXRPC(w, r)
			a.net.EndAccess()
		}
	})
	for range soak.Times(10, 100) {
		child := a.begin()
		for range 1 + rand.N(8) { // #nosec G404 -- not a secret
			a.await(child)
		}
		<-time.After(rand.N(longestStep)) // #nosec G404 -- not a secret
		a.kill(child)
		a.recover()
	}
	a.print(t, atAnyMoment)
}

// longestStep is about as long as what a victim does between two words.
const longestStep = 20 * time.Millisecond

// attack is an installation whose processes are killed again and again.
type attack struct {
	place string

	t       *testing.T
	net     *hostile.Server
	browser *hostile.Browser
	in      installation
	held    chan struct{} // the server has a request to renew, and keeps it

	// The states of the session that the victim had saved, and that it was saving when it was killed.
	saved, saving string

	kills, corrupt, commits, lost, signIns int
}

func (a *attack) prepare(t *testing.T) {
	t.Helper()
	a.t, a.net, a.held = t, hostile.New(t), make(chan struct{}, 1)
	a.browser, a.in = a.net.Browser(t), newInstallation(t, a.net)
	a.live(func(service *auth.Service) {
		if _, err := service.Login(t.Context(), "alice.example.net"); err != nil {
			t.Fatalf("login: %v", err)
		}
		a.saved = a.stored(service.Store)
	})
}

// live is a life of the program in which nobody is killed.
func (a *attack) live(f func(*auth.Service)) {
	a.t.Helper()
	service, closeAll, err := a.in.open(a.t.Context(), func(r *auth.Rooms) { r.Browser = a.browser })
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() {
		if err := closeAll(); err != nil {
			a.t.Error(err)
		}
	}()
	f(service)
}

// victimInput is what a victim has to know.
type victimInput struct {
	Installation installation
	Place        string // where to stop
}

// word is what a victim says.
type word struct {
	At            string        // it stands at this place
	Saving, Saved string        // the fingerprint of a session
	Failed        latchkey.Code // its call failed
}

// begin starts a process that needs to renew its session.
func (a *attack) begin() *soak.Child {
	a.t.Helper()
	a.net.EndAccess()
	return soak.Start(a.t, "victim", victimInput{a.in, a.place})
}

// await listens to a victim until it stands at its place, or the server holds its request; to one
// without a place until it has said something.
func (a *attack) await(child *soak.Child) {
	a.t.Helper()
	for {
		select {
		case <-a.held:
			return
		case said, ok := <-child.Said:
			if !ok {
				a.t.Fatal("a victim ended by itself")
			}
			if a.note(said) {
				return
			}
		case <-time.After(time.Minute): // only a broken test waits that long
			a.t.Fatal("a victim never came to its place")
		}
	}
}

// kill kills a victim and waits until nothing of it is left: its last request may still lie unread
// before the server, and is as good as any other.
func (a *attack) kill(child *soak.Child) {
	a.t.Helper()
	child.Kill()
	a.kills++
	for said := range child.Said {
		a.note(said)
	}
	a.net.Drop()
	a.net.Change(func() { a.net.Token = nil })
}

// note takes a word of a victim, and tells whether it stands at its place.
func (a *attack) note(said json.RawMessage) (there bool) {
	a.t.Helper()
	var w word
	if err := json.Unmarshal(said, &w); err != nil {
		a.t.Fatal(err)
	}
	switch {
	case w.Failed != "":
		a.t.Fatalf("the call of a victim failed: %s", w.Failed)
	case w.Saving != "":
		a.saving = w.Saving
	case w.Saved != "":
		a.saved, a.saving = w.Saved, ""
		a.commits++
	}
	return w.At != "" || a.place == atAnyMoment
}

// recover is the next life of the program. It answers whether it needed a new sign-in.
func (a *attack) recover() (needed bool) {
	a.t.Helper()
	a.checkFile()
	before := a.net.Replays()
	a.live(func(service *auth.Service) {
		switch a.stored(service.Store) {
		case a.saved:
		case a.saving: // it is on the disk, but nobody was told
		default:
			a.lost++
		}
		err := call(a.t.Context(), service)
		if needed = err != nil; needed {
			a.signIns++
			a.signIn(service, err)
		}
		a.saved, a.saving = a.stored(service.Store), ""
	})
	// The server alone knows whether the session could be saved.
	if spent := a.net.Replays() > before; needed != spent {
		a.t.Errorf("a new sign-in was needed: %v; the refresh token was spent: %v", needed, spent)
	}
	return needed
}

// signIn makes whole what could not be mended, after a call that failed because of it.
func (a *attack) signIn(service *auth.Service, why error) {
	a.t.Helper()
	if code := latchkey.CodeOf(why); code != latchkey.RenewalUnknown {
		a.t.Errorf("the call after a kill: %v, want the code %s", why, latchkey.RenewalUnknown)
	}
	account, err := service.Find(a.t.Context(), "alice.example.net")
	if err != nil || account.Status != latchkey.NeedsSignIn || account.Reason != latchkey.RenewalUnknown {
		a.t.Errorf("the account after a kill: %+v, %v", account, err)
	}
	if _, err := service.Login(a.t.Context(), "alice.example.net"); err != nil {
		a.t.Fatalf("signing in again: %v", err)
	}
	if err := call(a.t.Context(), service); err != nil {
		a.t.Errorf("after signing in again: %v", err)
	}
}

// checkFile asks SQLite whether the database is whole.
func (a *attack) checkFile() {
	a.t.Helper()
	file := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(a.in.database())}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRowContext(a.t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		a.corrupt++
		a.t.Errorf("the database after a kill: %q, %v", verdict, err)
	}
}

// stored is the fingerprint of alice's session as it lies in the database. Her account is there, too,
// and active.
func (a *attack) stored(store latchkey.Store) string {
	a.t.Helper()
	account, err := store.Account(a.t.Context(), hostile.AliceDID)
	if err != nil || account.Status != latchkey.Active {
		a.t.Fatalf("the account in the database: %+v, %v", account, err)
	}
	id, err := store.SessionID(a.t.Context(), hostile.AliceDID)
	if err != nil {
		a.t.Fatal(err)
	}
	keys, err := a.in.Keychain.Get(a.t.Context(), id)
	if err != nil {
		a.t.Fatal(err)
	}
	session, err := store.Session(a.t.Context(), id, keys)
	if err != nil {
		a.t.Fatal(err)
	}
	return fingerprint(session)
}

// fingerprint tells states of a session apart without showing its tokens.
func fingerprint(s latchkey.Session) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", s.ID, string(s.Tokens.Access), string(s.Tokens.Refresh), s.Unconfirmed))
	return hex.EncodeToString(sum[:])
}

func (a *attack) print(t *testing.T, where string) {
	t.Helper()
	soak.Figure(t, "kill -9, %s: %d kills, %d databases corrupt, %d of %d acknowledged commits lost, %d new sign-ins",
		where, a.kills, a.corrupt, a.lost, a.commits, a.signIns)
	if a.corrupt+a.lost > 0 {
		t.Fail()
	}
}

// unheard is a server that gets the request and is not able to do anything with it before the process
// is gone.
func unheard(a *attack) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		a.hold(r)
	}
}

// heard is a server whose answer finds nobody.
func heard(a *attack) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hostile.Edit(a.net.HonestToken, func(map[string]any) { a.hold(r) })(w, r)
	}
}

// hold keeps a request until the process that sent it is gone.
func (a *attack) hold(r *http.Request) {
	a.held <- struct{}{}
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// victim is the process that is killed.
func victim(parent *soak.Parent) {
	var in victimInput
	parent.Read(&in)
	ctx := context.Background()
	at := func(place string) {
		if place == in.Place {
			parent.Say(word{At: place})
			select {}
		}
	}
	service, _, err := in.Installation.open(ctx, func(r *auth.Rooms) {
		r.Protocol = stopping{r.Protocol, at}
		r.Store = telling{r.Store, parent, at}
	})
	if err != nil {
		parent.Fail(err)
	}
	for {
		if err := call(ctx, service); err != nil {
			parent.Say(word{Failed: latchkey.CodeOf(err)})
			return
		}
	}
}

// stopping stops before and after a renewal.
type stopping struct {
	latchkey.Protocol
	at func(place string)
}

func (p stopping) Refresh(ctx context.Context, s latchkey.Session, keys latchkey.Keys) (latchkey.Grant, error) {
	p.at(beforeSending)
	grant, err := p.Protocol.Refresh(ctx, s, keys)
	p.at(afterAnswer)
	return grant, err
}

// telling says what it is asked to save, and what was saved.
type telling struct {
	latchkey.Store
	parent *soak.Parent
	at     func(place string)
}

func (s telling) UpdateSession(ctx context.Context, session latchkey.Session, keys latchkey.Keys) error {
	s.parent.Say(word{Saving: fingerprint(session)})
	err := s.Store.UpdateSession(ctx, session, keys)
	if err == nil {
		s.parent.Say(word{Saved: fingerprint(session)})
	}
	if session.Unconfirmed == 0 {
		s.at(afterCommit)
	}
	return err
}
