package main

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"",
		"bogus",
		"bogus --json",
		"--json",
		"--bogus",
		"--version",
		"login",
		"login a.test b.test",
		"login --bogus a.test",
		"login --no-browser=perhaps a.test",
		"whoami a.test",
		"accounts a.test",
		"accounts --watch=perhaps",
		"switch",
		"switch a.test b.test",
		"logout a.test b.test",
		"logout --all a.test",
		"logout --all=perhaps",
		"version 1",
		"vault",
		"vault bogus",
		"vault create four words of mine",
		"vault create --passphrase=x",
		"vault remove x",
		"doctor x",
		"doctor --bogus",
		"api",
		"api nonsense",
		"api https://pds.example.com/xrpc/com.atproto.server.getSession",
		"api com.atproto",
		"api com.atproto.repo.listRecords repo",
		"api com.atproto.repo.listRecords =x",
		"api --post com.atproto.repo.createRecord record=:{",
		"api --post com.atproto.repo.createRecord record=:",
		"api --account",
		"client-key",
		"client-key bogus",
		"client-key generate x",
		"client-key generate --bogus",
		"client-key jwks",
		"completion bash x",
		"completion fish --bogus",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			// In a home of its own: a check that broke must not sign out whoever runs the tests.
			h := newHome(t)
			got := h.run(t, strings.Fields(line)...)
			if got.status != 2 || got.out != "" {
				t.Errorf("%q: status %d, output %q", line, got.status, got.out)
			}
			if !strings.HasPrefix(got.err, "latchkey: ") || strings.Count(got.err, "\n") != 1 || !strings.HasSuffix(got.err, "\n") || strings.Contains(got.err, "internal") || strings.Contains(got.err, "json:") {
				t.Errorf("%q: the complaint is %q", line, got.err)
			}
			if entries, err := os.ReadDir(h.dir); err != nil || len(entries) != 0 {
				t.Errorf("%q: it made %v, %v", line, entries, err)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for line, words := range map[string][]string{
		"--help":           {"login", "whoami", "accounts", "switch", "logout", "api", "vault", "doctor", "version", "--json"},
		"help":             {"login"},
		"login --help":     {"IDENTIFIER", "--no-browser", "--scope"},
		"help logout":      {"--all"},
		"api -h":           {"NSID", "--post", "--account"},
		"completion bash":  {"complet"},
		"whoami --help":    {"whoami"},
		"accounts --help":  {"--watch"},
		"switch --help":    {"ACCOUNT"},
		"vault --help":     {"create", "remove", config.Variable(config.PassphraseFile), "no keychain"},
		"version --help":   {"version"},
		"doctor --help":    {"no network", "Exit status"},
		"logout --help":    {"--all"},
		"--json --help":    {"login"},
		"--help --json=no": {},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), strings.Fields(line), &stdout, &stderr)
		if len(words) == 0 {
			if status != 2 {
				t.Errorf("%q: status %d", line, status)
			}
			continue
		}
		if status != 0 || stderr.Len() != 0 {
			t.Errorf("%q: status %d, %q", line, status, stderr.String())
		}
		for _, word := range words {
			if !strings.Contains(stdout.String(), word) {
				t.Errorf("%q does not mention %s", line, word)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var plain, object, stderr bytes.Buffer
	if status := run(t.Context(), []string{"version"}, &plain, &stderr); status != 0 || stderr.Len() != 0 {
		t.Fatalf("status %d, %q", status, stderr.String())
	}
	if status := run(t.Context(), []string{"version", "--json"}, &object, &stderr); status != 0 || stderr.Len() != 0 {
		t.Fatalf("status %d, %q", status, stderr.String())
	}
	lines := objects(t, object.String())
	if len(lines) != 1 || len(lines[0]) != 1 || plain.String() != "latchkey "+lines[0]["version"].(string)+"\n" {
		t.Errorf("version says %q and %q", plain.String(), object.String())
	}
}

// Nobody is signed in, there is no keychain, no desktop and no network: every command answers.
func TestNobodySignedIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		code latchkey.Code // empty for success
	}{
		{"accounts", ""},
		{"logout --all", ""},
		{"whoami", latchkey.NotSignedIn},
		{"logout", latchkey.NotSignedIn},
		{"logout alice.test", latchkey.AccountUnknown},
		{"switch alice.test", latchkey.AccountUnknown},
		{"logout did:plc:ewvi7nxzyoun6zhxrhs64oiz", latchkey.AccountUnknown},
		{"api com.atproto.server.getSession", latchkey.NotSignedIn},
		{"api --account alice.test com.atproto.server.getSession", latchkey.AccountUnknown},
		{"login @", latchkey.IdentifierMissing},
		{"login nonsense", latchkey.InvalidIdentifier},
		{"login --no-browser javascript:alert(1)", latchkey.InvalidIdentifier},
		{"login alice@example.com", latchkey.EmailProviderNotSet},
		// hostile: 17
		{"login https://127.0.0.1:1", latchkey.ServerUnsafe},
		{"login https://[::ffff:10.0.0.1]", latchkey.ServerUnsafe},
		{"login localhost:1", latchkey.ServerUnsafe},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			plain := h.run(t, strings.Fields(tt.line)...)
			object := h.run(t, append(strings.Fields(tt.line), "--json")...)
			if tt.code == "" {
				for _, got := range []outcome{plain, object} {
					if got != (outcome{}) {
						t.Errorf("got %+v", got)
					}
				}
				return
			}
			want := outcome{1, "", "latchkey: " + string(tt.code) + ": " + tt.code.Sentence() + "\n"}
			if plain != want {
				t.Errorf("got %+v, want %+v", plain, want)
			}
			lines := objects(t, object.out)
			failed := map[string]any{"event": "failed", "error": map[string]any{
				"code": string(tt.code), "message": tt.code.Sentence(), "retryable": latchkey.NewError(tt.code, nil).Retryable(),
			}}
			if object.status != 1 || object.err != want.err || len(lines) != 1 || !reflect.DeepEqual(lines[0], failed) {
				t.Errorf("with --json: %+v", object)
			}
			// Data lies in the folders that were named, and nowhere else.
			entries, err := os.ReadDir(h.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Name() != "data" && e.Name() != "state" {
					t.Errorf("it made %s", e.Name())
				}
			}
		})
	}
}
