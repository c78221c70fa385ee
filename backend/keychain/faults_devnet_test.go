//go:build devnet && linux

package keychain

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

// None of these tests is parallel: go-keyring has one connection for the whole process.

const product = "com.example.latchkey.faults"

// on is a keychain on the bus of the environment, for a program that may keep keys in memory. It has
// little patience, unless the test is about somebody who answers.
func on(patience time.Duration) *Keychain {
	k := New(product)
	k.KeepInMemory, k.patience = true, patience
	return k
}

const (
	soon  = 300 * time.Millisecond
	later = time.Minute
)

// What a person does with a prompt: whether it was dismissed, and whether there is an answer.
func agree() (dismissed, answered bool)   { return false, true }
func dismiss() (dismissed, answered bool) { return true, true }
func ignore() (dismissed, answered bool)  { return false, false }

// mustFail asks for everything and wants the same answer each time, in time and not in memory.
func (k *Keychain) mustFail(t *testing.T, want latchkey.Code) {
	t.Helper()
	for name, call := range map[string]func() error{
		"Get":    func() error { _, err := k.Get(t.Context(), "one"); return err },
		"Set":    func() error { return k.Set(t.Context(), "one", keys) },
		"Delete": func() error { return k.Delete(t.Context(), "one") },
	} {
		begun := time.Now()
		mustCode(t, call(), want)
		if took := time.Since(begun); took > k.patience+10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	if k.InMemory("one") {
		t.Error("the item is kept in memory")
	}
}

// mustRemember wants the item in memory, and the truth for who may not keep it there.
func mustRemember(t *testing.T) {
	t.Helper()
	k := on(later)
	must(t, k.Set(t.Context(), "one", keys))
	if got, err := k.Get(t.Context(), "one"); err != nil || got != keys || !k.InMemory("one") {
		t.Errorf("got %v, %v, in memory %v", got, err, k.InMemory("one"))
	}
	k = on(later)
	k.KeepInMemory = false
	k.mustFail(t, latchkey.KeychainUnavailable)
}

// hostile: 49
func TestNoKeychain(t *testing.T) {
	t.Run("no bus", func(t *testing.T) {
		hangUp()
		t.Setenv(busVariable, "unix:path="+t.TempDir()+"/nobody")
		t.Cleanup(hangUp)
		mustRemember(t)
	})
	t.Run("no service", func(t *testing.T) {
		startBus(t, "", 0)
		mustRemember(t)
	})
	t.Run("no collection", func(t *testing.T) {
		startBus(t, "", 0)
		startService(t, func(s *secretService) { s.Absent = true })
		mustRemember(t)
	})
}

// The fake is a whole keychain where nothing is wrong with it.
func TestFakeService(t *testing.T) {
	startBus(t, "", 0)
	service := startService(t)
	k := on(later)
	must(t, k.Set(t.Context(), "one", keys))
	if got, err := k.Get(t.Context(), "one"); err != nil || got != keys || k.InMemory("one") {
		t.Errorf("got %v, %v, in memory %v", got, err, k.InMemory("one"))
	}
	if n := len(service.stored()); n != 1 {
		t.Errorf("%d items stored", n)
	}
	// Locked, with somebody who unlocks it: a prompt is waited for.
	service.set(func() { service.Locked, service.OnPrompt = true, agree })
	if got, err := k.Get(t.Context(), "one"); err != nil || got != keys {
		t.Errorf("after unlocking: %v, %v", got, err)
	}
	must(t, k.Delete(t.Context(), "one"))
	if left := service.stored(); len(left) != 0 {
		t.Errorf("%d items left", len(left))
	}
}

// The collection of this service is not called login, so go-keyring speaks to its alias and can't
// tell a locked one from none.
// hostile: 50
func TestLocked(t *testing.T) {
	startBus(t, "", 0)
	service := startService(t, func(s *secretService) { s.Locked, s.OnPrompt = true, dismiss })
	on(later).mustFail(t, latchkey.KeychainLocked)
	if len(service.Prompts) != 3 {
		t.Errorf("%d prompts", len(service.Prompts))
	}
}

// hostile: 50
func TestNobodyAnswers(t *testing.T) {
	startBus(t, "", 0)
	service := startService(t, func(s *secretService) { s.Locked, s.OnPrompt = true, ignore })
	k := on(soon)
	k.mustFail(t, latchkey.KeychainUnanswered)
	<-service.Prompts
	if n := len(service.Prompts); n != 0 {
		t.Errorf("%d more prompts behind the first", n)
	}
}

// hostile: 51
func TestDismissed(t *testing.T) {
	startBus(t, "", 0)
	service := startService(t, func(s *secretService) { s.Asking, s.OnPrompt = true, dismiss })
	k := on(later)
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainDismissed)
	if k.InMemory("one") || len(service.stored()) != 0 {
		t.Error("the item is kept somewhere")
	}
	// The old item must not pass for the new one.
	service.set(func() { service.Asking = false })
	must(t, k.Set(t.Context(), "one", keys))
	service.set(func() { service.Asking = true })
	changed := keys
	changed.Sealing[0]++
	mustCode(t, k.Set(t.Context(), "one", changed), latchkey.KeychainDismissed)
	service.set(func() { service.OnPrompt = agree })
	must(t, k.Set(t.Context(), "one", changed))
}

