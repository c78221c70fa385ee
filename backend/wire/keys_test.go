package wire

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/sqlite"
)

// newConfig is an installation with nothing in it, on a computer without a keychain.
func newConfig(t *testing.T) config.Config {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	t.Setenv(config.Variable(config.PassphraseFile), "")
	cfg, err := config.Load()
	must(t, err)
	cfg.Brand.ID = "com.example.latchkey.wire"
	cfg.Paths = config.Paths{Data: filepath.Join(dir, "data"), State: filepath.Join(dir, "state")}
	return cfg
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustCode(t *testing.T, err error, want latchkey.Code) {
	t.Helper()
	if got := latchkey.CodeOf(err); got != want {
		t.Errorf("got %v, want the code %q", err, want)
	}
}

func answer(passphrase latchkey.Secret) Options {
	return Options{Passphrase: func(context.Context) (latchkey.Secret, error) { return passphrase, nil }}
}

// notAVault puts a file in the vault's place that no passphrase opens.
func notAVault(t *testing.T, cfg config.Config) {
	t.Helper()
	must(t, os.MkdirAll(cfg.Paths.Data, 0o700))
	must(t, os.WriteFile(cfg.Paths.Vault(), []byte("my diary"), 0o600))
}

// Without a file the keychain is asked, with one the vault, from the moment that it is there.
func TestKeysArePickedByTheFile(t *testing.T) { // not parallel: it sets the environment
	if runtime.GOOS != "linux" {
		t.Log("only on Linux a computer has no keychain")
		return
	}
	for _, inMemory := range []bool{false, true} {
		cfg := newConfig(t)
		options := answer("any passphrase at all")
		options.KeepKeysInMemory = inMemory
		k := newKeys(cfg, options)
		item := latchkey.Keys{DPoP: "z42"}
		want := latchkey.KeychainUnavailable
		if inMemory {
			want = ""
		}
		mustCode(t, k.Set(t.Context(), "one", item), want)
		if k.InMemory("one") != inMemory {
			t.Errorf("in memory: %v", k.InMemory("one"))
		}
		notAVault(t, cfg)
		mustCode(t, k.Set(t.Context(), "two", item), latchkey.VaultDamaged)
		_, err := k.Get(t.Context(), "two")
		mustCode(t, err, latchkey.VaultDamaged)
		mustCode(t, k.Delete(t.Context(), "two"), latchkey.VaultDamaged)
		if k.InMemory("two") {
			t.Error("an item of the vault is in memory")
		}
		if inMemory { // what was there before stays usable
			if got, err := k.Get(t.Context(), "one"); err != nil || got != item || !k.InMemory("one") {
				t.Errorf("got %v, %v", got, err)
			}
			must(t, k.Delete(t.Context(), "one"))
		}
		must(t, os.Remove(cfg.Paths.Vault()))
		mustCode(t, k.Set(t.Context(), "three", item), want)
	}
}

func TestVaultRefusals(t *testing.T) { // not parallel: it sets the environment
	const (
		did  = syntax.DID("did:plc:ewvi7nxzyoun6zhxrhs64oiz")
		good = "four words of mine"
	)
	keys := latchkey.Keys{DPoP: "z42"}
	request := latchkey.AuthorizationRequest{ID: "one", State: "state", Deadline: time.Now().Add(time.Hour)}
	account := latchkey.Account{DID: did, Server: "https://pds.example.com", Status: latchkey.Active}
	session := latchkey.Session{ID: "one", DID: did, Server: account.Server}
	waiting := func(s *sqlite.DB) error { return s.AddSignIn(t.Context(), request, keys) }
	stale := func(s *sqlite.DB) error {
		old := request
		old.Deadline = time.Now().Add(-time.Minute)
		return s.AddSignIn(t.Context(), old, keys)
	}
	signedIn := func(s *sqlite.DB) error {
		_, err := s.ConsumeSignIn(t.Context(), "one", keys)
		return errors.Join(err, s.SaveSession(t.Context(), account, session, keys))
	}
	signedOut := func(s *sqlite.DB) error { return s.RemoveAccount(t.Context(), did) }
	needsSignIn := func(s *sqlite.DB) error {
		ended := account
		ended.Status, ended.Reason = latchkey.NeedsSignIn, latchkey.SessionRejected
		return s.EndSession(t.Context(), ended)
	}
	type steps = []func(*sqlite.DB) error
	for name, c := range map[string]struct {
		steps
		passphrase     latchkey.Secret
		create, remove latchkey.Code // what they answer, with a file there for remove
	}{
		"nobody":               {nil, "short", latchkey.PassphraseWeak, ""},
		"a sign-in waits":      {steps{waiting}, good, latchkey.SignInInProgress, latchkey.SignInInProgress},
		"a sign-in was left":   {steps{stale}, "short", latchkey.PassphraseWeak, ""},
		"signed in":            {steps{waiting, signedIn}, good, latchkey.VaultInUse, latchkey.VaultInUse},
		"signed out":           {steps{waiting, signedIn, signedOut}, "short", latchkey.PassphraseWeak, ""},
		"has to sign in again": {steps{waiting, signedIn, needsSignIn}, "short", latchkey.PassphraseWeak, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := newConfig(t)
			store, err := sqlite.Open(t.Context(), cfg.Paths.Database(), cfg.Paths.Locks())
			must(t, err)
			for _, step := range c.steps {
				must(t, step(store))
			}
			must(t, store.Close())
			_, err = RemoveVault(t.Context(), cfg, Options{})
			mustCode(t, err, latchkey.VaultMissing)
			path, err := CreateVault(t.Context(), cfg, answer(c.passphrase))
			mustCode(t, err, c.create)
			if _, err := os.Lstat(cfg.Paths.Vault()); err == nil || path != cfg.Paths.Vault() {
				t.Errorf("a file was made, or the path is %q", path)
			}
			notAVault(t, cfg)
			_, err = CreateVault(t.Context(), cfg, answer(good))
			mustCode(t, err, latchkey.VaultExists)
			_, err = RemoveVault(t.Context(), cfg, Options{})
			mustCode(t, err, c.remove)
			if _, err := os.Lstat(cfg.Paths.Vault()); (err == nil) != (c.remove != "") {
				t.Errorf("after removing with %q: %v", c.remove, err)
			}
		})
	}
}

