package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

// diagnose runs doctor in words and as JSON, wants both to say the same, and answers what is not fine.
func (h *home) diagnose(t *testing.T) (words string, findings map[string]string, troubles map[string]latchkey.Code) {
	t.Helper()
	plain, object := h.run(t, "doctor"), h.run(t, "doctor", "--json")
	findings, troubles = map[string]string{}, map[string]latchkey.Code{}
	for _, line := range objects(t, object.out) {
		name, value := line["name"].(string), line["value"].(string)
		findings[name] = value
		if problem, ok := line["error"].(map[string]any); ok {
			code := latchkey.Code(problem["code"].(string))
			troubles[name] = code
			if problem["message"] != code.Sentence() || !strings.Contains(plain.out, "  !  "+latchkey.FindingName(name).Title()+": "+value+"\n     "+string(code)+": "+code.Sentence()+"\n") {
				t.Errorf("%s: %v, and in words %s", name, problem, plain.out)
			}
		} else if !strings.Contains(plain.out, " ok  "+latchkey.FindingName(name).Title()+": "+value+"\n") {
			t.Errorf("%s is not said in words: %s", name, plain.out)
		}
		if line["fine"] != (troubles[name] == "") {
			t.Errorf("%v", line)
		}
	}
	want := 0
	if len(troubles) > 0 {
		want = 1
	}
	if plain.status != want || object.status != want || plain.err+object.err != "" {
		t.Errorf("statuses %d and %d, want %d; %s", plain.status, object.status, want, plain.err+object.err)
	}
	return plain.out + object.out, findings, troubles
}

// withVault makes it a home where nothing is wrong: a vault keeps the keys.
func (h *home) withVault(t *testing.T) {
	t.Helper()
	h.passphrase(t, "four words of mine\n", 0o600)
	if got := h.run(t, "vault", "create"); got.status != 0 {
		t.Fatalf("%+v", got)
	}
}

func mustBe(t *testing.T, troubles map[string]latchkey.Code, want map[string]latchkey.Code) {
	t.Helper()
	for name, code := range want {
		if troubles[name] != code {
			t.Errorf("%s: %q, want %q", name, troubles[name], code)
		}
	}
	if len(troubles) != len(want) {
		t.Errorf("troubles %v, want %v", troubles, want)
	}
}

// A computer without a keychain, and nothing of ours on it: doctor makes nothing either.
func TestDoctorOnAFreshComputer(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	words, findings, troubles := h.diagnose(t)
	mustBe(t, troubles, map[string]latchkey.Code{"keys": latchkey.KeychainUnavailable})
	if findings["keys"] != "no keychain" || findings["database"] != "not made yet" || !strings.Contains(words, hints[latchkey.KeychainUnavailable]) {
		t.Errorf("got %v", findings)
	}
	if entries, err := os.ReadDir(h.dir); err != nil || len(entries) != 0 {
		t.Errorf("it made %v, %v", entries, err)
	}
}

func TestDoctorIsContent(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.withVault(t)
	_, findings, troubles := h.diagnose(t)
	mustBe(t, troubles, nil)
	if !strings.HasPrefix(findings["keys"], "a file under a passphrase, ") || !strings.HasPrefix(findings["database"], "whole, version ") || findings["accounts"] != "0 signed in" {
		t.Errorf("got %v", findings)
	}
}

func TestDoctorFindsTrouble(t *testing.T) {
	t.Parallel()
	write := func(t *testing.T, path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil func(*testing.T, *home)
		want  map[string]latchkey.Code
	}{
		"no database": {func(t *testing.T, h *home) {
			write(t, h.database(t), "my diary, which is much longer than nothing")
		},
			map[string]latchkey.Code{"database": latchkey.StorageDamaged}},
		"no folder": {func(t *testing.T, h *home) { must(t, os.RemoveAll(h.path("data"))); write(t, h.path("data"), "") },
			map[string]latchkey.Code{"database": latchkey.StorageFailed, "folder": latchkey.StorageFailed, "keys": latchkey.StorageFailed}},
		"no vault": {func(t *testing.T, h *home) { write(t, h.vault(t), "my diary") },
			map[string]latchkey.Code{"keys": latchkey.VaultDamaged}},
		"another passphrase": {func(t *testing.T, h *home) { write(t, h.path("passphrase"), "four other words\n") },
			map[string]latchkey.Code{"keys": latchkey.VaultLocked}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.withVault(t)
			c.spoil(t, h)
			_, _, troubles := h.diagnose(t)
			mustBe(t, troubles, c.want)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hostile: 56
func TestDoctorNamesNobody(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dir = filepath.Join(h.dir, "canary-home")
	must(t, os.Mkdir(h.dir, 0o700))
	for i, entry := range h.environment {
		if name, _, ours := strings.Cut(entry, "="); ours && (strings.HasPrefix(name, "XDG_") || name == "HOME") {
			h.environment[i] = name + "=" + h.path(map[string]string{"XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state"}[name])
		}
	}
	h.withVault(t)
	db, err := sql.Open("sqlite", "file:"+h.database(t))
	must(t, err)
	for _, statement := range []string{
		`INSERT INTO accounts (did, handle, server, status, reason, last_used) VALUES
			('did:plc:canaryalice', 'canary-alice.test', 'https://canary.example.com', 'active', '', 2),
			('did:web:canary-bob.test', 'canary-bob.test', 'https://canary.example.com', 'needs_sign_in', 'session_rejected', 1),
			('did:web:canary-eve.test', 'canary-eve.test', 'https://canary.example.com', 'needs_sign_in', 'did:web:canary-eve.test', 1)`,
		`INSERT INTO settings (key, value) VALUES ('email_provider', 'https://canary-mail.example.com')`,
		`INSERT INTO sign_ins (id, did, client_id, deadline, sealed) VALUES ('canary-id', 'did:plc:canaryalice', 'canary', 99999999999999, CAST('canary' AS BLOB))`,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, db.Close())
	words, findings, troubles := h.diagnose(t)
	words = strings.ReplaceAll(words, mustLoad(t).Brand.ClientID, "") // which is nobody's, and public
	for _, secret := range []string{"canary", "did:", "four words", "@", "://"} {
		if strings.Contains(words, secret) {
			t.Errorf("%q is in %s", secret, words)
		}
	}
	if !strings.HasPrefix(findings["folder"], "~/") || findings["accounts"] != "1 signed in, 1 to sign in again (internal), 1 to sign in again (session_rejected)" || !strings.HasPrefix(findings["pending"], "1 sign-ins") {
		t.Errorf("got %v", findings)
	}
	if troubles["accounts"] == "" {
		t.Error("nobody is told to sign in again")
	}
}
