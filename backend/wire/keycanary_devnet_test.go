//go:build devnet

package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
	"latchkey/backend/oauth"
	"latchkey/backend/wire"
)

// overhearingAuth writes down every assertion.
type overhearingAuth struct {
	latchkey.ClientAuth
	heard *overhearing
}

func (o overhearingAuth) Assertion(ctx context.Context, issuer string, keys latchkey.Keys, keyID string) (latchkey.Assertion, error) {
	assertion, err := o.ClientAuth.Assertion(ctx, issuer, keys, keyID)
	o.heard.hear("an assertion", assertion.Text)
	if parts := strings.Split(string(assertion.Text), "."); len(parts) == 3 {
		o.heard.hear("an assertion's signature", latchkey.Secret(parts[2]))
	}
	return assertion, err
}

// A product with a key that was declined, signed in, renewed, lost its key, got another one, and signed out leaves neither
// the key nor an assertion in anything that it wrote or told; nor the code, which passed through a page of the product's.
// hostile: 56
func TestNothingLeaksOfTheKey(t *testing.T) {
	t.Parallel()
	key, another := newProductKey(t), newProductKey(t)
	h := newHouse(t, keyed(t, "/keyed/canary", key))
	h.host(nil)
	var log bytes.Buffer
	var told []latchkey.Event
	heard := &overhearing{secrets: map[string]string{}}
	listen := func() (stop func()) {
		protocol := h.Protocol.(*oauth.Client)
		protocol.ClientAuth = overhearingAuth{protocol.ClientAuth, heard}
		heard.Protocol, h.Protocol = protocol, heard // nobody has used it yet
		h.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		return h.Subscribe(func(e latchkey.Event) { told = append(told, e) })
	}
	for _, k := range []productKey{key, another} {
		var file map[string]string
		if err := json.Unmarshal(k.file, &file); err != nil {
			t.Fatal(err)
		}
		heard.hear("a product's key", latchkey.Secret(file["d"]))
	}
	wrote := map[string][]byte{}
	stop := listen()
	denying := through(alice())
	denying.Action = devnet.Deny
	_, _, err := h.signIn("alice.test", denying)
	wantCode(t, err, latchkey.Denied)
	errs := err.Error()
	account := h.mustSignIn("alice.test", through(alice()))
	h.endAccess(account.DID.String())
	if _, err := h.getSession(account); err != nil {
		t.Fatal(err)
	}
	h.endAccess(account.DID.String())
	for when, file := range map[string][]byte{"without a key": nil, "with another key": another.file, "with half a key": key.file[:len(key.file)/2]} {
		stop()
		h.shut()
		_ = os.Remove(h.config.Paths.ClientKey)
		if file != nil {
			if err := os.WriteFile(h.config.Paths.ClientKey, file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h.open()
		stop = listen()
		_, err := h.getSession(account)
		if err == nil {
			t.Errorf("%s a session was renewed", when)
			continue
		}
		errs += err.Error()
		wrote["diagnostics "+when] = []byte(wire.Report(t.Context(), h.config, h.Service, err).String())
		h.snapshot(when, wrote)
	}
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	stop()
	h.shut()
	h.snapshot("after the sign-out", wrote)
	if wrote["the events"], err = json.Marshal(told); err != nil {
		t.Fatal(err)
	}
	wrote["the errors"], wrote["the log"] = []byte(errs), log.Bytes()
	for name, text := range wrote {
		for _, leak := range leaks(text, heard.secrets) {
			t.Errorf("%s: %s", name, leak)
		}
	}
	// What is not heard of, or looked for in nothing, is not found either.
	kinds := map[string]int{}
	for _, what := range heard.secrets {
		kinds[what]++
	}
	for kind, least := range map[string]int{"a product's key": 2, "an assertion": 6, "an assertion's signature": 6, "a code": 1, "an access token": 2} {
		if kinds[kind] < least {
			t.Errorf("heard of %d times %s", kinds[kind], kind)
		}
	}
	for name, words := range map[string]string{
		"the errors": "no applicable key", "the log": "sign-in failed", "the events": account.DID.String(),
		"diagnostics with half a key": "client_key_unusable", "diagnostics without a key": "client_key_missing", "data.db with another key": "SQLite format 3",
	} {
		if !bytes.Contains(wrote[name], []byte(words)) {
			t.Errorf("%q is not in %s: %.300q", words, name, wrote[name])
		}
	}
}
