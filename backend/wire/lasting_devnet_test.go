//go:build devnet

package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// newPerson makes an account of its own on the first server, for tests that do things to it.
func newPerson(t *testing.T, handle string) devnet.Account {
	t.Helper()
	person := devnet.Account{Handle: handle, Password: "a password of " + handle, PDS: network.PDS}
	body, err := json.Marshal(map[string]string{"handle": handle, "password": person.Password, "email": strings.Split(handle, ".")[0] + "@mail.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, network.PDS+"/xrpc/com.atproto.server.createAccount", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var made struct{ DID, Message string }
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.DID == "" {
		t.Fatalf("making %s: HTTP %d %s %v", handle, res.StatusCode, made.Message, err)
	}
	person.DID = made.DID
	return person
}

// An account moves to another server as the protocol has it. The old server goes on renewing the
// session (observed), so it must be noticed in another way; one sign-in at the new server makes it whole.
// hostile: 30
func TestAccountMoves(t *testing.T) {
	t.Parallel()
	for name, notice := range map[string]func(h *house, a latchkey.Account) error{
		"at a check": func(h *house, a latchkey.Account) error { h.Check(h.t.Context(), a.DID); return nil },
		"at a call that the old server refuses": func(h *house, a latchkey.Account) error {
			client, err := h.Client(h.t.Context(), a.DID)
			if err != nil {
				return err
			}
			record := map[string]any{"repo": a.DID, "collection": "com.example.note", "record": map[string]any{"$type": "com.example.note"}}
			err = client.Post(h.t.Context(), "com.atproto.repo.createRecord", record, nil)
			wantCode(h.t, err, latchkey.AccountMoved)
			return nil
		},
		"an hour later": func(h *house, a latchkey.Account) error {
			db := h.store()
			stored, err := db.Account(h.t.Context(), a.DID)
			if err != nil {
				return err
			}
			stored.Confirmed = time.Now().Add(-2 * time.Hour)
			if err := db.SaveAccount(h.t.Context(), stored); err != nil {
				return err
			}
			_, err = h.getSession(a) // the call itself is answered
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *config.Config) { c.Brand.Scopes = []string{"atproto", "transition:generic"} })
			person := newPerson(t, "mover"+fmt.Sprint(len(name))+".test")
			account := h.mustSignIn(person.Handle, as(person))
			old, oldKeys := h.session(person.DID)
			told := make(chan latchkey.Account, 10)
			defer h.Subscribe(func(e latchkey.Event) {
				if e.Kind == latchkey.AccountNeedsSignIn {
					told <- *e.Account
				}
			})()
			moved, err := network.Move(t.Context(), person)
			if err != nil {
				t.Fatal(err)
			}
			if err := notice(h, account); err != nil {
				t.Fatal(err)
			}
			event := <-told
			host := strings.TrimPrefix(network.SecondPDS, "http://")
			if why := event.Why(); event.Server != network.SecondPDS || why.Code != latchkey.AccountMoved || !strings.Contains(why.Message(), "moved to "+host+".") {
				t.Errorf("it was told that %+v: %s", event, why.Message())
			}
			_, err = h.getSession(account)
			wantCode(t, err, latchkey.AccountMoved)
			again := h.mustSignIn(person.Handle, as(moved))
			if again.DID != account.DID || again.Server != network.SecondPDS || again.Status != latchkey.Active {
				t.Errorf("after signing in at the new server: %+v", again)
			}
			if did, err := h.getSession(again); err != nil || did != person.DID {
				t.Errorf("a call: %q, %v", did, err)
			}
			h.shut() // the old server was told
			serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}.wantDead(old, oldKeys)
			h.open()
			h.nothingHalfMade(1)
		})
	}
}

// More is asked for later: the page names it, the old session is replaced, and what was raised is asked
// for again the next time. A person who says no keeps what was there.
func TestRaise(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *config.Config) { c.Brand.Scopes = []string{"atproto"} })
	account := h.mustSignIn("bob.test", as(bob()))
	old, oldKeys := h.session("bob.test")
	server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}
	const note, email = "repo:com.example.note?action=create", "account:email"

	_, err := h.Renew(t.Context(), account.DID, "nonsense scope")
	wantCode(t, err, latchkey.ScopeInvalid)
	if !strings.Contains(latchkey.AsError(err).Message(), "nonsense scope") {
		t.Errorf("the message is %q", latchkey.AsError(err).Message())
	}
	no := as(bob())
	no.Action = devnet.Deny
	_, _, err = h.visit(no, func(ctx context.Context) (latchkey.Account, error) { return h.Renew(ctx, account.DID, note, email) })
	wantCode(t, err, latchkey.Denied)
	server.wantAlive(old, oldKeys)
	if did, err := h.getSession(account); err != nil || did != bob().DID {
		t.Errorf("after a no: %q, %v", did, err)
	}

	raised, pages, err := h.visit(as(bob()), func(ctx context.Context) (latchkey.Account, error) { return h.Renew(ctx, account.DID, note, email) })
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"repository", "email"} {
		if !strings.Contains(strings.ToLower(pages.Consent.Text), words) {
			t.Errorf("the consent page does not speak of %s: %q", words, pages.Consent.Text)
		}
	}
	for _, scope := range []string{"atproto", note, email} {
		if !strings.Contains(" "+strings.Join(raised.Scopes, " ")+" ", " "+scope+" ") {
			t.Errorf("granted %v, without %s", raised.Scopes, scope)
		}
	}
	again, _, err := h.signIn("bob.test", as(bob()))
	if err != nil || strings.Join(again.Scopes, " ") != strings.Join(raised.Scopes, " ") {
		t.Errorf("the next sign-in was granted %v, %v", again.Scopes, err)
	}
	if left := time.Until(again.SessionEnds); left < 13*24*time.Hour || left > 14*24*time.Hour {
		t.Errorf("the session ends in %s", left)
	}
	h.shut()
	server.wantDead(old, oldKeys)
	h.open()
	h.nothingHalfMade(1)
}

