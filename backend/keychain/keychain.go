// Package keychain keeps the keys of sessions in the operating system's keychain: the Secret Service
// on Linux, the Keychain on macOS, the Credential Manager on Windows, all through go-keyring.
//
// A keychain is a program that may ask the person something, and may never answer. So there is one
// call at a time, in a goroutine of its own, with a deadline; what was stored is read back, because
// a dismissed prompt can look like success (observed with GNOME Keyring); and a panic in the D-Bus
// code, which happens when the bus goes away during a prompt (observed), becomes an error.
package keychain

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

// Keychain implements [latchkey.Keychain].
type Keychain struct {
	service   string
	turn      chan struct{} // holds one token; whoever has it may talk to the keychain
	patience  time.Duration
	provider  provider
	reachable func() error
}

// provider is the part of go-keyring that is used. Tests put a faulty one in its place.
type provider interface {
	Get(service, id string) (string, error)
	Set(service, id, text string) error
	Delete(service, id string) error
}

// system is the keychain of the operating system.
type system struct{}

func (system) Get(service, id string) (string, error) { return keyring.Get(service, id) }
func (system) Set(service, id, text string) error     { return keyring.Set(service, id, text) }
func (system) Delete(service, id string) error        { return keyring.Delete(service, id) }

var _ latchkey.Keychain = (*Keychain)(nil)

// patience is how long a call may take, prompts included.
const patience = 10 * time.Second

// New makes a keychain whose items are filed under service.
func New(service string) *Keychain {
	return &Keychain{service: service, turn: make(chan struct{}, 1), patience: patience, provider: system{}, reachable: reachable}
}

// item is what is stored, as JSON: some 150 bytes.
type item struct {
	DPoP    string `json:"dpop"`
	Sealing string `json:"sealing"` // base64
}

// Get implements [latchkey.Keychain].
func (k *Keychain) Get(ctx context.Context, id string) (latchkey.Keys, error) {
	text, err := k.call(ctx, func() (string, error) { return k.provider.Get(k.service, id) }, nil)
	if err != nil {
		return latchkey.Keys{}, err
	}
	var i item
	keys := latchkey.Keys{}
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemMissing, errors.New("the item is not one of ours"))
	}
	sealing, err := base64.RawStdEncoding.DecodeString(i.Sealing)
	if err != nil || len(sealing) != len(keys.Sealing) || i.DPoP == "" {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemMissing, errors.New("the item is not whole"))
	}
	keys.DPoP = latchkey.Secret(i.DPoP)
	copy(keys.Sealing[:], sealing)
	return keys, nil
}

// Set implements [latchkey.Keychain].
func (k *Keychain) Set(ctx context.Context, id string, keys latchkey.Keys) error {
	text, err := json.Marshal(item{DPoP: string(keys.DPoP), Sealing: base64.RawStdEncoding.EncodeToString(keys.Sealing[:])})
	if err != nil {
		return latchkey.NewError(latchkey.Internal, err)
	}
	back, err := k.call(ctx, func() (string, error) {
		if err := k.provider.Set(k.service, id, string(text)); err != nil {
			return "", err
		}
		return k.provider.Get(k.service, id)
	}, func() {
		// The person answered the prompt after we had given up: nobody knows of this item.
		_ = k.provider.Delete(k.service, id)
	})
	if latchkey.CodeOf(err) == latchkey.KeychainItemMissing || (err == nil && back != string(text)) {
		return latchkey.NewError(latchkey.KeychainLocked, errors.New("the item was not there when read back"))
	}
	return err
}

// Delete implements [latchkey.Keychain].
func (k *Keychain) Delete(ctx context.Context, id string) error {
	_, err := k.call(ctx, func() (string, error) { return "", k.provider.Delete(k.service, id) }, nil)
	if latchkey.CodeOf(err) == latchkey.KeychainItemMissing {
		return nil
	}
	return err
}

// InMemory implements [latchkey.Keychain].
func (k *Keychain) InMemory(string) bool { return false }

// call runs f with a deadline. When it ends too late and without an error, undo runs.
func (k *Keychain) call(ctx context.Context, f func() (string, error), undo func()) (string, error) {
	if err := k.reachable(); err != nil {
		return "", latchkey.NewError(latchkey.KeychainUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, k.patience)
	defer cancel()
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return "", unanswered(ctx)
	}
	type result struct {
		text string
		err  error
	}
	done := make(chan result) // without room: handing over a result proves that somebody took it
	// The goroutine holds the turn and ends when the keychain answers. Nothing can interrupt a
	// call to a keychain; later calls wait for the turn and run into their own deadlines.
	go func() {
		defer func() { <-k.turn }()
		text, err := protect(f)
		select {
		case done <- result{text, err}:
		case <-ctx.Done():
			if err == nil && undo != nil {
				_, _ = protect(func() (string, error) { undo(); return "", nil })
			}
		}
	}()
	select {
	case r := <-done:
		return r.text, failed(r.err)
	case <-ctx.Done():
		return "", unanswered(ctx)
	}
}

func unanswered(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return latchkey.NewError(latchkey.Cancelled, ctx.Err())
	}
	return latchkey.NewError(latchkey.KeychainLocked, errors.New("the keychain did not answer in time"))
}

func protect(f func() (string, error)) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			// The value of a panic may hold anything; its type tells enough.
			text, err = "", fmt.Errorf("the keychain's client panicked with a %T", r)
		}
	}()
	return f()
}

// failed gives an error of go-keyring its code. Most of its errors are plain texts (observed).
func failed(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return latchkey.NewError(latchkey.KeychainItemMissing, err)
	case strings.Contains(err.Error(), "failed to unlock correct collection") && !strings.Contains(err.Error(), "/aliases/"):
		return latchkey.NewError(latchkey.KeychainLocked, err)
	}
	return latchkey.NewError(latchkey.KeychainUnavailable, err)
}
