//go:build devnet && !race

package wire_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// Somebody on a server without a keychain makes a vault, signs in, comes back and signs out, with
// everything real and the keychain untouched. Not under the race detector: it makes scrypt slower
// than the deadlines of the service allow for.
func TestSignInWithVault(t *testing.T) { // not parallel: it sets the environment
	path := t.TempDir() + "/passphrase"
	if err := os.WriteFile(path, []byte("four words of mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(config.PassphraseFile, path)
	h := newHouse(t)
	h.shut()
	if _, err := wire.CreateVault(t.Context(), h.config, wire.Options{}); err != nil {
		t.Fatal(err)
	}
	h.open()
	account := h.mustSignIn("alice.test", as(alice()))
	id, err := h.store().SessionID(t.Context(), account.DID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.keychain().Get(t.Context(), id); latchkey.CodeOf(err) != latchkey.KeychainItemMissing {
		t.Errorf("the keychain: %v", err)
	}
	h.shut()
	h.open()
	if did, err := h.getSession(account); err != nil || did != account.DID.String() {
		t.Errorf("after a restart: %q, %v", did, err)
	}
	before, err := os.ReadFile(h.config.Paths.Vault())
	if err != nil {
		t.Fatal(err)
	}
	_, err = wire.RemoveVault(t.Context(), h.config, wire.Options{})
	wantCode(t, err, latchkey.VaultInUse)
	h.shut()

	// With the wrong passphrase nobody is signed out.
	t.Setenv(config.PassphraseFile, "")
	service, closeAll, err := wire.New(t.Context(), h.config, wire.Options{NoBrowser: true, Passphrase: func(context.Context) (latchkey.Secret, error) { return "four words of yours", nil }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = service.Client(t.Context(), account.DID)
	if now, findErr := service.Whoami(t.Context()); latchkey.CodeOf(err) != latchkey.VaultLocked || findErr != nil || now.Status != latchkey.Active {
		t.Errorf("%v; %+v, %v", err, now, findErr)
	}
	if err := closeAll(t.Context()); err != nil {
		t.Error(err)
	}
	if after, err := os.ReadFile(h.config.Paths.Vault()); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}

	t.Setenv(config.PassphraseFile, path)
	h.open()
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	h.shut() // waits until the server was told
	if _, err := wire.RemoveVault(t.Context(), h.config, wire.Options{}); err != nil {
		t.Error(err)
	}
}