const childPaths = "TEST_PATHS"

// A program that signs in, says that it waits, and waits until it is killed.
func init() {
	children["login"] = func() {
		ctx := context.Background()
		service := childService(ctx, nil)
		service.Subscribe(func(e latchkey.Event) {
			if e.SignIn != nil && e.SignIn.Phase == latchkey.Waiting {
				fmt.Println("waiting")
			}
		})
		_, err := service.Login(ctx, "alice.test")
		fmt.Println("it ended:", err)
	}
}

// childService is the service of a child, on the data that it was given.
func childService(ctx context.Context, log *slog.Logger) *auth.Service {
	cfg, err := config.Load()
	if err == nil {
		err = json.Unmarshal([]byte(os.Getenv(childPaths)), &cfg.Paths)
	}
	if err != nil {
		panic(err)
	}
	service, _, err := wire.New(ctx, cfg, wire.Options{NoBrowser: true, Log: log})
	if err != nil {
		panic(err)
	}
	return service
}

// begin starts a sign-in in a process of its own, and returns when that waits for the browser.
func (h *house) begin() *exec.Cmd {
	h.t.Helper()
	return h.child("login", h.t.Output())
}

// child starts one of the other programs on the data of this house, and returns when it says that it
// waits. Its complaints go to stderr.
func (h *house) child(name string, stderr io.Writer) *exec.Cmd {
	h.t.Helper()
	program, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	paths, err := json.Marshal(h.config.Paths)
	if err != nil {
		h.t.Fatal(err)
	}
	child := exec.CommandContext(h.t.Context(), program)
	child.Env = append(os.Environ(), asChild+"="+name, childPaths+"="+string(paths))
	child.Stderr = stderr
	out, err := child.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		h.t.Fatal(err)
	}
	var said string
	if _, err := fmt.Fscanln(out, &said); err != nil || said != "waiting" {
		h.t.Fatalf("it said %q, %v", said, err)
	}
	return child
}

// The program is killed while the person is on the server's page, and started again: the page still
// leads back to it.
func TestSignInSurvivesARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.shut()
	child := h.begin()
	_ = child.Process.Kill()
	_ = child.Wait()
	h.open()
	account, pages, err := h.visit(as(alice()), h.Resume)
	if err != nil || account.DID.String() != alice().DID {
		t.Fatalf("resumed: %+v, %v", account, err)
	}
	if again, err := h.AuthorizationURL(); err == nil {
		t.Errorf("it still waits, for %d characters", len(again))
	}
	if !strings.Contains(pages.Final.Text, "alice.test") {
		t.Errorf("the browser ended on %q", pages.Final.Text)
	}
	if did, err := h.getSession(account); err != nil || did != alice().DID {
		t.Errorf("a call: %q, %v", did, err)
	}
	_, err = h.Resume(t.Context())
	wantCode(t, err, latchkey.NoSignIn)
	h.nothingHalfMade(1)
}

// While the program was gone somebody else took the port that the browser comes back to.
func TestSignInWhosePortIsTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.shut()
	child := h.begin()
	// Nobody attends it twice.
	h.open()
	_, err := h.Resume(t.Context())
	wantCode(t, err, latchkey.NoSignIn)
	port := h.redirectPort()
	_ = child.Process.Kill()
	_ = child.Wait()
	taken, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, err = h.Resume(t.Context())
	wantCode(t, err, latchkey.SignInLost)
	h.nothingHalfMade(0)
}

// redirectPort is the port that a request waits on: only its row knows.
func (h *house) redirectPort() string {
	h.t.Helper()
	attempts, err := h.store().SignIns(h.t.Context())
	if err != nil || len(attempts) != 1 {
		h.t.Fatalf("attempts: %v, %v", attempts, err)
	}
	keys, err := h.keychain().Get(h.t.Context(), attempts[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := h.store().SignIn(h.t.Context(), attempts[0].ID, keys)
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(req.RedirectURI)
	if err != nil {
		h.t.Fatal(err)
	}
	return u.Port()
}
