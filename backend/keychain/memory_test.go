package keychain

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

var errNoBus = errors.New("no session bus")

// without is a keychain that is not there, for a program that may keep its keys in memory.
func without() (*Keychain, *faulty) {
	k, f := newKeychain()
	k.KeepInMemory, k.reachable = true, func() error { return errNoBus }
	return k, f
}

// hostile: 49
func TestMemory(t *testing.T) {
	t.Parallel()
	k, f := without()
	must(t, k.Set(t.Context(), "one", keys))
	if !k.InMemory("one") || k.InMemory("two") {
		t.Errorf("in memory: one %v, two %v", k.InMemory("one"), k.InMemory("two"))
	}
	if got, err := k.Get(t.Context(), "one"); err != nil || got != keys {
		t.Errorf("got %v, %v", got, err)
	}
	_, err := k.Get(t.Context(), "two")
	mustCode(t, err, latchkey.KeychainUnavailable)
	mustCode(t, k.Delete(t.Context(), "two"), latchkey.KeychainUnavailable)
	must(t, k.Delete(t.Context(), "one"))
	if k.InMemory("one") {
		t.Error("still there after it was deleted")
	}
	if f.most.Load() != 0 || len(f.all()) != 0 {
		t.Error("the keychain was asked")
	}
}

// Whoever did not ask for it gets an error, not a session that ends with the command.
// hostile: 49
func TestMemoryIsAChoice(t *testing.T) {
	t.Parallel()
	k, _ := without()
	k.KeepInMemory = false
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainUnavailable)
	if k.InMemory("one") {
		t.Error("the item is kept in memory")
	}
}

// A keychain that was there once is not replaced, whatever it said and wherever it went.
// hostile: 49
func TestMemoryOnlyWithoutAnyKeychain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrange func(*Keychain, *faulty)
		first   latchkey.Code
	}{
		"works":           {func(*Keychain, *faulty) {}, ""},
		"has nothing":     {func(_ *Keychain, f *faulty) { f.failing(keyring.ErrNotFound) }, latchkey.KeychainDismissed},
		"locked":          {func(_ *Keychain, f *faulty) { f.failing(errors.New("failed to unlock correct collection '/x'")) }, latchkey.KeychainLocked},
		"dismissed":       {func(_ *Keychain, f *faulty) { f.OnSet = func() error { return nil } }, latchkey.KeychainDismissed},
		"panics":          {func(_ *Keychain, f *faulty) { f.OnSet = func() error { panic("x") } }, latchkey.KeychainUnavailable},
		"says odd things": {func(_ *Keychain, f *faulty) { f.failing(errors.New("odd")) }, latchkey.KeychainUnavailable},
		"unanswered": {func(k *Keychain, f *faulty) {
			k.impatient()
			f.OnSet = func() error { <-t.Context().Done(); return nil }
		}, latchkey.KeychainUnanswered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, f := newKeychain()
			k.KeepInMemory = true
			c.arrange(k, f)
			mustCode(t, k.Set(t.Context(), "one", keys), c.first)
			k.reachable = func() error { return errNoBus }
			mustCode(t, k.Set(t.Context(), "two", keys), latchkey.KeychainUnavailable)
			if k.InMemory("one") || k.InMemory("two") {
				t.Error("an item is kept in memory")
			}
		})
	}
}

// A keychain that comes later gets what is stored later; what is in memory stays usable.
// hostile: 49
func TestKeychainComesLater(t *testing.T) {
	t.Parallel()
	k, f := without()
	must(t, k.Set(t.Context(), "one", keys))
	must(t, k.Set(t.Context(), "two", keys))
	k.reachable = func() error { return nil }
	changed := keys
	changed.Sealing[0]++
	must(t, k.Set(t.Context(), "two", changed))
	must(t, k.Set(t.Context(), "three", keys))
	for id, want := range map[string]latchkey.Keys{"one": keys, "two": changed, "three": keys} {
		if got, err := k.Get(t.Context(), id); err != nil || got != want || k.InMemory(id) != (id == "one") {
			t.Errorf("%s: %v, %v, in memory %v", id, got, err, k.InMemory(id))
		}
	}
	if len(f.all()) != 2 {
		t.Errorf("%d items in the keychain", len(f.all()))
	}
	k.reachable = func() error { return errNoBus }
	mustCode(t, k.Set(t.Context(), "four", keys), latchkey.KeychainUnavailable)
}

// Somebody who gave up has stored nothing, in memory neither.
func TestGivenUpIsNotRemembered(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.KeepInMemory, k.patience = true, time.Minute
	letGo := make(chan struct{})
	defer close(letGo)
	f.OnSet = func() error { <-letGo; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	mustCode(t, k.Set(ctx, "one", keys), latchkey.Cancelled)
	if k.InMemory("one") {
		t.Error("the item is kept in memory")
	}
}
