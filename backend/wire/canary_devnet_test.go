//go:build devnet

package wire_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/devnet"
	"latchkey/backend/internal/soak"
	"latchkey/backend/wire"
)

// overhearing writes down every secret that passes between a service and its servers.
type overhearing struct {
	latchkey.Protocol
	mu      sync.Mutex
	secrets map[string]string // what it is, by the secret
}

func (o *overhearing) hear(what string, secrets ...latchkey.Secret) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range secrets {
		if s != "" {
			o.secrets[string(s)] = what
		}
	}
}

func (o *overhearing) hearKeys(keys latchkey.Keys) {
	o.hear("a private key", keys.DPoP)
	o.hear("a sealing key", latchkey.Secret(keys.Sealing[:]))
}

func (o *overhearing) hearRequest(req latchkey.AuthorizationRequest) {
	o.hear("an authorization URL", req.URL)
	o.hear("a state", req.State)
	o.hear("a code verifier", req.Verifier)
	if u, err := url.Parse(string(req.URL)); err == nil {
		o.hear("a pushed request", latchkey.Secret(u.Query().Get("request_uri")))
	}
}

func (o *overhearing) hearGrant(grant latchkey.Grant, err error) (latchkey.Grant, error) {
	o.hear("an access token", grant.Tokens.Access)
	o.hear("a refresh token", grant.Tokens.Refresh)
	return grant, err
}

func (o *overhearing) NewKeys() (latchkey.Keys, error) {
	keys, err := o.Protocol.NewKeys()
	o.hearKeys(keys)
	return keys, err
}

func (o *overhearing) Push(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys) (latchkey.Secret, error) {
	address, err := o.Protocol.Push(ctx, req, keys)
	req.URL = address
	o.hearRequest(req)
	return address, err
}

func (o *overhearing) Exchange(ctx context.Context, req latchkey.AuthorizationRequest, keys latchkey.Keys, code latchkey.Secret) (latchkey.Grant, error) {
	o.hear("a code", code)
	return o.hearGrant(o.Protocol.Exchange(ctx, req, keys, code))
}

func (o *overhearing) Refresh(ctx context.Context, s latchkey.Session, keys latchkey.Keys) (latchkey.Grant, error) {
	return o.hearGrant(o.Protocol.Refresh(ctx, s, keys))
}

// forms are how a secret may look where it slipped in.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	return map[string]string{
		"as it is":       secret,
		"as JSON":        string(quoted[1 : len(quoted)-1]),
		"in a query":     url.QueryEscape(secret),
		"in base64":      base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"in base64 URLs": base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"in hexadecimal": hex.EncodeToString([]byte(secret)),
	}
}

// leaks names the secrets that can be read in a text.
func leaks(text []byte, secrets map[string]string) []string {
	var found []string
	for secret, what := range secrets {
		for how, form := range forms(secret) {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, what+" "+how)
			}
		}
	}
	return found
}

