package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/sqlite"
	"latchkey/backend/vault"
)

// CreateVault makes the file that keeps keys under a passphrase from then on, and answers its path.
// It refuses while somebody is signed in, because their keys are elsewhere: the codes are VaultInUse,
// SignInInProgress, VaultExists, PassphraseWeak, and those of package vault.
func CreateVault(ctx context.Context, cfg config.Config, options Options) (path string, err error) {
	v := newVault(cfg, options)
	defer v.Close()
	if !v.Exists() { // or Create says that there is one already
		err = nobodySignedIn(ctx, cfg)
	}
	if err == nil {
		err = v.Create(ctx)
	}
	return v.Path(), err
}

// RemoveVault deletes that file, and answers where it was. It refuses while somebody is signed in,
// because their keys are in it.
func RemoveVault(ctx context.Context, cfg config.Config, options Options) (path string, err error) {
	v := newVault(cfg, options)
	defer v.Close()
	if v.Exists() {
		err = nobodySignedIn(ctx, cfg)
	}
	if err == nil {
		err = v.Remove(ctx)
	}
	return v.Path(), err
}

func newVault(cfg config.Config, options Options) *vault.Vault {
	ask := options.Passphrase
	if variable, path := config.Lookup(config.PassphraseFile); path != "" {
		ask = func(context.Context) (latchkey.Secret, error) { return readPassphrase(variable, path) }
	}
	return vault.New(cfg.Paths.Vault(), cfg.Paths.Locks(), ask)
}

// nobodySignedIn refuses while keys are in use: those of a session, or of a sign-in that waits.
func nobodySignedIn(ctx context.Context, cfg config.Config) (err error) {
	store, err := sqlite.Open(ctx, cfg.Paths.Database(), cfg.Paths.Locks(), cfg.Paths.FormerDatabase())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	accounts, err := store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		id, err := store.SessionID(ctx, a.DID)
		if err != nil {
			return err
		}
		if id != "" {
			return latchkey.NewError(latchkey.VaultInUse, nil)
		}
	}
	waiting, err := store.SignIns(ctx)
	if err != nil {
		return err
	}
	for _, s := range waiting {
		if time.Now().Before(s.Deadline) {
			return latchkey.NewError(latchkey.SignInInProgress, nil)
		}
	}
	return nil
}

// readPassphrase reads the first line of the file that a variable names and that nobody else may read. The error
// says what is wrong with the file, for a person.
func readPassphrase(variable, path string) (latchkey.Secret, error) {
	refused := func(why string) (latchkey.Secret, error) {
		return "", latchkey.NewError(latchkey.VaultLocked, &config.Error{Where: "environment", Key: variable, Why: why})
	}
	// Asked by name first: to open a pipe would wait for somebody to write.
	info, err := os.Stat(path)
	if err != nil {
		return refused("names a file that can't be read.")
	}
	if !info.Mode().IsRegular() {
		return refused("names something that is not a file.")
	}
	f, err := os.Open(path) // #nosec G304 -- the person names the file
	if err != nil {
		return refused("names a file that can't be read.")
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return refused("names a file that can't be read.")
	}
	// Windows has no modes.
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return refused("names a file that others may read; make it your own with chmod 600.")
	}
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return refused("names a file that can't be read.")
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return refused("names a file whose first line is empty.")
	}
	return latchkey.Secret(line), nil
}
