// Package vault keeps the keys of sessions in one file under a passphrase, for computers without a
// keychain, such as a server reached by SSH. The file is an ordinary age file
// (https://age-encryption.org/v1, scrypt): with the passphrase, age itself opens it.
//
// The person makes the file with Create, and takes it away with Remove; that it exists is their
// choice, and nothing else ever makes one. The file is replaced as a whole at each change, under a
// lock that processes share, so that whoever reads it finds all of it and two changes at once lose
// nothing. A file that does not open is left as it is.
//
// To try a passphrase takes about a second and 256 MB by intention, so the opened items are kept in
// this process for as long as the file stays the same.
package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gofrs/flock"

	latchkey "latchkey/backend"
)

// MinPassphrase is how many characters a passphrase has at least.
const MinPassphrase = 12

// lockPoll is how often a lock that another process holds is asked for again.
const lockPoll = 20 * time.Millisecond

// Passphrase asks for the passphrase. It is called until a passphrase opened the file, and then
// never again. Its errors carry a code of package latchkey, or count as VaultLocked.
type Passphrase func(ctx context.Context) (latchkey.Secret, error)

// Vault implements [latchkey.Keychain]. It is made with [New]. Its errors carry VaultLocked,
// VaultDamaged, VaultMissing, StorageFailed, StorageFull, StorageBusy or Cancelled, and those of Get
// KeychainItemMissing and KeychainItemForeign, too.
type Vault struct {
	path       string
	locks      string
	ask        Passphrase
	workFactor int                         // of scrypt, as a power of two; 0 is age's own
	rename     func(from, to string) error // the moment of a change

	turn   chan struct{} // holds one token; whoever has it may use what follows
	known  latchkey.Secret
	opened *contents

	scrypt chan struct{} // holds one token: no two computations at a time, they are large
	work   sync.WaitGroup
}

var _ latchkey.Keychain = (*Vault)(nil)

// contents are the items of a file that has this hash. They are never changed.
type contents struct {
	hash  [sha256.Size]byte
	items items
}

// New makes a vault of the file at path; it is not read yet. Its lock lies in the folder locks. A
// nil ask means that nobody can be asked.
func New(path, locks string, ask Passphrase) *Vault {
	return &Vault{path: path, locks: locks, ask: ask, rename: rename, turn: make(chan struct{}, 1), scrypt: make(chan struct{}, 1)}
}

