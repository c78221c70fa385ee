package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	latchkey "latchkey/backend"
)

const right = "correct horse battery"

// house is a folder in which there may be a vault.
type house struct {
	dir string
}

func newHouse(tb testing.TB) house { return house{tb.TempDir()} }

func (h house) path() string { return filepath.Join(h.dir, "data", "keys.age") }

// open is a vault of this house as a process of its own has it, with little work for scrypt.
func (h house) open(passphrase latchkey.Secret) *Vault {
	v := New(h.path(), filepath.Join(h.dir, "locks"), func(context.Context) (latchkey.Secret, error) { return passphrase, nil })
	v.workFactor = 2
	return v
}

// created is a vault with one item.
func (h house) created(tb testing.TB) *Vault {
	tb.Helper()
	v := h.open(right)
	must(tb, v.Create(tb.Context()))
	must(tb, v.Set(tb.Context(), "one", keys))
	return v
}

func (h house) content(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile(h.path())
	must(tb, err)
	return data
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func mustCode(tb testing.TB, err error, want latchkey.Code) {
	tb.Helper()
	if got := latchkey.CodeOf(err); got != want {
		tb.Errorf("got %v, want the code %q", err, want)
	}
}

var keys = latchkey.Keys{
	DPoP:    "z42tnbuXX7nVKvYyE2LkbJ1hrVxkYyMzR7dMYq1hDMyTestKey",
	Sealing: [32]byte{1, 2, 3, 31: 0xff},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.open(right)
	if v.Exists() {
		t.Error("there is a file before it was created")
	}
	must(t, v.Create(t.Context()))
	_, err := v.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	must(t, v.Set(t.Context(), "one", keys))
	changed := keys
	changed.Sealing[0]++
	must(t, v.Set(t.Context(), "two", keys))
	must(t, v.Set(t.Context(), "two", changed))
	for _, v := range []*Vault{v, h.open(right)} { // here, and in another process
		for id, want := range map[string]latchkey.Keys{"one": keys, "two": changed} {
			if got, err := v.Get(t.Context(), id); err != nil || got != want || v.InMemory(id) {
				t.Errorf("%s: got %v, %v", id, got, err)
			}
		}
	}
	for range 2 { // one that is not there is not an error
		must(t, v.Delete(t.Context(), "one"))
	}
	_, err = h.open(right).Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	v.Close()
}

// The file is age's: with the passphrase age opens it.
func TestFileIsAge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	identity, err := age.NewScryptIdentity(right)
	must(t, err)
	r, err := age.Decrypt(bytes.NewReader(h.content(t)), identity)
	must(t, err)
	var plain bytes.Buffer
	_, err = plain.ReadFrom(r)
	must(t, err)
	if want := `{"one":{"dpop":"` + string(keys.DPoP) + `","sealing":"` + base64.RawStdEncoding.EncodeToString(keys.Sealing[:]) + `"}}`; plain.String() != want {
		t.Errorf("the file holds %d bytes, want %d", plain.Len(), len(want))
	}
}

// The work factor of a file that people use is age's own; the tests of the terminal program make one.
func TestWorkFactor(t *testing.T) {
	t.Parallel()
	if n := New("", "", nil).workFactor; n != 0 {
		t.Errorf("the work factor is %d", n)
	}
}

// hostile: 49
func TestNothingReadable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	must(t, filepath.WalkDir(h.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{string(keys.DPoP), string(keys.Sealing[:]), base64.RawStdEncoding.EncodeToString(keys.Sealing[:]), "dpop", right} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("a secret lies readable in %s", e.Name())
			}
		}
		return err
	}))
}

// hostile: 49
func TestWrongPassphrase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	before := h.content(t)
	for name, passphrase := range map[string]latchkey.Secret{"another": "incorrect horse battery", "none": "", "almost": right + " "} {
		v := h.open(passphrase)
		_, err := v.Get(t.Context(), "one")
		for _, err := range []error{err, v.Set(t.Context(), "two", keys), v.Delete(t.Context(), "one")} {
			mustCode(t, err, latchkey.VaultLocked)
			if err != nil && strings.Contains(err.Error(), "horse") {
				t.Errorf("%s: the error repeats the passphrase", name)
			}
		}
	}
	if !bytes.Equal(before, h.content(t)) {
		t.Error("the file was changed")
	}
}

