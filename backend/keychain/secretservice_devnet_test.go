//go:build devnet && linux

package keychain

import (
	"os/exec"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
)

func TestMain(m *testing.M) { devnet.Main(m) }

// A real Secret Service. One test, because locking it is the last thing that can be done to it.
func TestSecretService(t *testing.T) {
	k := New("com.example.latchkey.test")
	_, err := k.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	for _, id := range []string{"one", "two"} {
		if err := k.Set(t.Context(), id, keys); err != nil {
			t.Fatal(err)
		}
	}
	changed := keys
	changed.Sealing[0]++
	if err := k.Set(t.Context(), "two", changed); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]latchkey.Keys{"one": keys, "two": changed} {
		if got, err := New("com.example.latchkey.test").Get(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: got %v, %v", id, got, err)
		}
	}
	_, err = New("com.example.other").Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	for range 2 {
		if err := k.Delete(t.Context(), "two"); err != nil {
			t.Error(err)
		}
	}
	_, err = k.Get(t.Context(), "two")
	mustCode(t, err, latchkey.KeychainItemMissing)

	// hostile: 50
	lock(t)
	_, err = k.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainLocked)
	mustCode(t, k.Set(t.Context(), "three", keys), latchkey.KeychainLocked)
	mustCode(t, k.Delete(t.Context(), "one"), latchkey.KeychainLocked)
}

func lock(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "gdbus", "call", "--session", "--dest", "org.freedesktop.secrets",
		"--object-path", "/org/freedesktop/secrets", "--method", "org.freedesktop.Secret.Service.Lock",
		"['/org/freedesktop/secrets/collection/login']").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
