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

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
	"latchkey/backend/config"
	"latchkey/backend/keychain"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
)

const keyedClient = "https://app.example.com/client.json"

// keyedConfig is an installation of a product with a key, whose administrator has put this file there.
func keyedConfig(t *testing.T, file []byte, mode os.FileMode) config.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client-key.json")
	if file != nil {
		must(t, os.WriteFile(path, file, 0o600))
		must(t, os.Chmod(path, mode))
	}
	return config.Config{
		Brand: config.Brand{ID: "com.example.latchkey.wire", ClientID: keyedClient, Hosted: config.Hosted{ClientKey: config.MachineKey}},
		Paths: config.Paths{ClientKey: path},
	}
}

func generated(t *testing.T) []byte {
	t.Helper()
	file, err := clientauth.Generate()
	must(t, err)
	return file
}

// kept is a keychain with that text in it; an error stands for it when the text is empty.
func kept(text latchkey.Secret, code latchkey.Code) func(context.Context, string) (latchkey.Secret, error) {
	return func(_ context.Context, id string) (latchkey.Secret, error) {
		if text == "" || id != "client-key" {
			return "", latchkey.NewError(code, nil)
		}
		return text, nil
	}
}

// The administrator's file counts; without one, the keychain. What can't be used is not passed over.
func TestReadClientKey(t *testing.T) {
	t.Parallel()
	file, other := generated(t), generated(t)
	id := func(file []byte) string {
		key, err := clientauth.ParseKey(file)
		must(t, err)
		return key.ID()
	}
	none, missing := kept("", latchkey.KeychainItemMissing), latchkey.ClientKeyMissing
	for name, c := range map[string]struct {
		file   []byte
		mode   os.FileMode
		text   func(context.Context, string) (latchkey.Secret, error)
		want   string // the key's id
		code   latchkey.Code
		reason string // a piece of the cause
	}{
		"owner's file":          {file, 0o600, none, id(file), "", ""},
		"group's file":          {file, 0o640, none, id(file), "", ""},
		"file and keychain":     {file, 0o600, kept(latchkey.Secret(other), ""), id(file), "", ""},
		"keychain":              {nil, 0, kept(latchkey.Secret(other), ""), id(other), "", ""},
		"neither":               {nil, 0, none, "", missing, ""},
		"no keychain":           {nil, 0, kept("", latchkey.KeychainUnavailable), "", missing, ""},
		"locked keychain":       {nil, 0, kept("", latchkey.KeychainLocked), "", latchkey.KeychainLocked, ""},
		"everybody's file":      {file, 0o644, kept(latchkey.Secret(other), ""), "", latchkey.ClientKeyUnusable, "open to everybody"},
		"file to write for all": {file, 0o602, none, "", latchkey.ClientKeyUnusable, "open to everybody"},
		"no key":                {[]byte("{}"), 0o600, kept(latchkey.Secret(other), ""), "", latchkey.ClientKeyUnusable, "another kind"},
		"empty file":            {[]byte{}, 0o600, none, "", latchkey.ClientKeyUnusable, "JSON Web Key"},
		"long file":             {[]byte(strings.Repeat(" ", 1<<20) + string(file)), 0o600, none, "", latchkey.ClientKeyUnusable, "too large"},
		"no key in keychain":    {nil, 0, kept("canary", ""), "", latchkey.ClientKeyUnusable, "the item in the keychain is not"},
	} {
		if runtime.GOOS == "windows" && c.reason == "open to everybody" {
			continue // it has no modes
		}
		local, _, err := readClientKey(t.Context(), keyedConfig(t, c.file, c.mode), c.text)
		if c.code != "" {
			mustCode(t, err, c.code)
			if local != nil || !strings.Contains(err.Error(), c.reason) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || local.Key().ID() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	folder := keyedConfig(t, nil, 0)
	must(t, os.Mkdir(folder.Paths.ClientKey, 0o700))
	_, _, err := readClientKey(t.Context(), folder, none)
	mustCode(t, err, latchkey.ClientKeyUnusable)
}

// A key that comes later is found without a restart; one that was read stays.
func TestMachineKey(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	cfg := keyedConfig(t, nil, 0)
	web := safehttp.New(safehttp.Exceptions{}, "test")
	t.Cleanup(web.Close)
	protocol := newProtocol(cfg, web, keychain.New(cfg.Brand.ID))
	keys, err := protocol.NewKeys()
	must(t, err)
	if runtime.GOOS == "linux" {
		_, err = protocol.ClientAuth.Assertion(t.Context(), "https://pds.example.com", keys, "")
		mustCode(t, err, latchkey.ClientKeyMissing)
	}
	must(t, os.WriteFile(cfg.Paths.ClientKey, generated(t), 0o600))
	for range 2 {
		assertion, err := protocol.ClientAuth.Assertion(t.Context(), "https://pds.example.com", keys, "")
		if err != nil || strings.Count(string(assertion.Text), ".") != 2 {
			t.Errorf("%d bytes, %v", len(assertion.Text), err)
		}
		_ = os.Remove(cfg.Paths.ClientKey)
	}
}

func TestWhoProves(t *testing.T) {
	t.Parallel()
	web := safehttp.New(safehttp.Exceptions{}, "test")
	t.Cleanup(web.Close)
	for who, want := range map[string]func(*oauth.Client) bool{
		"": func(p *oauth.Client) bool { return p.ClientAuth == nil },
		config.MachineKey: func(p *oauth.Client) bool {
			m, ok := p.ClientAuth.(*machineKey)
			return ok && time.Until(m.now("x")).Abs() < time.Minute
		},
		config.BackendKey: func(p *oauth.Client) bool { _, ok := p.ClientAuth.(*clientauth.Remote); return ok },
	} {
		cfg := config.Config{Brand: config.Brand{ClientID: keyedClient, Hosted: config.Hosted{ClientKey: who, AssertionBackend: "https://keys.example.com"}}}
		if p := newProtocol(cfg, web, nil); !want(p) || p.ClientID != keyedClient {
			t.Errorf("%q: %T for %s", who, p.ClientAuth, p.ClientID)
		}
	}
}

// The report says how the key is, and shows nothing of it.
func TestReportOfTheKey(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	file := generated(t)
	for name, c := range map[string]struct {
		file    []byte
		mode    os.FileMode
		value   string
		trouble latchkey.Code
	}{
		"there":   {file, 0o600, "... in ", ""},
		"open":    {file, 0o604, "is open to everybody", latchkey.ClientKeyUnusable},
		"broken":  {[]byte("canary"), 0o600, "is not a JSON Web Key", latchkey.ClientKeyUnusable},
		"missing": {nil, 0, "is neither in ", latchkey.ClientKeyMissing},
	} {
		if runtime.GOOS != "linux" && name != "there" && name != "broken" {
			continue // no modes; and a keychain
		}
		cfg := keyedConfig(t, c.file, c.mode)
		f := clientKey(t.Context(), cfg)
		if f.Name.Title() == "" || !strings.Contains(f.Value, c.value) || !strings.Contains(f.Value, cfg.Paths.ClientKey) || (f.Trouble == nil) != (c.trouble == "") || f.Trouble != nil && f.Trouble.Code != c.trouble || strings.Contains(f.Value, "canary") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	backend := config.Config{Brand: config.Brand{Hosted: config.Hosted{ClientKey: config.BackendKey, AssertionBackend: "https://keys.example.com"}}}
	if f := clientKey(t.Context(), backend); f.Value != "the service at https://keys.example.com" || f.Trouble != nil {
		t.Errorf("got %+v", f)
	}
	whole := newConfig(t)
	if find(Report(t.Context(), whole, nil, nil), latchkey.FoundClientKey).Name != "" {
		t.Error("a product without a key says how it is")
	}
	whole.Brand.ClientID, whole.Brand.ClientKey = keyedClient, config.MachineKey
	if f := find(Report(t.Context(), whole, nil, nil), latchkey.FoundClientKey); runtime.GOOS == "linux" && (f.Trouble == nil || f.Trouble.Code != latchkey.ClientKeyMissing) {
		t.Errorf("got %+v", f)
	}
}

func TestImportRefuses(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	cfg := keyedConfig(t, generated(t), 0o600)
	if runtime.GOOS == "linux" {
		_, err := ImportClientKey(t.Context(), cfg, cfg.Paths.ClientKey)
		mustCode(t, err, latchkey.KeychainUnavailable)
	}
	refused := func(cfg config.Config, path, key, why string) {
		t.Helper()
		_, err := ImportClientKey(t.Context(), cfg, path)
		var e *config.Error
		if !errors.As(err, &e) || e.Key != key || !strings.Contains(e.Why, why) {
			t.Errorf("got %v, want %q", err, why)
		}
	}
	refused(cfg, cfg.Paths.ClientKey+"x", "", "can't be read")
	must(t, os.WriteFile(cfg.Paths.ClientKey, []byte(`{"kty":"EC"}`), 0o600))
	refused(cfg, cfg.Paths.ClientKey, "", "another kind")
	cfg.Brand.ClientKey = config.BackendKey
	refused(cfg, cfg.Paths.ClientKey, "client_key", "machine")
}