// Asked until the answer was right, and then never again.
func TestAsking(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	asked := 0
	v := h.open("")
	v.ask = func(context.Context) (latchkey.Secret, error) {
		asked++
		switch asked {
		case 1:
			return "", errors.New("no terminal")
		case 2:
			return "", latchkey.NewError(latchkey.PassphraseDiffers, nil)
		case 3:
			return "wrong", nil
		}
		return right, nil
	}
	for _, want := range []latchkey.Code{latchkey.VaultLocked, latchkey.PassphraseDiffers, latchkey.VaultLocked, "", "", ""} {
		_, err := v.Get(t.Context(), "one")
		mustCode(t, err, want)
	}
	must(t, v.Set(t.Context(), "two", keys))
	must(t, h.open(right).Delete(t.Context(), "one")) // the file is another one now
	_, err := v.Get(t.Context(), "two")
	must(t, err)
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
	v = h.open("")
	v.ask = nil
	_, err = v.Get(t.Context(), "one")
	mustCode(t, err, latchkey.VaultLocked)
	// A vault that was made anew has another passphrase: what was right before is asked for again.
	v = h.open(right)
	_, err = v.Get(t.Context(), "two")
	must(t, err)
	must(t, h.open("").Remove(t.Context()))
	must(t, h.open("another horse battery").Create(t.Context()))
	_, err = v.Get(t.Context(), "two")
	mustCode(t, err, latchkey.VaultLocked)
	v.ask = func(context.Context) (latchkey.Secret, error) { return "another horse battery", nil }
	_, err = v.Get(t.Context(), "two")
	mustCode(t, err, latchkey.KeychainItemMissing)
}

// While the file stays the same, scrypt does not run again.
func TestOpenedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	v := h.open(right)
	_, err := v.Get(t.Context(), "one")
	must(t, err)
	v.scrypt <- struct{}{} // nobody computes any more
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := v.Get(ctx, "one"); err != nil {
		t.Error(err)
	}
	must(t, v.Delete(ctx, "not there"))
	must(t, h.open(right).Set(t.Context(), "two", keys))
	_, err = v.Get(ctx, "two")
	mustCode(t, err, latchkey.StorageBusy)
	<-v.scrypt
	if got, err := v.Get(t.Context(), "two"); err != nil || got != keys {
		t.Errorf("what another process stored: %v, %v", got, err)
	}
}

// sealed is a file under the right passphrase that holds anything.
func sealed(tb testing.TB, plain string, recipients ...age.Recipient) []byte {
	tb.Helper()
	if recipients == nil {
		r, err := age.NewScryptRecipient(right)
		must(tb, err)
		r.SetWorkFactor(2)
		recipients = []age.Recipient{r}
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, recipients...)
	must(tb, err)
	_, err = w.Write([]byte(plain))
	must(tb, err)
	must(tb, w.Close())
	return file.Bytes()
}

