package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
)

const (
	// confirmEvery is how often, while an account is used, the directory is asked whether it still
	// lives where it did and has the handle that it had.
	confirmEvery = time.Hour
	// confirmPause is how often it is asked as long as it does not answer.
	confirmPause = time.Minute
	// confirmTime bounds one such question, the wait for the session's lock included.
	confirmTime = 20 * time.Second
	// goneMost is how much of a refusal is read, in bytes, to see whether it says that the account left.
	goneMost = 4 << 10
)

// gone are the errors with which a PDS refuses calls for the account that makes them (the first observed
// after a move). Those that may be about somebody else's account are not among them.
var gone = []string{"AccountDeactivated", "AccountNotFound"}

// saysGone reads whether a refusal says that the account is not there any more. The body can be read
// again afterwards.
func saysGone(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
	default:
		return false
	}
	head, err := io.ReadAll(io.LimitReader(res.Body, goneMost))
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}
	if err != nil {
		return false
	}
	var refusal struct {
		Error string `json:"error"`
	}
	return json.Unmarshal(head, &refusal) == nil && slices.Contains(gone, refusal.Error)
}

// confirmSoon asks the directory in the background when it was not asked for a while.
func (s *Service) confirmSoon(did syntax.DID) {
	s.mu.Lock()
	last, asked := s.checked[did]
	recent := asked && time.Since(last) < confirmPause
	if !recent {
		s.checked[did] = time.Now()
	}
	s.mu.Unlock()
	if recent {
		return
	}
	s.spawn(func(ctx context.Context) {
		account, err := s.Store.Account(ctx, did)
		if age := time.Since(account.Confirmed); err != nil || (age > 0 && age < confirmEvery) {
			return
		}
		if err := s.confirm(ctx, did); err != nil {
			s.Log.Info("an account was not confirmed", "reason", err)
		}
	})
}

// confirm asks the directory where an account lives now, and what its handle is. An account that
// moved to another server keeps everything but its session; the error has the code AccountMoved then.
// A directory that does not answer changes nothing.
func (s *Service) confirm(ctx context.Context, did syntax.DID) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	identity, err := s.Directory.Lookup(ctx, did.AtIdentifier())
	if err != nil {
		s.Log.Info("the directory did not tell where an account lives", "reason", err)
		return nil
	}
	unlock, err := s.lockSession(ctx, did)
	if err != nil {
		return err
	}
	defer unlock()
	account, err := s.Store.Account(ctx, did)
	if err != nil {
		return err
	}
	if why := account.Why(); why != nil {
		return why // somebody else found out first
	}
	account.Confirmed = time.Now()
	if identity.Handle != "" {
		// One that could not be confirmed just now stays: names fail for many reasons.
		account.Handle = identity.Handle
	}
	if identity.Server == account.Server {
		err := s.Store.SaveAccount(ctx, account)
		s.announce()
		return err
	}
	account.Server = identity.Server
	return s.endSession(ctx, account, latchkey.AccountMoved)
}