// Exists tells whether there is a file, or anything else in its place: what is wrong with it is for
// the other methods to say, and no reason to keep keys elsewhere.
func (v *Vault) Exists() bool {
	_, err := os.Lstat(v.path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Path is where the file lies.
func (v *Vault) Path() string { return v.path }

// Check tells whether the file can be read and is an age file, without its passphrase: whether the
// passphrase opens it is for Get to say. The codes are VaultMissing, VaultDamaged and those of the disk.
func (v *Vault) Check() error {
	data, err := readFile(v.path)
	if err == nil && !bytes.HasPrefix(data, []byte(header)) {
		err = latchkey.NewError(latchkey.VaultDamaged, errors.New("not an age file"))
	}
	return err
}

// header begins every age file (https://age-encryption.org/v1).
const header = "age-encryption.org/v1\n"

// Close waits for computations that nobody waits for any more.
func (v *Vault) Close() { v.work.Wait() }

// Get implements [latchkey.Keychain].
func (v *Vault) Get(ctx context.Context, id string) (latchkey.Keys, error) {
	done, err := v.take(ctx)
	if err != nil {
		return latchkey.Keys{}, err
	}
	defer done()
	found, err := v.read(ctx)
	text, ok := found[id]
	if latchkey.CodeOf(err) == latchkey.VaultMissing || err == nil && !ok {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemMissing, err)
	}
	if err != nil {
		return latchkey.Keys{}, err
	}
	return parseKeys(text)
}

// Set implements [latchkey.Keychain]. The file is on the disk when it returns nil.
func (v *Vault) Set(ctx context.Context, id string, keys latchkey.Keys) error {
	text, err := formatKeys(keys)
	if err != nil {
		return err
	}
	return v.change(ctx, func(all items) bool { all[id] = text; return true })
}

// Delete implements [latchkey.Keychain].
func (v *Vault) Delete(ctx context.Context, id string) error {
	err := v.change(ctx, func(all items) bool {
		_, there := all[id]
		delete(all, id)
		return there
	})
	if latchkey.CodeOf(err) == latchkey.VaultMissing {
		return nil
	}
	return err
}

// InMemory implements [latchkey.Keychain].
func (v *Vault) InMemory(string) bool { return false }

// Create makes the file, with nothing in it. Beyond the codes of a Vault, its errors carry VaultExists
// and PassphraseWeak.
func (v *Vault) Create(ctx context.Context) error {
	if v.Exists() {
		return latchkey.NewError(latchkey.VaultExists, nil)
	}
	done, err := v.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	passphrase, err := v.passphrase(ctx)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(string(passphrase)) < MinPassphrase {
		return latchkey.NewError(latchkey.PassphraseWeak, nil)
	}
	unlock, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if v.Exists() { // another process was first
		return latchkey.NewError(latchkey.VaultExists, nil)
	}
	return v.write(ctx, items{}, passphrase)
}

// Remove deletes the file, with everything in it. It needs no passphrase: a file whose passphrase
// was forgotten has to go, too.
func (v *Vault) Remove(ctx context.Context) error {
	done, err := v.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	unlock, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if !v.Exists() {
		return latchkey.NewError(latchkey.VaultMissing, nil)
	}
	v.known, v.opened = "", nil
	_ = os.Remove(v.path + unfinished)
	if err := errors.Join(os.Remove(v.path), syncFolder(filepath.Dir(v.path))); err != nil {
		return failed(err)
	}
	return nil
}

// take waits for the turn of this goroutine.
func (v *Vault) take(ctx context.Context) (done func(), err error) {
	select {
	case v.turn <- struct{}{}:
		return func() { <-v.turn }, nil
	case <-ctx.Done():
		return nil, ended(ctx)
	}
}

// lock waits for the turn of this process. The lock ends with the process, however that ends.
func (v *Vault) lock(ctx context.Context) (unlock func(), err error) {
	if err := privateFolder(v.locks); err != nil {
		return nil, failed(err)
	}
	lock := flock.New(filepath.Join(v.locks, "vault.lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		return nil, failed(err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// change replaces the file, unless f says that it changed nothing.
func (v *Vault) change(ctx context.Context, f func(items) bool) error {
	done, err := v.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	unlock, err := v.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	now, err := v.read(ctx) // under the lock: another process may have changed it
	if err != nil {
		return err
	}
	next := maps.Clone(now)
	if !f(next) {
		return nil
	}
	return v.write(ctx, next, v.known)
}

// read answers what is in the file. It needs the turn.
func (v *Vault) read(ctx context.Context) (items, error) {
	data, err := readFile(v.path)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(data)
	if v.opened != nil && v.opened.hash == hash {
		return v.opened.items, nil
	}
	passphrase, err := v.passphrase(ctx)
	if err != nil {
		return nil, err
	}
	found, err := slow(ctx, v, func() (items, error) { return open(data, passphrase) })
	if err != nil {
		if latchkey.CodeOf(err) == latchkey.VaultLocked {
			v.known = "" // somebody may know a better one
		}
		return nil, err
	}
	v.known, v.opened = passphrase, &contents{hash, found}
	return found, nil
}

// write replaces the file. It needs the turn and the lock.
func (v *Vault) write(ctx context.Context, next items, passphrase latchkey.Secret) error {
	data, err := slow(ctx, v, func() ([]byte, error) { return seal(next, passphrase, v.workFactor) })
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ended(ctx) // whoever was told so must not find the change afterwards
	}
	if err := replaceFile(v.path, data, v.rename); err != nil {
		return err
	}
	v.known, v.opened = passphrase, &contents{sha256.Sum256(data), next}
	return nil
}

// passphrase asks the person, unless a passphrase opened the file before.
func (v *Vault) passphrase(ctx context.Context) (latchkey.Secret, error) {
	if v.known != "" {
		return v.known, nil
	}
	if v.ask == nil {
		return "", latchkey.NewError(latchkey.VaultLocked, errors.New("nobody can be asked for the passphrase"))
	}
	passphrase, err := v.ask(ctx)
	var coded *latchkey.Error
	switch {
	case errors.As(err, &coded):
		return "", err
	case err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return "", ended(ctx)
	case err != nil:
		return "", latchkey.NewError(latchkey.VaultLocked, err)
	}
	return passphrase, nil
}

// slow runs f, which takes a second and can't be interrupted, and waits for it as long as ctx
// allows. What f does late changes nothing; Close waits for it.
func slow[T any](ctx context.Context, v *Vault, f func() (T, error)) (T, error) {
	var nothing T
	select {
	case v.scrypt <- struct{}{}:
	case <-ctx.Done():
		return nothing, ended(ctx)
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	v.work.Go(func() {
		defer func() { <-v.scrypt }()
		value, err := f()
		done <- result{value, err}
	})
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return nothing, ended(ctx)
	}
}

// ended is the error of a context that did not last.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return latchkey.NewError(latchkey.Cancelled, ctx.Err())
	}
	return latchkey.NewError(latchkey.StorageBusy, ctx.Err())
}

// items are what the file holds, by id. What this version does not know of an item is kept.
type items map[string]json.RawMessage