// hostile: 46
func TestDamagedFilesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	whole := sealed(t, `{"one":{"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8"}}`)
	changed := func(at int) []byte {
		data := slices.Clone(whole)
		data[(at+len(data))%len(data)] ^= 1
		return data
	}
	x25519, err := age.GenerateX25519Identity()
	must(t, err)
	tooMuch := bytes.Replace(whole, []byte(" 2\n"), []byte(" 21\n"), 1)
	files := map[string][]byte{
		"empty":              {},
		"text":               []byte("my diary\n"),
		"plain keys":         []byte(`{"one":{"dpop":"canary-secret","sealing":"x"}}`),
		"zeros":              make([]byte, 300),
		"too large":          bytes.Repeat([]byte("my diary "), largest/9+1),
		"half":               whole[:len(whole)/2],
		"without its end":    whole[:len(whole)-1],
		"without its items":  whole[:bytes.Index(whole, []byte("---"))+60],
		"one byte more":      append(slices.Clone(whole), 0),
		"twice":              append(slices.Clone(whole), whole...),
		"changed at the end": changed(-1),
		"changed MAC":        changed(bytes.Index(whole, []byte("---")) + 10),
		"for a public key":   sealed(t, `{}`, x25519.Recipient()),
		"too much work":      tooMuch,
		"nothing in it":      sealed(t, ``),
		"null in it":         sealed(t, `null`),
		"a list in it":       sealed(t, `[]`),
		"text in it":         sealed(t, `"canary-secret"`),
		"two objects in it":  sealed(t, `{}{}`),
		"no objects in it":   sealed(t, `{"one":"canary-secret"}`),
		"a null item in it":  sealed(t, `{"one":null}`),
	}
	for name, before := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			must(t, os.MkdirAll(filepath.Dir(h.path()), 0o700))
			must(t, os.WriteFile(h.path(), before, 0o600))
			v := h.open(right)
			_, err := v.Get(t.Context(), "one")
			for _, err := range []error{err, v.Set(t.Context(), "one", keys), v.Delete(t.Context(), "one")} {
				mustCode(t, err, latchkey.VaultDamaged)
				if err != nil && (strings.Contains(err.Error(), "diary") || strings.Contains(err.Error(), "canary")) {
					t.Errorf("the error repeats the file: %v", err)
				}
			}
			mustCode(t, v.Create(t.Context()), latchkey.VaultExists)
			if !bytes.Equal(before, h.content(t)) {
				t.Error("the file was changed")
			}
			must(t, v.Remove(t.Context())) // the way out
		})
	}
	h := newHouse(t)
	must(t, os.MkdirAll(filepath.Dir(h.path()), 0o700))
	must(t, os.WriteFile(h.path(), whole, 0o600))
	if got, err := h.open(right).Get(t.Context(), "one"); err != nil || got.DPoP != "z42" {
		t.Errorf("the file that was not damaged: %v, %v", got, err)
	}
}

// One item that is not ours harms no other, and what we don't know of an item is kept.
func TestForeignItems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, os.MkdirAll(filepath.Dir(h.path()), 0o700))
	must(t, os.WriteFile(h.path(), sealed(t, `{"odd":{"dpop":1},"short":{"dpop":"z42","sealing":"AQID"},"new":{"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8","later":[1]}}`), 0o600))
	v := h.open(right)
	must(t, v.Set(t.Context(), "one", keys))
	for _, id := range []string{"odd", "short"} {
		_, err := v.Get(t.Context(), id)
		mustCode(t, err, latchkey.KeychainItemForeign)
	}
	for _, id := range []string{"new", "one"} {
		_, err := v.Get(t.Context(), id)
		must(t, err)
	}
	found, err := open(h.content(t), right)
	must(t, err)
	if !strings.Contains(string(found["new"]), `"later":[1]`) {
		t.Error("what a later version stored is lost")
	}
}

// hostile: 55
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Log("Windows has no modes")
		return
	}
	h := newHouse(t)
	must(t, os.MkdirAll(filepath.Dir(h.path()), 0o755))
	v := h.created(t)
	check := func() {
		t.Helper()
		for path, want := range map[string]os.FileMode{
			h.path():                      0o600,
			filepath.Dir(h.path()):        os.ModeDir | 0o700,
			filepath.Join(h.dir, "locks"): os.ModeDir | 0o700,
			h.dir + "/locks/vault.lock":   0o600,
		} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		}
	}
	check()
	must(t, os.Chmod(h.path(), 0o644)) // as a copy may have it
	must(t, os.Chmod(filepath.Dir(h.path()), 0o755))
	must(t, v.Set(t.Context(), "two", keys))
	check()
	entries, err := os.ReadDir(filepath.Dir(h.path()))
	if err != nil || len(entries) != 1 {
		t.Errorf("files: %v, %v", entries, err)
	}
}

// hostile: 55
func TestLinksAreRefused(t *testing.T) {
	t.Parallel()
	elsewhere := newHouse(t)
	elsewhere.created(t)
	before := elsewhere.content(t)
	for name, target := range map[string]string{"vault": elsewhere.path(), "nowhere": elsewhere.dir + "/nowhere", "folder": elsewhere.dir} {
		h := newHouse(t)
		must(t, os.MkdirAll(filepath.Dir(h.path()), 0o700))
		must(t, os.Symlink(target, h.path()))
		v := h.open(right)
		if !v.Exists() {
			t.Errorf("%s: a link is no reason to keep keys elsewhere", name)
		}
		_, err := v.Get(t.Context(), "one")
		for _, err := range []error{err, v.Set(t.Context(), "two", keys), v.Delete(t.Context(), "one")} {
			mustCode(t, err, latchkey.StorageFailed)
		}
		mustCode(t, v.Create(t.Context()), latchkey.VaultExists)
		must(t, v.Remove(t.Context()))
		if v.Exists() {
			t.Error("the link is still there")
		}
	}
	// In the place of the file that is being written.
	h := newHouse(t)
	v := h.created(t)
	must(t, os.Symlink(elsewhere.path(), h.path()+unfinished))
	must(t, v.Set(t.Context(), "two", keys))
	if info, err := os.Lstat(h.path()); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the vault is %v, %v", info, err)
	}
	if !bytes.Equal(before, elsewhere.content(t)) {
		t.Error("what a link led to was changed")
	}
	if _, err := os.Stat(elsewhere.dir + "/nowhere"); err == nil {
		t.Error("a file was made where a link led")
	}
}