// The bus lets nobody talk to the Secret Service, as in a sandbox.
// hostile: 49
func TestDeniedByTheBus(t *testing.T) {
	startBus(t, `<deny send_destination="org.freedesktop.secrets"/>`, 0)
	startService(t)
	on(later).mustFail(t, latchkey.KeychainDenied)
}

// The bus belongs to another user, as after sudo.
// hostile: 49
func TestBusOfAnotherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("only root can run a bus as somebody else")
		return
	}
	startBus(t, "", 65534)
	on(later).mustFail(t, latchkey.KeychainDenied)
}

// hostile: 52
func TestItemGoneOrForeign(t *testing.T) {
	for name, start := range map[string]func(){
		"fake": func() { startBus(t, "", 0); startService(t) },
		"real": func() {}, // the keyring of the whole package
	} {
		start()
		k := on(later)
		must(t, k.Set(t.Context(), "one", keys))
		must(t, keyring.Delete(product, "one"))
		_, err := k.Get(t.Context(), "one")
		mustCode(t, err, latchkey.KeychainItemMissing)
		must(t, k.Delete(t.Context(), "one"))

		text, err := format(keys, "4294967294")
		must(t, err)
		for what, text := range map[string]string{"another user": text, "a password": "correct horse"} {
			must(t, keyring.Set(product, "one", text))
			got, err := k.Get(t.Context(), "one")
			if latchkey.CodeOf(err) != latchkey.KeychainItemForeign || got != (latchkey.Keys{}) {
				t.Errorf("%s keychain, item of %s: %v", name, what, err)
			}
		}
		must(t, k.Delete(t.Context(), "one"))
	}
}

// hostile: 50
func TestBusDiesDuringPrompt(t *testing.T) {
	b := startBus(t, "", 0)
	service := startService(t, func(s *secretService) { s.Locked, s.OnPrompt = true, ignore })
	k := on(later)
	answer := make(chan error, 1)
	go func() { answer <- k.Set(t.Context(), "one", keys) }()
	<-service.Prompts
	b.die()
	err := <-answer
	mustCode(t, err, latchkey.KeychainUnavailable)
	if errors.Is(err, errNone) || k.InMemory("one") {
		t.Errorf("a dead bus passes for none: %v", err)
	}
	// It is gone now, but it was there.
	k.mustFail(t, latchkey.KeychainUnavailable)
}

// The person answers after we gave up: nothing is left behind, and the next call works.
// hostile: 50
func TestLateAnswer(t *testing.T) {
	startBus(t, "", 0)
	service := startService(t, func(s *secretService) { s.Asking, s.OnPrompt = true, ignore })
	k := on(soon)
	mustCode(t, k.Set(t.Context(), "one", keys), latchkey.KeychainUnanswered)
	path := <-service.Prompts
	service.set(func() {
		service.Asking = false
		prompt := promptMethods{service, path, func() any {
			stored := dbus.ObjectPath(string(collectionPath) + "/late")
			text, err := format(keys, k.user)
			must(t, err)
			service.items[stored] = storedItem{map[string]string{"service": product, "username": "one"}, text}
			must(t, service.bus.Export(itemMethods{service, stored}, stored, serviceName+"Item"))
			return stored
		}}
		if err := prompt.complete(false); err != nil {
			t.Error(err)
		}
	})
	k.patience = later
	_, err := k.Get(t.Context(), "one") // waits for its turn, so the undoing is over
	mustCode(t, err, latchkey.KeychainItemMissing)
	if left := service.stored(); len(left) != 0 {
		t.Errorf("%d items left", len(left))
	}
}
