// Package keychain keeps the keys of sessions in the operating system's keychain: the Secret Service
// on Linux, the Keychain on macOS, the Credential Manager on Windows, all through go-keyring.
//
// A keychain is a program that may ask the person something, and may never answer. So there is one
// call at a time, in a goroutine of its own, with a deadline; what was stored is read back, because
// a dismissed prompt can look like success (observed with GNOME Keyring); and a panic in the D-Bus
// code, which happens when the bus goes away during a prompt (observed), becomes an error.
//
// Each way to fail has its own code (see fault.go), because each has its own way out. Where there is
// no keychain at all, and only there, a program that lives on may keep its keys in memory.
package keychain

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

// Keychain implements [latchkey.Keychain]. It is made with [New].
type Keychain struct {
	// KeepInMemory lets Set keep an item in this process when the computer has no keychain. It is
	// for programs that people leave open: the item ends with the process. Whether that happened is
	// what InMemory tells. A keychain that was there once, whatever it said, is never replaced.
	KeepInMemory bool

	service   string
	user      string        // who we are to the operating system; empty where that is not known
	turn      chan struct{} // holds one token; whoever has it may talk to the keychain
	patience  time.Duration
	provider  provider
	reachable func() error
	// collection answers errNone when the keychain has nothing that could be unlocked.
	collection func() error
	// unlocked answers an error where an item can't be looked for without a question to the person.
	unlocked func() error

	mu     sync.Mutex
	memory map[string]latchkey.Keys
	seen   bool // a keychain has answered, or was waited for
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
	return &Keychain{
		service: service, user: currentUser(), turn: make(chan struct{}, 1), patience: patience,
		provider: system{}, reachable: reachable, collection: collection, unlocked: unlocked,
		memory: map[string]latchkey.Keys{},
	}
}

// Get implements [latchkey.Keychain].
func (k *Keychain) Get(ctx context.Context, id string) (latchkey.Keys, error) {
	if keys, ok := k.remembered(id); ok {
		return keys, nil
	}
	text, err := k.call(ctx, func() (string, error) { return k.provider.Get(k.service, id) }, nil)
	if err != nil {
		return latchkey.Keys{}, err
	}
	return parse(text, k.user)
}

// Set implements [latchkey.Keychain].
func (k *Keychain) Set(ctx context.Context, id string, keys latchkey.Keys) error {
	text, err := format(keys, k.user)
	if err != nil {
		return latchkey.NewError(latchkey.Internal, err)
	}
	switch err := k.put(ctx, id, text); {
	case errors.Is(err, errNone) && k.remember(id, keys):
		return nil
	case err != nil:
		return err
	}
	k.forget(id)
	return nil
}

// put stores an item and reads it back.
func (k *Keychain) put(ctx context.Context, id, text string) error {
	back, err := k.call(ctx, func() (string, error) {
		if err := k.provider.Set(k.service, id, text); err != nil {
			return "", err
		}
		return k.provider.Get(k.service, id)
	}, func() {
		// The person answered the prompt after we had given up: nobody knows of this item.
		_ = k.provider.Delete(k.service, id)
	})
	if latchkey.CodeOf(err) == latchkey.KeychainItemMissing || err == nil && back != text {
		return latchkey.NewError(latchkey.KeychainDismissed, errors.New("the item was not there when read back"))
	}
	return err
}

// Delete implements [latchkey.Keychain].
func (k *Keychain) Delete(ctx context.Context, id string) error {
	if k.forget(id) {
		return nil
	}
	_, err := k.call(ctx, func() (string, error) { return "", k.provider.Delete(k.service, id) }, nil)
	if latchkey.CodeOf(err) == latchkey.KeychainItemMissing {
		return nil
	}
	return err
}

// InMemory implements [latchkey.Keychain].
func (k *Keychain) InMemory(id string) bool {
	_, ok := k.remembered(id)
	return ok
}

// remember keeps an item in this process, where that is wanted and there was never a keychain.
func (k *Keychain) remember(id string, keys latchkey.Keys) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.KeepInMemory || k.seen {
		return false
	}
	k.memory[id] = keys
	return true
}

func (k *Keychain) remembered(id string) (latchkey.Keys, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys, ok := k.memory[id]
	return keys, ok
}

func (k *Keychain) forget(id string) (wasThere bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, wasThere = k.memory[id]
	delete(k.memory, id)
	return wasThere
}

func (k *Keychain) saw() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = true
}

// call runs f with a deadline. When it ends too late and without an error, undo runs.
func (k *Keychain) call(ctx context.Context, f func() (string, error), undo func()) (string, error) {
	if err := k.reachable(); err != nil {
		return "", none(err)
	}
	ctx, cancel := context.WithTimeout(ctx, k.patience)
	defer cancel()
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return "", k.unanswered(ctx)
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
		fault := k.explain(err)
		if !errors.Is(fault, errNone) {
			k.saw()
		}
		select {
		case done <- result{text, fault}:
		case <-ctx.Done():
			if err == nil && undo != nil {
				_, _ = protect(func() (string, error) { undo(); return "", nil })
			}
		}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", k.unanswered(ctx)
	}
}

func (k *Keychain) unanswered(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return latchkey.NewError(latchkey.Cancelled, ctx.Err())
	}
	k.saw() // whoever keeps us waiting is there
	return latchkey.NewError(latchkey.KeychainUnanswered, errors.New("the keychain did not answer in time"))
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
