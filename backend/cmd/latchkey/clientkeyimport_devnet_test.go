//go:build devnet

package main

import (
	"os"
	"strings"
	"testing"

	"latchkey/backend/config"
)

// What whoever looks after computers does: a key, its public part hosted, the page, the key on the computer.
func TestKeyOfTheMachine(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	file := h.path("key.json")
	if made := h.run(t, "client-key", "generate", "--out", file); made.status != 0 {
		t.Fatalf("got %+v", made)
	}
	for _, args := range [][]string{{"client-key", "import", file}, {"client-metadata", "hand-on"}} {
		if got := h.run(t, args...); got.status != 1 || got.out != "" || !strings.Contains(got.err, `config_invalid: build/brand/brand.json: "client_key" is `) {
			t.Errorf("%v of a product without a key: %+v", args, got)
		}
	}
	h.environment = append(h.environment, config.Variable("NAME")+"=Harbour <Notes>", config.Variable("CLIENT_ID")+"=https://app.acme.com/oauth-client-metadata.json", config.Variable("CLIENT_KEY")+"=machine",
		config.Variable("JWKS_URI")+"=https://app.acme.com/jwks.json", config.Variable("CLIENT_KEY_FILE")+"="+h.path("administrator.json"))
	document := objects(t, h.run(t, "client-metadata", "--json").out)[0]
	if back, _ := document["redirect_uris"].([]any); len(back) != 1 || back[0] != "https://app.acme.com/callback" {
		t.Errorf("redirects are %v", back)
	}
	for field, want := range map[string]any{"application_type": "web", "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256", "jwks_uri": "https://app.acme.com/jwks.json", "jwks": nil} {
		if document[field] != want {
			t.Errorf("%s is %v, want %v", field, document[field], want)
		}
	}
	if got := h.run(t, "client-metadata", "check", "--offline"); got != (outcome{out: " ok  Servers take it.\n"}) {
		t.Errorf("got %+v", got)
	}
	page := h.run(t, "client-metadata", "hand-on")
	if page.status != 0 || !strings.HasPrefix(page.out, "<!doctype html>\n") || !strings.Contains(page.out, "<title>Back to Harbour &lt;Notes&gt;</title>") {
		t.Errorf("got %+v", page)
	}
	if got := objects(t, h.run(t, "client-metadata", "hand-on", "--json").out); len(got) != 1 || got[0]["page"] != page.out {
		t.Errorf("got %v", got)
	}
	doctor := func() map[string]any {
		for _, line := range objects(t, h.run(t, "doctor", "--json").out) {
			if line["name"] == "client_key" {
				return line
			}
		}
		t.Fatal("doctor says nothing of the key")
		return nil
	}
	if got := doctor(); !strings.Contains(got["value"].(string), "administrator.json nor in the keychain") || got["error"].(map[string]any)["code"] != "client_key_missing" {
		t.Errorf("got %v", got)
	}
	// There is no keychain here, so it is the file.
	if got := h.run(t, "client-key", "import", file); got.status != 1 || !strings.Contains(got.err, "keychain_unavailable") {
		t.Errorf("got %+v", got)
	}
	must(t, os.Rename(file, h.path("administrator.json")))
	if got := doctor(); !strings.Contains(got["value"].(string), "administrator.json") || got["error"] != nil {
		t.Errorf("got %v", got)
	}
	for _, args := range [][]string{{"client-key", "import"}, {"client-key", "import", "a", "b"}, {"client-metadata", "hand-on", "x"}} {
		if got := h.run(t, args...); got.status != 2 || got.out != "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