func TestPassphraseFile(t *testing.T) { // not parallel: it sets the environment
	cfg := newConfig(t)
	dir := t.TempDir()
	file := func(content string, mode os.FileMode) string {
		path := filepath.Join(dir, "passphrase")
		_ = os.Remove(path)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		must(t, os.Chmod(path, mode))
		return path
	}
	for content, want := range map[string]latchkey.Secret{
		"four words of mine\n":      "four words of mine",
		"four words of mine":        "four words of mine",
		"four words\r\nand more\n":  "four words",
		" spaces belong to it \n\n": " spaces belong to it ",
		"äöü äöü äöü äöü\n":         "äöü äöü äöü äöü",
	} {
		for _, mode := range []os.FileMode{0o600, 0o400} {
			if got, err := readPassphrase("FILE", file(content, mode)); err != nil || got != want {
				t.Errorf("%q: %q, %v", content, string(got), err)
			}
		}
	}
	refused := map[string]func() string{
		"empty":         func() string { return file("", 0o600) },
		"empty line":    func() string { return file("\ncanary-secret\n", 0o600) },
		"not there":     func() string { return filepath.Join(dir, "nowhere") },
		"a folder":      func() string { return dir },
		"for the group": func() string { return file("canary-secret", 0o640) },
		"for others":    func() string { return file("canary-secret", 0o604) },
		"others write":  func() string { return file("canary-secret", 0o602) },
	}
	for name, path := range refused {
		if runtime.GOOS == "windows" && strings.Contains(name, " ") {
			continue // it has no modes
		}
		t.Setenv(config.Variable(config.PassphraseFile), path())
		// The variable counts more than whoever could be asked.
		_, err := CreateVault(t.Context(), cfg, answer("four words of mine"))
		mustCode(t, err, latchkey.VaultLocked)
		var reason *config.Error
		if !errors.As(err, &reason) || reason.Key != config.Variable(config.PassphraseFile) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Setenv(config.Variable(config.PassphraseFile), file("short", 0o600))
	_, err := CreateVault(t.Context(), cfg, answer("four words of mine"))
	mustCode(t, err, latchkey.PassphraseWeak)
}
