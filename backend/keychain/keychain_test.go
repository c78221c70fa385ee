package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

// faulty is a provider in memory. Its hooks run first; what they answer is the answer, unless they
// answer errHonest.
type faulty struct {
	OnGet    func() (string, error)
	OnSet    func() error
	OnDelete func() error

	mu     sync.Mutex
	items  map[string]string
	inside atomic.Int32
	most   atomic.Int32
}

var errHonest = errors.New("go on as usual")

// enter counts who is inside at the same time.
func (f *faulty) enter() (leave func()) {
	if n := f.inside.Add(1); n > f.most.Load() {
		f.most.Store(n)
	}
	return func() { f.inside.Add(-1) }
}

func (f *faulty) Get(service, id string) (string, error) {
	defer f.enter()()
	if f.OnGet != nil {
		if text, err := f.OnGet(); !errors.Is(err, errHonest) {
			return text, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.items[service+"/"+id]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return text, nil
}

func (f *faulty) Set(service, id, text string) error {
	defer f.enter()()
	if f.OnSet != nil {
		if err := f.OnSet(); !errors.Is(err, errHonest) {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items[service+"/"+id] = text
	return nil
}

func (f *faulty) Delete(service, id string) error {
	defer f.enter()()
	if f.OnDelete != nil {
		if err := f.OnDelete(); !errors.Is(err, errHonest) {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.items[service+"/"+id]; !ok {
		return keyring.ErrNotFound
	}
	delete(f.items, service+"/"+id)
	return nil
}

func (f *faulty) all() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]string{}
	for k, v := range f.items {
		all[k] = v
	}
	return all
}

func newKeychain() (*Keychain, *faulty) {
	f := &faulty{items: map[string]string{}}
	k := New("app")
	k.user = "1000"
	fine := func() error { return nil }
	k.provider, k.reachable, k.collection, k.unlocked = f, fine, fine, fine
	return k, f
}

// failing makes every call fail.
func (f *faulty) failing(err error) {
	f.OnGet = func() (string, error) { return "", err }
	f.OnSet = func() error { return err }
	f.OnDelete = func() error { return err }
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// impatient makes calls that nobody answers end soon.
func (k *Keychain) impatient() { k.patience = 20 * time.Millisecond }

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
	k, f := newKeychain()
	_, err := k.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainItemMissing)
	if err := k.Set(t.Context(), "one", keys); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), "one"); err != nil || got != keys {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = k.Get(t.Context(), "two")
	mustCode(t, err, latchkey.KeychainItemMissing)
	if text := f.all()["app/one"]; len(text) < 80 || len(text) > 300 {
		t.Errorf("the item has %d bytes; Windows takes 2,560", len(text))
	}
	for range 2 { // one that is not there is not an error
		if err := k.Delete(t.Context(), "one"); err != nil {
			t.Error(err)
		}
	}
	if left := f.all(); len(left) != 0 {
		t.Errorf("items left: %d", len(left))
	}
}

func TestItemsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	const whole = `"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8"`
	for name, text := range map[string]string{
		"nothing":        ``,
		"a password":     `correct horse battery staple`,
		"null":           `null`,
		"list":           `[]`,
		"other fields":   `{"user":"me"}`,
		"no DPoP key":    `{"sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8"}`,
		"short sealing":  `{"dpop":"z42","sealing":"AQID"}`,
		"long sealing":   `{"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8AAAA"}`,
		"not base64":     `{"dpop":"z42","sealing":"!!!"}`,
		"wrong kind":     `{"dpop":1,"sealing":[]}`,
		"another user":   `{` + whole + `,"user":"1001"}`,
		"root":           `{` + whole + `,"user":"0"}`,
		"a user of text": `{` + whole + `,"user":"S-1-5-21-1"}`,
		"a wrong user":   `{` + whole + `,"user":1000}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, f := newKeychain()
			f.items["app/one"] = text
			got, err := k.Get(t.Context(), "one")
			mustCode(t, err, latchkey.KeychainItemForeign)
			if got != (latchkey.Keys{}) {
				t.Error("keys came with the error")
			}
			if text != "" && strings.Contains(err.Error(), text) {
				t.Error("the error repeats the item")
			}
			must(t, k.Set(t.Context(), "one", keys)) // it is ours to replace
			if got, err := k.Get(t.Context(), "one"); err != nil || got != keys {
				t.Errorf("after replacing it: %v, %v", got, err)
			}
		})
	}
	// Items of earlier versions don't say who stored them, and a system may not say who we are.
	for _, user := range []string{"1000", ""} {
		for _, stored := range []string{`{` + whole + `}`, `{` + whole + `,"user":"1000"}`} {
			k, f := newKeychain()
			k.user = user
			f.items["app/one"] = stored
			if got, err := k.Get(t.Context(), "one"); err != nil || got.DPoP != "z42" {
				t.Errorf("%s as %q: %v, %v", stored, user, got, err)
			}
		}
	}
}

// A prompt that nobody answers: an error in time, and the next call gets one too.
// hostile: 50
func TestHangingKeychain(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.impatient()
	letGo := make(chan struct{})
	f.OnGet = func() (string, error) { <-letGo; return "", errHonest }
	_, err := k.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainUnanswered)
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainUnanswered)
	mustCode(t, k.Delete(t.Context(), "one"), latchkey.KeychainUnanswered)
	if n := f.most.Load(); n != 1 {
		t.Errorf("%d calls at once", n)
	}
	close(letGo)
	k.patience = time.Minute
	if err := k.Set(t.Context(), "one", keys); err != nil {
		t.Errorf("after the prompt was answered: %v", err)
	}
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	letGo, came := make(chan struct{}), make(chan struct{})
	defer close(letGo)
	f.OnGet = func() (string, error) { close(came); <-letGo; return "", errHonest }
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-came; cancel() }()
	_, err := k.Get(ctx, "one")
	mustCode(t, err, latchkey.Cancelled)
	_, err = k.Get(ctx, "one") // while it waits for its turn
	mustCode(t, err, latchkey.Cancelled)
}

// The person unlocks the keychain after we gave up: what is then stored belongs to nobody.
// hostile: 50
func TestLateSuccessIsUndone(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.impatient()
	letGo, undone := make(chan struct{}), make(chan struct{})
	f.OnSet = func() error { <-letGo; return errHonest }
	f.OnDelete = func() error { defer close(undone); return errHonest }
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainUnanswered)
	close(letGo)
	<-undone
	k.patience = time.Minute
	_, err := k.Get(t.Context(), "one") // waits for its turn, so the undoing is over
	mustCode(t, err, latchkey.KeychainItemMissing)
}

// GNOME Keyring answers a dismissed prompt with success.
// hostile: 51
func TestSuccessIsReadBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arrange func(*faulty)
		want    latchkey.Code
	}{
		"nothing stored":    {func(f *faulty) { f.OnSet = func() error { return nil } }, latchkey.KeychainDismissed},
		"something else":    {func(f *faulty) { f.OnGet = func() (string, error) { return `{"dpop":"z42"}`, nil } }, latchkey.KeychainDismissed},
		"dismissed on read": {func(f *faulty) { f.OnGet = func() (string, error) { return "", keyring.ErrNotFound } }, latchkey.KeychainDismissed},
		"locked collection": {func(f *faulty) {
			f.OnSet = func() error { return errors.New("failed to unlock correct collection '/x'") }
		}, latchkey.KeychainLocked},
		"locked item": {func(f *faulty) {
			f.OnGet = func() (string, error) { return "", errors.New("failed to unlock correct collection '/x/1'") }
		}, latchkey.KeychainLocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, f := newKeychain()
			k.KeepInMemory = true // it makes no difference
			c.arrange(f)
			mustCode(t, k.Set(t.Context(), "one", keys), c.want)
			if k.InMemory("one") {
				t.Error("the item is kept in memory")
			}
		})
	}
}

// The keychain that go-keyring could not unlock may be locked, or not be there at all.
func TestLockedOrNone(t *testing.T) {
	t.Parallel()
	const login, alias = "/org/freedesktop/secrets/collection/login", "/org/freedesktop/secrets/aliases/default"
	for _, tt := range []struct {
		name, path string
		collection func() error
		want       latchkey.Code
	}{
		{"login", login, func() error { return errNone }, latchkey.KeychainLocked},
		{"default collection", alias, func() error { return nil }, latchkey.KeychainLocked},
		{"no default collection", alias, func() error { return errNone }, latchkey.KeychainUnavailable},
		{"bus gone when asked", alias, func() error { panic("canary-secret") }, latchkey.KeychainLocked},
	} {
		k, f := newKeychain()
		k.collection = tt.collection
		f.failing(fmt.Errorf("failed to unlock correct collection '%s'", tt.path))
		_, err := k.Get(t.Context(), "one")
		for _, err := range []error{err, k.Set(t.Context(), "one", keys), k.Delete(t.Context(), "one")} {
			mustCode(t, err, tt.want)
			if none := errors.Is(err, errNone); none != (tt.want == latchkey.KeychainUnavailable) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

// How the keychains of macOS and Windows refuse. go-keyring keeps of macOS only how its program ended.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]latchkey.Code{
		"51": latchkey.KeychainDenied, "36": latchkey.KeychainDenied, "128": latchkey.KeychainDenied,
		"1": latchkey.KeychainUnavailable, "50": latchkey.KeychainUnavailable,
	} {
		if runtime.GOOS == "windows" {
			break // there is no shell to end so
		}
		err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "exit "+status).Run()
		if got := securityCode(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("exit status %s: %s, want %s", status, got, want)
		}
	}
	for number, want := range map[syscall.Errno]latchkey.Code{
		5: latchkey.KeychainDenied, 87: latchkey.KeychainUnavailable, 1312: latchkey.KeychainUnavailable,
	} {
		if got := credentialCode(number); got != want {
			t.Errorf("error %d: %s, want %s", number, got, want)
		}
	}
	for _, err := range []error{errors.New("x"), io.EOF} {
		if a, b := securityCode(err), credentialCode(err); a != latchkey.KeychainUnavailable || b != a {
			t.Errorf("%v: %s, %s", err, a, b)
		}
	}
}

// The D-Bus library panics when the bus goes away during a prompt.
func TestPanics(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	f.OnGet = func() (string, error) { panic("canary-secret") }
	f.OnSet = func() error { panic("canary-secret") }
	f.OnDelete = func() error { panic(errors.New("canary-secret")) }
	_, getErr := k.Get(t.Context(), "one")
	k.KeepInMemory = true // a keychain that breaks is there
	for _, err := range []error{getErr, k.Set(t.Context(), "one", keys), k.Delete(t.Context(), "one")} {
		mustCode(t, err, latchkey.KeychainUnavailable)
		if strings.Contains(err.Error(), "canary") {
			t.Error("the error repeats what the panic said")
		}
	}
	f.OnGet, f.OnSet = nil, nil
	if err := k.Set(t.Context(), "one", keys); err != nil {
		t.Errorf("after the panics: %v", err)
	}
}

// hostile: 49
func TestUnreachable(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	k.reachable = func() error { return errors.New("no session bus") }
	_, err := k.Get(t.Context(), "one")
	mustCode(t, err, latchkey.KeychainUnavailable)
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainUnavailable)
	mustCode(t, k.Delete(t.Context(), "one"), latchkey.KeychainUnavailable)
	if f.most.Load() != 0 {
		t.Error("the keychain was asked")
	}
}

func TestOneCallAtATime(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	var work sync.WaitGroup
	for range 64 {
		work.Go(func() {
			if err := k.Set(t.Context(), "one", keys); err != nil {
				t.Error(err)
			}
			if got, err := k.Get(t.Context(), "one"); err != nil || got != keys {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	work.Wait()
	if n := f.most.Load(); n != 1 {
		t.Errorf("%d calls at once", n)
	}
}

// The item is the only place where the keys may be seen.
func TestItemIsWhole(t *testing.T) {
	t.Parallel()
	k, f := newKeychain()
	if err := k.Set(t.Context(), "one", keys); err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if err := json.Unmarshal([]byte(f.all()["app/one"]), &fields); err != nil || len(fields) != 3 || fields["user"] != "1000" || fields["dpop"] != string(keys.DPoP) || fields["sealing"] == "" {
		t.Errorf("the item has %d fields, %v", len(fields), err)
	}
}
