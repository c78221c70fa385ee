package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

// mustLoad is the configuration of this build.
func mustLoad(t *testing.T) config.Config {
	t.Helper()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// vault is where the vault of a home lies.
func (h *home) vault(t *testing.T) string {
	t.Helper()
	return h.paths(t).Vault()
}

func (h *home) database(t *testing.T) string {
	t.Helper()
	return h.paths(t).Database()
}

func (h *home) paths(t *testing.T) config.Paths {
	t.Helper()
	return config.Paths{Data: h.path(filepath.Join("data", mustLoad(t).Brand.ID))}
}

// passphrase makes a file with a passphrase, which the programs of this home read.
func (h *home) passphrase(t *testing.T, content string, mode os.FileMode) {
	t.Helper()
	path := h.path("passphrase")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	h.environment = append(h.environment, config.Variable(config.PassphraseFile)+"="+path)
}

// mustRefuse runs a command in words and as JSON, and wants the same refusal and nothing changed.
func (h *home) mustRefuse(t *testing.T, line string, code latchkey.Code) {
	t.Helper()
	before, _ := os.ReadFile(h.vault(t))
	plain, object := h.run(t, strings.Fields(line)...), h.run(t, append(strings.Fields(line), "--json")...)
	want := "latchkey: " + string(code) + ": " + code.Sentence() + "\n"
	if plain.status != 1 || plain.out != "" || !strings.HasPrefix(plain.err, want) || object.err != plain.err {
		t.Errorf("%s: got %+v, want %q", line, plain, want)
	}
	failed := map[string]any{"event": "failed", "error": map[string]any{
		"code": string(code), "message": code.Sentence(), "retryable": latchkey.NewError(code, nil).Retryable(),
	}}
	if lines := objects(t, object.out); object.status != 1 || len(lines) != 1 || !reflect.DeepEqual(lines[0], failed) {
		t.Errorf("%s with --json: %+v", line, object)
	}
	if after, _ := os.ReadFile(h.vault(t)); !bytes.Equal(before, after) {
		t.Errorf("%s changed the file", line)
	}
}

func TestVault(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.mustRefuse(t, "vault remove", latchkey.VaultMissing)
	h.mustRefuse(t, "vault create", latchkey.VaultLocked) // there is no terminal
	h.passphrase(t, "four words of mine\n", 0o600)
	got := h.run(t, "vault", "create", "--json")
	want := map[string]any{"event": "vault_created", "path": h.vault(t)}
	if lines := objects(t, got.out); got.status != 0 || got.err != "" || len(lines) != 1 || !reflect.DeepEqual(lines[0], want) {
		t.Fatalf("got %+v", got)
	}
	data, err := os.ReadFile(h.vault(t))
	if err != nil {
		t.Fatal(err)
	}
	// As much work to guess the passphrase as age thinks right.
	if lines := strings.Split(string(data), "\n"); len(lines) < 2 || lines[0] != "age-encryption.org/v1" || !strings.HasPrefix(lines[1], "-> scrypt ") || !strings.HasSuffix(lines[1], " 18") {
		t.Error("the file is not age's, or takes too little work")
	}
	h.mustRefuse(t, "vault create", latchkey.VaultExists)
	h.mustRefuse(t, "whoami", latchkey.NotSignedIn) // needs no keys, so nobody is asked
	got = h.run(t, "vault", "remove")
	if want := (outcome{0, "Removed " + h.vault(t) + ".\n", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := os.Lstat(h.vault(t)); err == nil {
		t.Error("the file is still there")
	}
}

func TestVaultRefusesPassphrases(t *testing.T) {
	t.Parallel()
	for _, passphrase := range []string{"short\n", "elf letters\n", "elf letters\nand a second line\n"} {
		h := newHome(t)
		h.passphrase(t, passphrase, 0o600)
		h.mustRefuse(t, "vault create", latchkey.PassphraseWeak)
	}
	h := newHome(t)
	h.passphrase(t, "canary words of mine\n", 0o644)
	got := h.run(t, "vault", "create")
	if want := `latchkey: config_invalid: environment: "` + config.Variable(config.PassphraseFile) + `" names a file that others may read`; got.status != 1 || got.out != "" || !strings.HasPrefix(got.err, want) || strings.Contains(got.err, "canary") {
		t.Errorf("got %+v", got)
	}
	if _, err := os.Lstat(h.vault(t)); err == nil {
		t.Error("a file was made")
	}
}

// What a terminal offers beyond the sentence.
func TestHints(t *testing.T) {
	t.Parallel()
	for code, way := range hints {
		for _, p := range []printer{{}, {json: true}} {
			var stdout, stderr bytes.Buffer
			p.out, p.err = &stdout, &stderr
			p.failed(latchkey.NewError(code, nil))
			if want := "latchkey: " + string(code) + ": " + code.Sentence() + "\n" + way + "\n"; stderr.String() != want {
				t.Errorf("%s: %q", code, stderr.String())
			}
			if strings.Contains(stdout.String(), way) {
				t.Errorf("%s: the hint is for people: %q", code, stdout.String())
			}
		}
	}
	if !strings.Contains(hints[latchkey.KeychainUnavailable], "latchkey vault create") {
		t.Error("who has no keychain is not told of the vault")
	}
}
