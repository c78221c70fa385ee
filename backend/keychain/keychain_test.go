package keychain

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
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
	k.provider, k.reachable = f, func() error { return nil }
	return k, f
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
	for name, text := range map[string]string{
		"nothing":       ``,
		"a password":    `correct horse battery staple`,
		"null":          `null`,
		"list":          `[]`,
		"other fields":  `{"user":"me"}`,
		"no DPoP key":   `{"sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8"}`,
		"short sealing": `{"dpop":"z42","sealing":"AQID"}`,
		"long sealing":  `{"dpop":"z42","sealing":"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8AAAA"}`,
		"not base64":    `{"dpop":"z42","sealing":"!!!"}`,
		"wrong kind":    `{"dpop":1,"sealing":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, f := newKeychain()
			f.items["app/one"] = text
			got, err := k.Get(t.Context(), "one")
			mustCode(t, err, latchkey.KeychainItemMissing)
			if got != (latchkey.Keys{}) {
				t.Error("keys came with the error")
			}
			if text != "" && strings.Contains(err.Error(), text) {
				t.Error("the error repeats the item")
			}
		})
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
	mustCode(t, err, latchkey.KeychainLocked)
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainLocked)
	mustCode(t, k.Delete(t.Context(), "one"), latchkey.KeychainLocked)
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
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainLocked)
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
	for name, arrange := range map[string]func(*faulty){
		"nothing stored":    func(f *faulty) { f.OnSet = func() error { return nil } },
		"something else":    func(f *faulty) { f.OnGet = func() (string, error) { return `{"dpop":"z42"}`, nil } },
		"dismissed on read": func(f *faulty) { f.OnGet = func() (string, error) { return "", keyring.ErrNotFound } },
		"locked collection": func(f *faulty) {
			f.OnSet = func() error { return errors.New("failed to unlock correct collection '/x'") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, f := newKeychain()
			arrange(f)
			mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainLocked)
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]latchkey.Code{
		"dbus: connection closed by user":                                                 latchkey.KeychainUnavailable,
		"The name org.freedesktop.secrets was not provided by any .service files":         latchkey.KeychainUnavailable,
		"failed to unlock correct collection '/org/freedesktop/secrets/collection/login'": latchkey.KeychainLocked,
		// The alias of a collection that does not exist.
		"failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'": latchkey.KeychainUnavailable,
	} {
		k, f := newKeychain()
		f.OnGet = func() (string, error) { return "", errors.New(text) }
		f.OnSet = func() error { return errors.New(text) }
		f.OnDelete = func() error { return errors.New(text) }
		_, err := k.Get(t.Context(), "one")
		mustCode(t, err, want)
		mustCode(t, k.Set(t.Context(), "one", keys), want)
		mustCode(t, k.Delete(t.Context(), "one"), want)
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
	if err := json.Unmarshal([]byte(f.all()["app/one"]), &fields); err != nil || len(fields) != 2 || fields["dpop"] != string(keys.DPoP) || fields["sealing"] == "" {
		t.Errorf("the item has %d fields, %v", len(fields), err)
	}
}
