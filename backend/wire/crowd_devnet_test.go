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

	"github.com/bluesky-social/indigo/atproto/atclient"
	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/internal/soak"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// tokenLife is long enough for everybody to make a call on a busy machine. While the tokens of one account
// have yet to end, those of the other do.
const tokenLife = 6 * time.Second

// crowdInput is what the processes of a crowd share.
type crowdInput struct {
	Paths config.Paths
	DIDs  []syntax.DID
}

// Time ends the access tokens, on a real server; each time everybody wants something of that server at
// once. Not parallel: the network has its own file in the environment.
//
// hostile: 33, 34
func TestCrowdRefreshesOnce(t *testing.T) {
	own := devnet.MustStartWith(t, devnet.Options{TokenLife: tokenLife})
	t.Setenv(config.Variable(config.NetworkFile), own.NetworkFile())
	h := newHouse(t)
	input := crowdInput{Paths: h.config.Paths}
	var sessions []latchkey.Session
	var keys []latchkey.Keys
	for _, person := range own.Accounts {
		account := h.mustSignIn(person.Handle, as(person))
		s, k := h.session(person.DID)
		sessions, keys, input.DIDs = append(sessions, s), append(keys, k), append(input.DIDs, account.DID)
	}
	h.shut()
	store := h.store()
	// now is a session as it lies in the database.
	now := func(who int) latchkey.Session {
		t.Helper()
		s, err := store.Session(t.Context(), sessions[who].ID, keys[who])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}

	crowd := soak.StartCrowd(t, "crowd", input)
	expiries, slow, refreshes := soak.Times(4, 100), 0, 0
	var all soak.Tally
	var longest time.Duration
	begun := time.Now()
	for n := 0; n < expiries; {
		who := (n + slow) % len(sessions)
		server.awaitEnd(now(who), keys[who])
		at := time.Now()
		round := crowd.Round(input.DIDs[who].String())
		took := time.Since(at)
		refreshes += round.Refreshes
		good := round.Calls == soak.Processes*soak.Goroutines && round.Refreshes == 1 && round.Failures() == 0
		// On a machine that has no time at all, the next token may end as well before everybody had an
		// answer, or be renewed ahead of time. Such a round is made again.
		if !good && took > tokenLife/2 && round.Failures() == round.Failed[string(latchkey.AccessEnded)] {
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
	used, alive := serverRecords(t, own)
	replays := len(sessions) - alive
	if replays != 0 || used != refreshes {
		t.Errorf("%d refreshes were sent; the server knows of %d, and of %d sessions", refreshes, used, alive)
	}
	soak.Figure(t, "%d processes x %d goroutines x %d expiries on a real server: refreshes sent %d, replays %d, failed calls %d of %d (%s, the longest round %s; %d too slow and made again)",
		soak.Processes, soak.Goroutines, expiries, all.Refreshes, replays, all.Failures(), all.Calls, time.Since(begun).Round(time.Second), longest.Round(time.Millisecond), slow)
	for who := range sessions {
		if _, err := server.protocol.Refresh(t.Context(), now(who), keys[who]); err != nil {
			t.Errorf("a session afterwards: %v", err)
		}
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
		if time.Now().After(session.AccessEnds.Add(10 * tokenLife)) {
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
	clients := map[string]*atclient.APIClient{}
	for _, did := range in.DIDs {
		if clients[did.String()], err = service.Client(ctx, did); err != nil {
			parent.Fail(err)
		}
	}
	parent.Attend(counted, func(whose string) error {
		var out struct{ DID string }
		if err := clients[whose].Get(ctx, "com.atproto.server.getSession", nil, &out); err != nil {
			return err
		}
		if out.DID != whose {
			return fmt.Errorf("the server saw %q", out.DID)
		}
		return nil
	}, func() error { return closeAll(ctx) })
}
