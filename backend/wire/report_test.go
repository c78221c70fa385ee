package wire

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/sqlite"
)

// find is the finding of that name; one that is not there is empty.
func find(r latchkey.Report, name latchkey.FindingName) latchkey.Finding {
	for _, f := range r {
		if f.Name == name {
			return f
		}
	}
	return latchkey.Finding{}
}

// hostile: 56
func TestReportNamesNobody(t *testing.T) { // not parallel: it sets the environment
	cfg := newConfig(t)
	home := filepath.Dir(cfg.Paths.Data)
	cfg.Paths = config.Paths{Data: filepath.Join(home, "canary-person", "data"), State: filepath.Join(home, "canary-person", "state")}
	t.Setenv("HOME", filepath.Join(home, "canary-person"))
	t.Setenv("USERPROFILE", filepath.Join(home, "canary-person"))
	store, err := sqlite.Open(t.Context(), cfg.Paths.Database(), cfg.Paths.Locks())
	must(t, err)
	keys := latchkey.Keys{DPoP: "canary-dpop"}
	begin := func(id string) {
		must(t, store.AddSignIn(t.Context(), latchkey.AuthorizationRequest{
			ID: id, DID: "did:web:canary.example", LoginHint: "canary.example", Email: "canary@mail.example", State: "canary-state",
			URL: "https://canary.example/authorize?request_uri=canary", Deadline: time.Now().Add(time.Hour),
		}, keys))
	}
	account := latchkey.Account{DID: "did:web:canary.example", Handle: "canary.example", Server: "https://canary.example", Status: latchkey.Active}
	for _, id := range []string{"canary-one", "canary-two"} { // the second takes the place of the first
		begin(id)
		_, err := store.ConsumeSignIn(t.Context(), id, keys)
		must(t, err)
		must(t, store.SaveSession(t.Context(), account, latchkey.Session{
			ID: id, DID: account.DID, Server: account.Server, Email: "canary@mail.example",
			Tokens: latchkey.Tokens{Access: "canary-access", Refresh: "canary-refresh"},
		}, keys))
	}
	begin("canary-three")
	must(t, store.SaveSetting(t.Context(), latchkey.EmailProvider, "https://canary.example"))
	r := Report(t.Context(), cfg, nil, nil)
	must(t, store.Close())
	for _, secret := range []string{"canary", "did:", "@", "://", home} {
		if text := r.String(); strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
	for name, want := range map[latchkey.FindingName]string{
		latchkey.FoundSignature: "none, because this is a development build",
		latchkey.FoundAccounts:  "1 signed in",
		latchkey.FoundPending:   "1 sign-ins waiting, 1 sign-outs that servers were not told of yet",
		latchkey.FoundEmail:     "another server, chosen on this computer",
		latchkey.FoundFolder:    filepath.Join("~", "data"),
		latchkey.FoundLocks:     filepath.Join("~", "state", "locks"),
	} {
		if got := find(r, name); got.Value != want || got.Trouble != nil {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

// The service of the window knows more: what it keeps in memory, and what it found when it started.
func TestReportOfAService(t *testing.T) { // not parallel: it sets the environment
	if runtime.GOOS != "linux" {
		t.Log("only on Linux a computer has no keychain")
		return
	}
	for _, inMemory := range []bool{true, false} {
		cfg := newConfig(t)
		service, closeAll, err := New(t.Context(), cfg, Options{NoBrowser: true, KeepKeysInMemory: inMemory})
		must(t, err)
		want := "no keychain"
		if inMemory {
			want = "the memory of this program, until it is closed"
		}
		r := Report(t.Context(), cfg, service, nil)
		if got := find(r, latchkey.FoundKeys); got.Value != want || got.Trouble == nil || got.Trouble.Code != latchkey.KeychainUnavailable {
			t.Errorf("keys: %+v, want %q", got, want)
		}
		if got := find(r, latchkey.FoundNotices); got.Value != "none" || got.Trouble != nil {
			t.Errorf("notices: %+v", got)
		}
		// A vault that somebody else has made meanwhile can't be opened here: nobody can be asked.
		path, err := CreateVault(t.Context(), cfg, answer("four words of mine"))
		must(t, err)
		if got := find(Report(t.Context(), cfg, service, nil), latchkey.FoundKeys); got.Trouble == nil || got.Trouble.Code != latchkey.VaultLocked {
			t.Errorf("a vault: %+v", got)
		}
		// The terminal will ask for its passphrase, and here nobody is asked.
		if got := find(Report(t.Context(), cfg, nil, nil), latchkey.FoundKeys); got.Trouble != nil || !strings.Contains(got.Value, filepath.Base(path)) {
			t.Errorf("a vault at the terminal: %+v", got)
		}
		must(t, closeAll(t.Context()))
	}
}

func TestReportOfWhatFoundTheStoreEmptied(t *testing.T) { // not parallel: it sets the environment
	cfg := newConfig(t)
	must(t, os.MkdirAll(cfg.Paths.Data, 0o700))
	must(t, os.WriteFile(cfg.Paths.Database(), []byte("my diary, which is longer than nothing"), 0o600))
	service, closeAll, err := New(t.Context(), cfg, Options{NoBrowser: true})
	must(t, err)
	got := find(Report(t.Context(), cfg, service, nil), latchkey.FoundNotices)
	if got.Value != "storage_replaced" || got.Trouble == nil || got.Trouble.Code != latchkey.StorageReplaced {
		t.Errorf("got %+v", got)
	}
	must(t, closeAll(t.Context()))
}

// Why there is no service is said once.
func TestReportOfAFailure(t *testing.T) { // not parallel: it sets the environment
	cfg := newConfig(t)
	r := Report(t.Context(), cfg, nil, latchkey.NewError(latchkey.StorageBusy, errors.New("canary")))
	if got := find(r, latchkey.FoundStart); got.Trouble == nil || got.Trouble.Code != latchkey.StorageBusy || strings.Contains(r.String(), "canary") {
		t.Errorf("got %+v", got)
	}
	must(t, os.MkdirAll(cfg.Paths.Database(), 0o700))
	r = Report(t.Context(), cfg, nil, latchkey.NewError(latchkey.StorageFailed, nil))
	if find(r, latchkey.FoundStart).Name != "" || find(r, latchkey.FoundDatabase).Trouble == nil {
		t.Errorf("got %s", r)
	}
	r = Report(t.Context(), config.Config{}, nil, &config.Error{Where: "environment", Key: "X", Why: "is wrong."})
	if got := find(r, latchkey.FoundConfig); got.Trouble == nil || got.Trouble.Code != latchkey.ConfigInvalid || !strings.Contains(got.Value, "is wrong.") || find(r, latchkey.FoundKeys).Name != "" {
		t.Errorf("got %s", r)
	}
}

// A release without an identity of its own says so; a program in development need not.
func TestReportOfTheClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client  string
		release bool
		value   string
		trouble latchkey.Code
	}{
		"development":        {config.Loopback, false, "a program in development (loopback)", ""},
		"release":            {config.Loopback, true, "a program in development (loopback)", latchkey.ClientUnnamed},
		"release of its own": {"https://app.example.com/client-metadata.json", true, "https://app.example.com/client-metadata.json", ""},
	} {
		f := client(config.Config{Brand: config.Brand{ClientID: c.client}, Release: c.release})
		if f.Name != latchkey.FoundClient || f.Value != c.value || (f.Trouble == nil) != (c.trouble == "") || f.Trouble != nil && f.Trouble.Code != c.trouble {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
