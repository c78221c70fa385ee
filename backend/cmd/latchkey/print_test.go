package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

var (
	alice = latchkey.Account{
		DID: "did:plc:ewvi7nxzyoun6zhxrhs64oiz", Handle: "alice.test", Server: "https://pds.example.com", Status: latchkey.Active,
		Scopes: []string{"atproto"}, LastUsed: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	// bob has no handle that could be verified, and has to sign in again.
	bob = latchkey.Account{
		DID: "did:web:bob.example.com", Server: "https://pds.example.com", Status: latchkey.NeedsSignIn, Reason: latchkey.SessionRejected,
		Scopes: []string{}, LastUsed: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	aliceJSON = map[string]any{
		"did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "handle": "alice.test", "server": "https://pds.example.com", "status": "active",
		"scopes": []any{"atproto"}, "lastUsed": "2026-01-02T03:04:05Z",
	}
	bobJSON = map[string]any{
		"did": "did:web:bob.example.com", "handle": "", "server": "https://pds.example.com", "status": "needs_sign_in",
		"reason": "session_rejected", "scopes": []any{}, "lastUsed": "2026-01-01T00:00:00Z",
		"message": latchkey.SessionRejected.Sentence(),
	}
)

// and is a JSON object with one more key.
func and(object map[string]any, key string, value any) map[string]any {
	more := maps.Clone(object)
	more[key] = value
	return more
}

const address = "https://pds.example.com/oauth/authorize?client_id=http%3A%2F%2Flocalhost&request_uri=urn%3Ax"

func TestPrinting(t *testing.T) {
	t.Parallel()
	link := func() (latchkey.Secret, error) { return address, nil }
	waiting := latchkey.SignIn{ID: "1", Phase: latchkey.Waiting}
	failedJSON := func(code latchkey.Code, message string, retryable bool) map[string]any {
		return map[string]any{"event": "failed", "error": map[string]any{"code": string(code), "message": message, "retryable": retryable}}
	}
	lasting, ending, moved := alice, alice, alice
	lasting.SessionEnds = time.Now().Add(100 * time.Hour).UTC()
	ending.SessionEnds = time.Now().Add(40 * time.Hour).UTC()
	moved.Server, moved.Status, moved.Reason = "https://new.example.com", latchkey.NeedsSignIn, latchkey.AccountMoved
	until := lasting.SessionEnds.Local().Format("Monday, 2 January at 15:04")
	soon := ending.SessionEnds.Local().Format("Monday, 2 January at 15:04")
	tests := []struct {
		name     string
		print    func(p *printer)
		out, err string // in words
		json     []any  // as JSON, on standard output
		jsonErr  string
	}{
		{"open", func(p *printer) { p.progress(waiting, false, link) }, "", "open: " + address + "\n", []any{map[string]any{"event": "open", "url": address}}, ""},
		{"open once for each attempt", func(p *printer) {
			for _, id := range []string{"1", "1", "2", "2"} {
				p.progress(latchkey.SignIn{ID: id, Phase: latchkey.Waiting}, false, link)
			}
		}, "", strings.Repeat("open: "+address+"\n", 2), []any{map[string]any{"event": "open", "url": address}, map[string]any{"event": "open", "url": address}}, ""},
		{"nothing to open in other phases", func(p *printer) {
			for _, phase := range []latchkey.Phase{latchkey.Resolving, latchkey.Exchanging, latchkey.Done, latchkey.Failed} {
				p.progress(latchkey.SignIn{ID: "1", Phase: phase}, false, link)
			}
		}, "", "", nil, ""},
		{"nothing to open any more", func(p *printer) {
			p.progress(waiting, false, func() (latchkey.Secret, error) { return "", latchkey.NewError(latchkey.NoSignIn, nil) })
		}, "", "", nil, ""},
		{"signed in", func(p *printer) { p.signedIn(alice, false) },
			"Signed in as alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com.\n", "",
			[]any{map[string]any{"event": "signed_in", "account": aliceJSON}}, ""},
		{"open, a code was mailed", func(p *printer) {
			p.progress(latchkey.SignIn{ID: "1", Phase: latchkey.Waiting, Server: "https://mail.example.com", CodeByEmail: true}, true, link)
		}, "", "https://mail.example.com will mail a code to your address. Type it on the page that opens.\nopen: " + address + "\n",
			[]any{map[string]any{"event": "open", "url": address}}, ""},
		{"open, the email is typed there", func(p *printer) {
			p.progress(latchkey.SignIn{ID: "1", Phase: latchkey.Waiting, Server: "https://pds.example.com"}, true, link)
		}, "", "Type your email once more on the page of https://pds.example.com.\nopen: " + address + "\n",
			[]any{map[string]any{"event": "open", "url": address}}, ""},
		{"signed in with another email", func(p *printer) { p.signedIn(alice, true) },
			"Signed in as alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com.\n" +
				"This account belongs to another email than the one you gave. To sign it out again: latchkey logout alice.test\n", "",
			[]any{map[string]any{"event": "signed_in", "account": aliceJSON, "other_email": true}}, ""},
		{"signed out", func(p *printer) { p.signedOut(bob) }, "Signed out of did:web:bob.example.com.\n", "",
			[]any{map[string]any{"event": "signed_out", "account": bobJSON}}, ""},
		{"an account with a session", func(p *printer) { p.account(lasting) },
			"alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com\n  Signed in until " + until + ".\n", "",
			[]any{and(aliceJSON, "sessionEnds", lasting.SessionEnds.Format(time.RFC3339Nano))}, ""},
		{"an account whose session ends soon", func(p *printer) { p.account(ending) },
			"alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com\n  Signed in until " + soon + ". To renew it now: latchkey login alice.test\n", "",
			[]any{and(and(aliceJSON, "sessionEnds", ending.SessionEnds.Format(time.RFC3339Nano)), "endsSoon", true)}, ""},
		{"an account that moved", func(p *printer) { p.account(moved) },
			"alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://new.example.com\n  Your account has moved to new.example.com. Sign in there to go on.\n", "",
			[]any{and(and(and(and(aliceJSON, "server", "https://new.example.com"), "status", "needs_sign_in"), "reason", "account_moved"), "message", "Your account has moved to new.example.com. Sign in there to go on.")}, ""},
		{"what changes", func(p *printer) { p.change("needs_sign_in", bob); p.change("removed", alice) },
			"needs sign in: did:web:bob.example.com (did:web:bob.example.com) on https://pds.example.com\n  " + latchkey.SessionRejected.Sentence() + "\n" +
				"removed: alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com\n", "",
			[]any{map[string]any{"event": "needs_sign_in", "account": bobJSON}, map[string]any{"event": "removed", "account": aliceJSON}}, ""},
		{"notices", func(p *printer) { p.notices([]latchkey.Code{latchkey.StorageEmptied}) }, "", "latchkey: storage_emptied: " + latchkey.StorageEmptied.Sentence() + "\n",
			[]any{map[string]any{"event": "notices", "notices": []any{map[string]any{"code": "storage_emptied", "message": latchkey.StorageEmptied.Sentence()}}}}, ""},
		{"no notices any more", func(p *printer) { p.notices(nil) }, "", "", []any{map[string]any{"event": "notices", "notices": []any{}}}, ""},
		{"accounts", func(p *printer) { p.account(alice); p.account(bob) },
			"alice.test (did:plc:ewvi7nxzyoun6zhxrhs64oiz) on https://pds.example.com\n" +
				"did:web:bob.example.com (did:web:bob.example.com) on https://pds.example.com\n  " + latchkey.SessionRejected.Sentence() + "\n", "",
			[]any{aliceJSON, bobJSON}, ""},
		{"vault created", func(p *printer) { p.vaultCreated("/home/alice/keys.age") },
			"From now on your keys are kept in /home/alice/keys.age.\nNobody can open it without the passphrase, and nobody can find out the passphrase: do not forget it.\n", "",
			[]any{map[string]any{"event": "vault_created", "path": "/home/alice/keys.age"}}, ""},
		{"vault removed", func(p *printer) { p.vaultRemoved("/home/alice/keys.age") }, "Removed /home/alice/keys.age.\n", "",
			[]any{map[string]any{"event": "vault_removed", "path": "/home/alice/keys.age"}}, ""},
		{"version", func(p *printer) { p.version("1.2.3") }, "latchkey 1.2.3\n", "", []any{map[string]any{"version": "1.2.3"}}, ""},
		{"failed", func(p *printer) {
			p.failed(fmt.Errorf("x: %w", latchkey.NewError(latchkey.ServerBusy, errors.New("canary"))))
		},
			"", "latchkey: server_busy: " + latchkey.ServerBusy.Sentence() + "\n",
			[]any{failedJSON(latchkey.ServerBusy, latchkey.ServerBusy.Sentence(), true)}, "latchkey: server_busy: " + latchkey.ServerBusy.Sentence() + "\n"},
		{"failed for a foreign reason", func(p *printer) { p.failed(errors.New("canary")) },
			"", "latchkey: internal: " + latchkey.Internal.Sentence() + "\n",
			[]any{failedJSON(latchkey.Internal, latchkey.Internal.Sentence(), true)}, "latchkey: internal: " + latchkey.Internal.Sentence() + "\n"},
		{"wrong settings", func(p *printer) {
			p.failed(&config.Error{Where: "build/brand/brand.json", Key: "name", Why: "is wrong."})
		},
			"", "latchkey: config_invalid: build/brand/brand.json: \"name\" is wrong.\n",
			[]any{failedJSON(latchkey.ConfigInvalid, `build/brand/brand.json: "name" is wrong.`, false)}, "latchkey: config_invalid: build/brand/brand.json: \"name\" is wrong.\n"},
		{"wrong usage", func(p *printer) { p.failed(usageError{errors.New("say more")}) }, "", "latchkey: say more\n", nil, "latchkey: say more\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			tt.print(&printer{out: &stdout, err: &stderr})
			if stdout.String() != tt.out || stderr.String() != tt.err {
				t.Errorf("in words: %q and %q", stdout.String(), stderr.String())
			}
			if all := stdout.String() + stderr.String(); strings.Contains(all, "canary") {
				t.Errorf("the cause is shown: %s", all)
			}
			stdout.Reset()
			stderr.Reset()
			tt.print(&printer{json: true, out: &stdout, err: &stderr})
			var got []any
			for _, object := range objects(t, stdout.String()) {
				got = append(got, object)
			}
			if !reflect.DeepEqual(got, tt.json) || stderr.String() != tt.jsonErr {
				t.Errorf("as JSON: %q and %q", stdout.String(), stderr.String())
			}
		})
	}
}

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{latchkey.NewError(latchkey.Denied, nil), 1},
		{context.Canceled, 1},
		{&config.Error{}, 1},
		{usageError{errors.New("x")}, 2},
		{fmt.Errorf("x: %w", usageError{errors.New("x")}), 2},
	} {
		if got := exitStatus(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}
