package keychain

import (
	"errors"
	"testing"

	latchkey "latchkey/backend"
)

func TestText(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.KeepInMemory = true
	_, err := k.Text(t.Context(), "client-key")
	mustCode(t, err, latchkey.KeychainItemMissing)
	if err := k.SetText(t.Context(), "client-key", "canary"); err != nil {
		t.Fatal(err)
	}
	for _, read := range []func() (latchkey.Secret, error){
		func() (latchkey.Secret, error) { return k.Text(t.Context(), "client-key") },
		func() (latchkey.Secret, error) { return k.ProbeText(t.Context(), "client-key") },
	} {
		if text, err := read(); err != nil || text != "canary" {
			t.Errorf("got %q, %v", string(text), err)
		}
	}
	// A locked keychain is not asked by a probe.
	k.unlocked = func() error { return errors.New("failed to unlock correct collection '/x'") }
	_, err = k.ProbeText(t.Context(), "client-key")
	mustCode(t, err, latchkey.KeychainLocked)
	// What was not kept is said, and never kept in memory.
	f.OnSet = func() error { return nil }
	mustCode(t, k.SetText(t.Context(), "other", "canary"), latchkey.KeychainDismissed)
	none, _ := newKeychain()
	none.KeepInMemory, none.reachable = true, func() error { return errors.New("no bus") }
	mustCode(t, none.SetText(t.Context(), "client-key", "canary"), latchkey.KeychainUnavailable)
	_, err = none.Text(t.Context(), "client-key")
	mustCode(t, err, latchkey.KeychainUnavailable)
}