// Killed at the last moment: the old file is whole, and what is left of the new one is in nobody's way.
func TestFailureBeforeRename(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.created(t)
	before := h.content(t)
	for want, reason := range map[latchkey.Code]error{
		latchkey.StorageFailed: errors.New("cut off"),
		latchkey.StorageFull:   &os.LinkError{Err: syscall.ENOSPC},
	} {
		if runtime.GOOS == "windows" && want == latchkey.StorageFull {
			continue // its numbers are others
		}
		v.rename = func(string, string) error { return reason }
		mustCode(t, v.Set(t.Context(), "two", keys), want)
		mustCode(t, v.Delete(t.Context(), "one"), want)
		if !bytes.Equal(before, h.content(t)) {
			t.Error("the file was changed")
		}
		_, err := v.Get(t.Context(), "two")
		mustCode(t, err, latchkey.KeychainItemMissing)
		if got, err := v.Get(t.Context(), "one"); err != nil || got != keys {
			t.Errorf("what was there before: %v, %v", got, err)
		}
	}
	must(t, os.WriteFile(h.path()+unfinished, []byte("half"), 0o400))
	v.rename = rename
	must(t, v.Set(t.Context(), "two", keys))
	_, err := h.open(right).Get(t.Context(), "two")
	must(t, err)
}

func TestFolderThatTakesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	must(t, os.WriteFile(filepath.Dir(h.path()), nil, 0o600)) // a file where the folder should be
	v := h.open(right)
	_, err := v.Get(t.Context(), "one")
	mustCode(t, err, latchkey.StorageFailed)
	mustCode(t, v.Create(t.Context()), latchkey.VaultExists) // who knows what is there
}

