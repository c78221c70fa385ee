package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/keychain"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/sqlite"
)

// home is what the program keeps on the private desktop, seen with the program's own eyes.
type home struct {
	database string // path of the file
	store    *sqlite.DB
	keychain *keychain.Keychain
	http     *safehttp.Client
	protocol *oauth.Client
}

// openHome may be called once per process: the keychain's library remembers the first session bus.
func openHome(ctx context.Context, network *devnet.Network, desktop *devnet.Desktop) (*home, error) {
	err := errors.Join(
		os.Setenv("DBUS_SESSION_BUS_ADDRESS", desktop.BusAddress()),
		os.Setenv(config.Variable(config.NetworkFile), network.NetworkFile()),
	)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	// The paths of cfg are those of this process.
	paths := config.Paths{
		Data:  filepath.Join(desktop.DataHome(), cfg.Brand.ID),
		State: filepath.Join(desktop.StateHome(), cfg.Brand.ID),
	}
	store, err := sqlite.Open(ctx, paths.Database(), paths.Locks())
	if err != nil {
		return nil, err
	}
	client := safehttp.New(cfg.Network.Exceptions, "demo")
	return &home{database: paths.Database(), store: store, keychain: keychain.New(cfg.Brand.ID), http: client, protocol: oauth.New(client)}, nil
}

func (h *home) close() error {
	h.http.Close()
	return h.store.Close()
}

// current is the account that was used last.
func (h *home) current(ctx context.Context) (syntax.DID, error) {
	accounts, err := h.store.Accounts(ctx)
	if err != nil {
		return "", err
	}
	if len(accounts) == 0 {
		return "", errors.New("there is no account")
	}
	return accounts[0].DID, nil
}

// isEmpty waits until nothing is left of any session: the server is told of a sign-out in the background. That
// an account was used here may be known still, by its name.
func (h *home) isEmpty(ctx context.Context) error {
	return until(ctx, func() error {
		accounts, err := h.store.Accounts(ctx) // sessions hang on them
		if err == nil && len(accounts) > 0 {
			err = fmt.Errorf("%d accounts are left", len(accounts))
		}
		signIns, signInsErr := h.store.SignIns(ctx)
		if signInsErr == nil && len(signIns) > 0 {
			signInsErr = fmt.Errorf("%d sign-ins are left", len(signIns))
		}
		revocations, revocationsErr := h.store.Revocations(ctx)
		if revocationsErr == nil && len(revocations) > 0 {
			revocationsErr = fmt.Errorf("%d revocations are left", len(revocations))
		}
		return errors.Join(err, signInsErr, revocationsErr)
	})
}

// session is one session with its tokens, kept in memory after the program has forgotten it.
type session struct {
	latchkey.Session
	keys latchkey.Keys
	home *home
}

func (h *home) session(ctx context.Context, account string) (*session, error) {
	did, err := syntax.ParseDID(account)
	if err != nil {
		return nil, err
	}
	id, err := h.store.SessionID(ctx, did)
	if err != nil {
		return nil, err
	}
	keys, err := h.keychain.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	s, err := h.store.Session(ctx, id, keys)
	return &session{s, keys, h}, err
}

// isAlive asks the server whose session this is.
func (s *session) isAlive(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Server+"/xrpc/com.atproto.server.getSession", nil)
	if err != nil {
		return err
	}
	res, err := s.home.protocol.Do(ctx, s.Session, s.keys, req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers getSession with %s", res.Status)
	}
	return nil
}

// isDead waits until the server was told, and checks that it refuses both tokens.
func (s *session) isDead(ctx context.Context) error {
	err := until(ctx, func() error {
		err := s.isAlive(ctx)
		if err == nil {
			return errors.New("the server still takes the access token")
		}
		if latchkey.CodeOf(err) == latchkey.AccessEnded {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	// Not before: a refresh with a token that lives would make a new one.
	_, err = s.home.protocol.Refresh(ctx, s.Session, s.keys)
	if latchkey.CodeOf(err) != latchkey.SessionRejected {
		return fmt.Errorf("the refresh token was not refused: %w", err)
	}
	return nil
}

// keysAreGone checks the keychain, not the copy in memory.
func (s *session) keysAreGone(ctx context.Context) error {
	_, err := s.home.keychain.Get(ctx, s.ID)
	if latchkey.CodeOf(err) != latchkey.KeychainItemMissing {
		return fmt.Errorf("the keychain still has the session's item, or does not answer: %w", err)
	}
	return nil
}
