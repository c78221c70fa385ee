//go:build devnet

package wire_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/internal/soak"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// tokenLife has to be long enough for everybody to make a call. The shorter run shares the machine with
// other tests.
func tokenLife() time.Duration { return time.Duration(soak.Times(8, 3)) * time.Second }

// crowdInput is what the processes of a crowd share.
type crowdInput struct {
	Paths config.Paths
	DID   syntax.DID
}

// Time ends the access token, on a real server; each time everybody wants something of that server at
// once. Not parallel: the network has its own file in the environment.
//
// hostile: 33, 34
func TestCrowdRefreshesOnce(t *testing.T) {
	own := devnet.MustStartWith(t, devnet.Options{TokenLife: tokenLife()})
	t.Setenv("LATCHKEY_NETWORK", own.NetworkFile())
	h := newHouse(t)
	person := own.Accounts[0]
	account := h.mustSignIn(person.Handle, as(person))
	first, keys := h.session(person.DID)
	h.shut()
	store := h.store()
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}

	crowd := soak.StartCrowd(t, "crowd", crowdInput{h.config.Paths, account.DID})
	expiries, slow, refreshes := soak.Times(3, 100), 0, 0
	var all soak.Tally
	var longest time.Duration
	begun := time.Now()
	for n := 0; n < expiries; {
		session, err := store.Session(t.Context(), first.ID, keys)
		if err != nil {
			t.Fatal(err)
		}
		server.awaitEnd(session, keys)
		at := time.Now()
		round := crowd.Round()
		took := time.Since(at)
		refreshes += round.Refreshes
		good := round.Calls == soak.Processes*soak.Goroutines && round.Refreshes == 1 && round.Failures() == 0
		// On a machine that is busy with other things, the next token may end as well before everybody
		// had an answer, or be renewed ahead of time. Such a round is made again.
		if !good && took > tokenLife()/2 && round.Failures() == round.Failed[string(latchkey.AccessEnded)] {
			t.Logf("a round took %s: %+v", took, round)
			if slow++; slow > expiries {
				t.Fatal("this machine is too busy for tokens that end so soon")
			}
			continue
		}
		n++
		if !good {
			t.Errorf("expiry %d, in %s: %+v", n, took, round)
		}
		all.Add(round)
		longest = max(longest, took)
	}
	if late := crowd.Dismiss(); late != 0 {
		t.Errorf("%d refreshes after the last round", late)
	}

	// A refresh token that is used again ends the session on this server (observed).
	used, sessions := serverRecords(t, own)
	replays := 1 - sessions
	if replays != 0 || used != refreshes {
		t.Errorf("%d refreshes were sent; the server knows of %d, and of %d sessions", refreshes, used, sessions)
	}
	soak.Figure(t, "%d processes x %d goroutines x %d expiries on a real server: refreshes sent %d, replays %d, failed calls %d of %d (%s, the longest round %s; %d too slow and made again)",
		soak.Processes, soak.Goroutines, expiries, all.Refreshes, replays, all.Failures(), all.Calls, time.Since(begun).Round(time.Second), longest.Round(time.Millisecond), slow)
	last, err := store.Session(t.Context(), first.ID, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.protocol.Refresh(t.Context(), last, keys); err != nil {
		t.Errorf("the session afterwards: %v", err)
	}
}

// awaitEnd asks the server until it takes an access token no more.
func (s serverSide) awaitEnd(session latchkey.Session, keys latchkey.Keys) {
	s.t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		err := s.call(session, keys)
		if latchkey.CodeOf(err) == latchkey.AccessEnded {
			return
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if time.Now().After(session.AccessEnds.Add(10 * tokenLife())) {
			s.t.Fatal("an access token never ended")
		}
	}
}

// serverRecords is what the server itself has written down: the refresh tokens that were used, and the
// sessions that are alive.
func serverRecords(t *testing.T, n *devnet.Network) (refreshes, sessions int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(n.NetworkFile()), "*", "account.sqlite"))
	if err != nil || len(files) != 1 {
		t.Fatalf("databases of the server: %v, %v", files, err)
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: files[0], RawQuery: "mode=ro&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM used_refresh_token), (SELECT count(*) FROM token)").Scan(&refreshes, &sessions)
	if err != nil {
		t.Fatal(err)
	}
	return refreshes, sessions
}

// crowd is one of the processes.
func crowd(parent *soak.Parent) {
	var in crowdInput
	parent.Read(&in)
	cfg, err := config.Load()
	if err != nil {
		parent.Fail(err)
	}
	cfg.Paths = in.Paths
	ctx := context.Background()
	service, closeAll, err := wire.New(ctx, cfg, wire.Options{NoBrowser: true})
	if err != nil {
		parent.Fail(err)
	}
	counted := &soak.Counted{Protocol: service.Protocol}
	service.Protocol = counted // nobody has used it yet
	client, err := service.Client(ctx, in.DID)
	if err != nil {
		parent.Fail(err)
	}
	parent.Attend(counted, func() error {
		var out struct{ DID syntax.DID }
		if err := client.Get(ctx, "com.atproto.server.getSession", nil, &out); err != nil {
			return err
		}
		if out.DID != in.DID {
			return fmt.Errorf("the server saw %q", out.DID)
		}
		return nil
	}, func() error { return closeAll(ctx) })
}