// Each has a vault of its own, as processes have, and nothing of anybody is lost.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	var work sync.WaitGroup
	for p := range 8 {
		v := h.open(right)
		for g := range 3 {
			work.Go(func() {
				id := fmt.Sprintf("%d-%d", p, g)
				if err := v.Set(t.Context(), id, keys); err != nil {
					t.Error(err)
				}
				if got, err := v.Get(t.Context(), id); err != nil || got != keys {
					t.Errorf("%s: %v, %v", id, got, err)
				}
				if g == 0 {
					if err := v.Delete(t.Context(), id); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	work.Wait()
	found, err := open(h.content(t), right)
	if err != nil || len(found) != 1+8*2 {
		t.Errorf("%d items, %v", len(found), err)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, passphrase := range []latchkey.Secret{"", "short", "elf letters", "zwölf äöüß"} {
		h := newHouse(t)
		mustCode(t, h.open(passphrase).Create(t.Context()), latchkey.PassphraseWeak)
		if _, err := os.Lstat(h.path()); err == nil {
			t.Error("a file was made")
		}
	}
	must(t, newHouse(t).open("zwölf zeichen").Create(t.Context()))
	h := newHouse(t)
	v := h.open("")
	v.ask = nil
	mustCode(t, v.Create(t.Context()), latchkey.VaultLocked)

	// Of all who create it at once, one does.
	var work sync.WaitGroup
	var created atomic.Int32
	for range 8 {
		work.Go(func() {
			switch err := h.open(right).Create(t.Context()); latchkey.CodeOf(err) {
			case "":
				created.Add(1)
			case latchkey.VaultExists:
			default:
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n := created.Load(); n != 1 {
		t.Errorf("created %d times", n)
	}
	before := h.content(t)
	mustCode(t, h.open(right).Create(t.Context()), latchkey.VaultExists)
	if !bytes.Equal(before, h.content(t)) {
		t.Error("the file was changed")
	}
}

// A vault that went away is not made again by whoever had it open.
func TestRemove(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.created(t)
	must(t, h.open("").Remove(t.Context())) // without any passphrase
	if v.Exists() {
		t.Error("it is still there")
	}
	mustCode(t, v.Remove(t.Context()), latchkey.VaultMissing)
	_, err := v.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	mustCode(t, v.Set(t.Context(), "one", keys), latchkey.VaultMissing)
	must(t, v.Delete(t.Context(), "one"))
	if v.Exists() {
		t.Error("it is there again")
	}
}

// Whoever waits is told in time, and what was given up is not done later.
func TestContext(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.created(t)
	before := h.content(t)
	waitings := map[string]func(*Vault) (release func()){
		"for its turn": func(v *Vault) func() {
			v.turn <- struct{}{}
			return func() { <-v.turn }
		},
		"for scrypt": func(v *Vault) func() {
			v.scrypt <- struct{}{}
			return func() { <-v.scrypt }
		},
	}
	for name, wait := range waitings {
		v := h.open(right)
		release := wait(v)
		for _, c := range []struct {
			end  func(context.Context) (context.Context, context.CancelFunc)
			want latchkey.Code
		}{
			{func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 20*time.Millisecond)
			}, latchkey.StorageBusy},
			{func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			}, latchkey.Cancelled},
		} {
			ctx, cancel := c.end(t.Context())
			_, err := v.Get(ctx, "one")
			for _, err := range []error{err, v.Set(ctx, "two", keys), v.Delete(ctx, "one")} {
				if latchkey.CodeOf(err) != c.want {
					t.Errorf("waiting %s: %v, want %s", name, err, c.want)
				}
			}
			cancel()
		}
		release()
		v.Close()
	}
	// For the lock of another process.
	other := h.open(right)
	unlock, err := other.lock(t.Context())
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	v := h.open(right)
	mustCode(t, v.Set(ctx, "two", keys), latchkey.StorageBusy)
	if _, err := v.Get(t.Context(), "one"); err != nil {
		t.Errorf("reading waits for nobody: %v", err)
	}
	unlock()
	// For the person.
	v = h.open(right)
	v.ask = func(ctx context.Context) (latchkey.Secret, error) { <-ctx.Done(); return "", ctx.Err() }
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = v.Get(ctx, "one")
	mustCode(t, err, latchkey.VaultLocked)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = v.Get(ctx, "one")
	mustCode(t, err, latchkey.Cancelled)
	if !bytes.Equal(before, h.content(t)) {
		t.Error("the file was changed")
	}
}

// The person gives up while the new file is being computed: it does not appear afterwards.
func TestGivenUpWhileSealing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := h.created(t)
	before := h.content(t)
	v.workFactor = 15 // longer than it takes to give up
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Set(ctx, "two", keys) }()
	for len(v.scrypt) == 0 {
		runtime.Gosched()
	}
	cancel()
	if code := latchkey.CodeOf(<-ended); code != latchkey.Cancelled {
		t.Logf("it was faster than giving up: %q", code)
		return
	}
	v.Close()
	if len(v.scrypt) != 0 {
		t.Error("Close did not wait for the computation")
	}
	if !bytes.Equal(before, h.content(t)) {
		t.Error("the file was changed")
	}
}

// Whatever a file holds, reading it answers or fails with a code, and what it answers can be kept.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{`{}`, `null`, `[]`, `{"a":{}}`, `{"a":{"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8"}}`, `{"a":null}`, `{"a":{"dpop":1}}`, `{"\u0000":{}}`, "{\"a\": {\"dpop\":\"\xff\"}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		all, err := parseItems(plain)
		if err != nil {
			mustCode(t, err, latchkey.VaultDamaged)
			return
		}
		for id, text := range all {
			keys, err := parseKeys(text)
			if err != nil {
				mustCode(t, err, latchkey.KeychainItemForeign)
				continue
			}
			back, err := formatKeys(keys)
			must(t, err)
			if again, err := parseKeys(back); err != nil || again != keys {
				t.Errorf("%q: %v", id, err)
			}
		}
		data, err := seal(all, right, 1)
		must(t, err)
		if again, err := open(data, right); err != nil || len(again) != len(all) {
			t.Errorf("sealed and opened: %d items of %d, %v", len(again), len(all), err)
		}
	})
}
