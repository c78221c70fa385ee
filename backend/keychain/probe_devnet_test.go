//go:build devnet && linux

package keychain

import (
	"testing"

	latchkey "latchkey/backend"
)

// The real questions over D-Bus. Not parallel: go-keyring has one connection for the whole process.
func TestProbeOfTheSecretService(t *testing.T) {
	startBus(t, "", 0)
	k := on(later)
	mustCode(t, k.Probe(t.Context()), latchkey.KeychainUnavailable)
	if name := k.Name(); name != "" {
		t.Errorf("nobody is called %q", name)
	}
	service := startService(t)
	must(t, k.Probe(t.Context()))
	if name := k.Name(); name != "Secret Service" {
		t.Errorf("it is called %q", name)
	}
	// hostile: 50
	service.set(func() { service.Locked, service.OnPrompt = true, dismiss })
	mustCode(t, k.Probe(t.Context()), latchkey.KeychainLocked)
	service.set(func() { service.Locked, service.Absent = false, true })
	mustCode(t, on(later).Probe(t.Context()), latchkey.KeychainUnavailable)
	if n := len(service.Prompts); n != 0 || len(service.stored()) != 0 {
		t.Errorf("%d prompts, stored %v", n, service.stored())
	}
}
