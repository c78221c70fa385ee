package auth

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// followEvery is how often the store is asked whether another process changed it.
	followEvery = 500 * time.Millisecond
	// checkTime bounds one look whether a server answers.
	checkTime = 20 * time.Second
	// A server that does not answer is asked again after firstPause, and then ever more rarely.
	firstPause, longestPause = 2 * time.Second, time.Minute
)

// outage is a server that does not answer, or has no time.
type outage struct {
	pause time.Duration // between this look and the next
	next  time.Time
}

// Follow watches until ctx ends or the service is closed: what other processes change is told to the
// subscribers, and servers that did not answer are asked again. It is for programs that stay; one that
// ends after a command has no need of it. Nothing is refreshed while nobody makes a call.
func (s *Service) Follow(ctx context.Context) {
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	var last int64
	told := false // whether the faces know what was there at last
	for {
		version, err := s.Store.Version(ctx)
		switch {
		case err != nil:
			told = false // versions can be compared only as long as they are answered
		case !told || version != last:
			last, told = version, s.announce()
		}
		for _, did := range s.dueOutages(time.Now()) {
			s.spawn(func(ctx context.Context) { s.Check(ctx, did) })
		}
		select {
		case <-ticks.C:
		case <-s.closing:
			return
		case <-ctx.Done():
			return
		}
	}
}

// dueOutages are the accounts whose servers are to be asked again now.
func (s *Service) dueOutages(now time.Time) []syntax.DID {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []syntax.DID
	for did, o := range s.offline {
		// A next look far in the future is one of before the clock was set back.
		if wait := o.next.Sub(now); wait <= 0 || wait > 2*longestPause {
			o.pause = min(2*o.pause, longestPause)
			o.next = now.Add(checkTime + o.pause) // heard sets it anew when the look is over
			due = append(due, did)
		}
	}
	return due
}

// Check asks an account's server whose session it sees. It renews the session where the server wants
// it renewed, and learns whether the account can be used; the accounts tell what came of it.
func (s *Service) Check(ctx context.Context, did syntax.DID) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	account, err := s.Store.Account(ctx, did)
	if err != nil || account.Status != latchkey.Active {
		s.heard(did, nil) // there is nothing to wait for any more
		return
	}
	s.meetSoon(account)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, account.Server+"/xrpc/com.atproto.server.getSession", nil)
	if err != nil {
		return
	}
	res, err := s.do(ctx, did, req)
	if err != nil {
		s.Log.Info("an account was not checked", "reason", err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	// A server that an account moved away from may go on renewing its session (observed); here it
	// says that it has the account no more.
	var body struct {
		Active *bool `json:"active"`
	}
	if res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(&body) == nil && body.Active != nil && !*body.Active {
		if err := s.confirm(ctx, did); err != nil {
			s.Log.Info("an account can't be used", "reason", err)
		}
	}
}

// heard keeps in mind whether an account's server answers.
func (s *Service) heard(did syntax.DID, err error) {
	silent := false
	switch latchkey.CodeOf(err) {
	case "", latchkey.AccessEnded, latchkey.ServerBusy, latchkey.SessionRejected, latchkey.SessionExpired, latchkey.AccountMoved:
	case latchkey.ServerUnreachable:
		silent = true
	default:
		return // says nothing about the server
	}
	s.mu.Lock()
	o, before := s.offline[did], s.offline[did] != nil
	switch {
	case silent && before:
		o.next = time.Now().Add(o.pause)
	case silent:
		s.offline[did] = &outage{pause: firstPause, next: time.Now().Add(firstPause)}
	default:
		delete(s.offline, did)
	}
	s.mu.Unlock()
	if silent != before {
		s.announce()
	}
}