// snapshot reads all files of this house. Another process copies them: were this one to open and close
// those of the database, it would lose its own locks (https://sqlite.org/howtocorrupt.html, section 2.2).
func (h *house) snapshot(when string, into map[string][]byte) {
	h.t.Helper()
	to := filepath.Join(h.t.TempDir(), "copy")
	if out, err := exec.CommandContext(h.t.Context(), "cp", "-R", filepath.Dir(h.config.Paths.Data), to).CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	err := filepath.WalkDir(to, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			into[entry.Name()+" "+when], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

const childDID = "TEST_DID"

// A program that has a session and a sign-in in its hands, and waits until it crashes.
func init() {
	children["crash"] = func() {
		ctx := context.Background()
		service := childService(ctx, wire.Logger(os.Stderr, slog.LevelDebug))
		client, err := service.Client(ctx, syntax.DID(os.Getenv(childDID)))
		if err == nil {
			err = client.Get(ctx, "com.atproto.server.getSession", nil, nil)
		}
		if err != nil {
			panic(err)
		}
		service.Subscribe(func(e latchkey.Event) {
			if e.SignIn != nil && e.SignIn.Phase == latchkey.Waiting {
				fmt.Println("waiting")
			}
		})
		_, err = service.Login(ctx, "alice.test")
		fmt.Println("it ended:", err)
	}
}

// A run that was refused, signed in, renewed, lost its session, signed in again, crashed and signed out
// leaves no secret in anything that it wrote or told: no token, key, code, email or authorization URL.
// hostile: 56
func TestNothingLeaks(t *testing.T) {
	h := newHouse(t, byEmail)
	var log bytes.Buffer
	heard := &overhearing{Protocol: h.Protocol, secrets: map[string]string{}}
	h.Protocol = heard // nobody has used it yet
	// Past the redacting handler: what it would take out should not be there in the first place.
	h.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var told []latchkey.Event
	unsubscribe := h.Subscribe(func(e latchkey.Event) { told = append(told, e) })
	const email = "judy.canary@mail.example.org"
	heard.hear("an email", email, "judy.canary")
	wrote := map[string][]byte{}

	denied := at(email)
	denied.Action = devnet.Deny
	_, _, err := h.signIn(email, denied)
	wantCode(t, err, latchkey.Denied)
	errs := err.Error()
	account := h.mustSignIn(email, at(email))
	before, keys := h.session(account.DID.String())
	// The access token has ended: the first call renews it. The second time the refresh token is spent,
	// which the server takes for theft.
	for _, want := range []latchkey.Code{"", latchkey.SessionRejected} {
		ended := before
		ended.Tokens.Access = "an-ended-token"
		if err := h.store().UpdateSession(t.Context(), ended, keys); err != nil {
			t.Fatal(err)
		}
		_, err := h.getSession(account)
		wantCode(t, err, want)
		if err != nil {
			errs += err.Error()
		}
	}
	h.mustSignIn(email, at(email))
	wrote["diagnostics"] = []byte(wire.Report(t.Context(), h.config, h.Service, nil).String())
	h.snapshot("while it ran", wrote)
	unsubscribe()
	h.shut()

	t.Setenv("GOTRACEBACK", "all")
	t.Setenv(childDID, account.DID.String())
	var crash bytes.Buffer
	child := h.child("crash", &crash)
	attempts, err := h.store().SignIns(t.Context())
	if err != nil || len(attempts) != 1 {
		t.Fatalf("attempts: %v, %v", attempts, err)
	}
	keys, err = h.keychain().Get(t.Context(), attempts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	req, err := h.store().SignIn(t.Context(), attempts[0].ID, keys)
	if err != nil {
		t.Fatal(err)
	}
	heard.hearKeys(keys)
	heard.hearRequest(req)
	if err := child.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	h.snapshot("after the crash", wrote)
	h.open()
	if err := h.Logout(t.Context(), account.DID); err != nil {
		t.Fatal(err)
	}
	h.shut()
	h.snapshot("after the sign-out", wrote)

	if wrote["the events"], err = json.Marshal(told); err != nil {
		t.Fatal(err)
	}
	wrote["the errors"], wrote["the log"], wrote["the crash"] = []byte(errs), log.Bytes(), crash.Bytes()
	found := 0
	for name, text := range wrote {
		for _, leak := range leaks(text, heard.secrets) {
			found++
			t.Errorf("%s: %s", name, leak)
		}
	}

	// A search that looks in the wrong places, or for the wrong things, finds nothing either.
	did := account.DID.String()
	for name, words := range map[string]string{
		"the log": "sign-in failed", "the events": did, "the errors": "denied", "the crash": "goroutine 1 ", "diagnostics": "Accounts: 1 signed in",
		"data.db while it ran": "SQLite format 3", "data.db-wal while it ran": did,
		"data.db-wal after the crash": alice().DID, "data.db after the sign-out": "SQLite format 3",
	} {
		if !bytes.Contains(wrote[name], []byte(words)) {
			t.Errorf("%q is not in %s, of %d bytes", words, name, len(wrote[name]))
		}
	}
	kinds := map[string]int{}
	for secret, what := range heard.secrets {
		kinds[what]++
		for how, form := range forms(secret) {
			if found := leaks([]byte("x"+form+"y"), map[string]string{secret: what}); !strings.Contains(strings.Join(found, ", "), how) {
				t.Errorf("%s is not found %s", what, how)
			}
		}
	}
	for _, kind := range []string{"an access token", "a refresh token"} {
		if kinds[kind] < 3 { // two sign-ins and a renewal
			t.Errorf("heard of %d times %s", kinds[kind], kind)
		}
	}
	for _, kind := range []string{"a private key", "a sealing key", "a code", "a code verifier", "a state", "a pushed request", "an authorization URL", "an email"} {
		if kinds[kind] < 2 {
			t.Errorf("heard of %d times %s", kinds[kind], kind)
		}
	}
	soak.Figure(t, "canaries %d searched for in %d places: leaks %d", len(heard.secrets), len(wrote), found)
}
