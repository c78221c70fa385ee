package keychain

import (
	"context"
	"errors"
	"testing"

	latchkey "latchkey/backend"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change    func(*Keychain, *faulty)
		want      latchkey.Code
		remembers bool
	}{
		"works":         {func(*Keychain, *faulty) {}, "", false},
		"not reachable": {func(k *Keychain, _ *faulty) { k.reachable = func() error { return errors.New("no bus") } }, latchkey.KeychainUnavailable, true},
		"none":          {func(k *Keychain, _ *faulty) { k.unlocked = func() error { return errNone } }, latchkey.KeychainUnavailable, true},
		"refuses":       {func(_ *Keychain, f *faulty) { f.failing(errors.New("nonsense")) }, latchkey.KeychainUnavailable, false},
		"panics":        {func(_ *Keychain, f *faulty) { f.OnGet = func() (string, error) { panic("canary") } }, latchkey.KeychainUnavailable, false},
		"silent": {func(k *Keychain, f *faulty) {
			k.impatient()
			never := make(chan struct{})
			t.Cleanup(func() { close(never) })
			f.OnGet = func() (string, error) { <-never; return "", errHonest }
		}, latchkey.KeychainUnanswered, false},
	} {
		k, f := newKeychain()
		k.KeepInMemory = true
		c.change(k, f)
		err := k.Probe(t.Context())
		if got := latchkey.CodeOf(err); got != c.want {
			t.Errorf("%s: got %v, want the code %q", name, err, c.want)
		}
		if k.Remembers(err) != c.remembers {
			t.Errorf("%s: remembers: %v", name, k.Remembers(err))
		}
		if len(f.all()) != 0 {
			t.Errorf("%s: it stored something", name)
		}
		k.KeepInMemory = false
		if k.Remembers(err) {
			t.Errorf("%s: remembers although it may not", name)
		}
	}
}

// A locked keychain is not asked: it would ask the person.
func TestProbeAsksNobody(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.unlocked = func() error { return errors.New("failed to unlock correct collection '/x'") }
	f.OnGet = func() (string, error) { t.Error("it was asked"); return "", errHonest }
	mustCode(t, k.Probe(t.Context()), latchkey.KeychainLocked)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	k.turn <- struct{}{}
	mustCode(t, k.Probe(ended), latchkey.Cancelled)
}
