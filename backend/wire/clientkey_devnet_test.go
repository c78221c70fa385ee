//go:build devnet

package wire_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/clientauth"
	"latchkey/backend/clientid"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// productKey is a product's own key: its file, and its public part as the brand file has it.
type productKey struct {
	*clientauth.Key
	file   []byte
	public map[string]any
}

func newProductKey(t *testing.T) productKey {
	t.Helper()
	file, err := clientauth.Generate()
	if err != nil {
		t.Fatal(err)
	}
	key, err := clientauth.ParseKey(file)
	if err != nil {
		t.Fatal(err)
	}
	set, err := clientauth.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	k := productKey{Key: key, file: file}
	if err := json.Unmarshal(set, &k.public); err != nil {
		t.Fatal(err)
	}
	return k
}

// keyed makes a product with that key, under a folder of its own at the host for client metadata, on a computer whose
// administrator has put the key there.
func keyed(t *testing.T, folder string, key productKey) func(*config.Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client-key.json")
	if err := os.WriteFile(path, key.file, 0o640); err != nil { // #nosec G306 -- the administrator's group may read it
		t.Fatal(err)
	}
	const host = "https://app.latchkey.internal"
	return func(c *config.Config) {
		c.Brand.Name, c.Brand.ClientID, c.Brand.ClientKey = "Harbour Notes", host+folder+"/client.json", config.MachineKey
		c.Brand.HandOn, c.Brand.JWKS, c.Paths.ClientKey = host+folder+"/callback", key.public, path
	}
}

// host publishes what a product with a key needs. page takes browsers back; nil for a server that redirects by itself.
func (h *house) host(page http.HandlerFunc) {
	h.t.Helper()
	document, err := wire.ClientMetadata(h.config.Brand)
	if err != nil {
		h.t.Fatal(err)
	}
	if page == nil {
		page = func(w http.ResponseWriter, r *http.Request) {
			if address, ok := clientid.HandOn(r.URL.RawQuery); ok {
				http.Redirect(w, r, address, http.StatusSeeOther)
			}
		}
	}
	const host = "https://app.latchkey.internal"
	network.HostClient(strings.TrimPrefix(h.config.Brand.ClientID, host), document)
	network.HostClientAs(strings.TrimPrefix(h.config.Brand.HandOn, host), page)
}

// through is a person whose browser finds the product's page.
func through(a devnet.Account) devnet.Browser {
	b := as(a)
	b.ClientHost = network.ClientHost
	return b
}

// endAccess makes the access token of an account's session one that the server does not take.
func (h *house) endAccess(did string) {
	h.t.Helper()
	session, keys := h.session(did)
	session.Tokens.Access = "an-ended-token"
	if err := h.store().UpdateSession(h.t.Context(), session, keys); err != nil {
		h.t.Fatal(err)
	}
}

// A product whose organisation gave this computer a key signs in through the product's page, and is known by the key
// in all that follows: at a real PDS, and in a real browser.
func TestSignInWithKey(t *testing.T) {
	t.Parallel()
	key := newProductKey(t)
	for name, page := range map[string]http.HandlerFunc{
		"page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			page, _ := clientid.HandOnPage("Harbour Notes")
			_, _ = w.Write(page)
		},
		"server": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, keyed(t, "/keyed/"+name, key))
			h.host(page)
			findings, err := wire.CheckClient(t.Context(), h.config, "", false)
			for _, f := range findings {
				if f.Rule != "client_id_short" {
					t.Errorf("the check says %+v", f)
				}
			}
			if err != nil {
				t.Error(err)
			}
			account, pages, err := h.signIn("alice.test", through(alice()))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(pages.Final.Text, "You are signed in as") {
				t.Errorf("the browser ended on %q", pages.Final.Text)
			}
			before, keys := h.session(account.DID.String())
			const quarter = 365*24*time.Hour/4 + 6*time.Hour/4
			if rest := time.Until(before.Ends); before.KeyID == "" || (rest-quarter).Abs() > time.Minute || account.SessionEnds.Sub(before.Ends).Abs() > time.Second {
				t.Errorf("the session ends in %v, %+v", rest, account)
			}
			h.endAccess(account.DID.String())
			if did, err := h.getSession(account); err != nil || did != alice().DID {
				t.Fatalf("after the access token had ended: %q, %v", did, err)
			}
			after, _ := h.session(account.DID.String())
			if after.KeyID != before.KeyID || after.Tokens.Refresh == before.Tokens.Refresh || !after.Ends.After(before.Ends) {
				t.Errorf("renewed, it ends %v, before %v", after.Ends, before.Ends)
			}
			local, err := clientauth.NewLocal(h.config.Brand.ClientID, key.file)
			if err != nil {
				t.Fatal(err)
			}
			server := serverSide{t, oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))}
			server.protocol.ClientID, server.protocol.ClientAuth = h.config.Brand.ClientID, local
			server.wantAlive(after, keys)
			if err := h.Logout(t.Context(), account.DID); err != nil {
				t.Fatal(err)
			}
			h.shut() // waits until the server was told
			server.wantDead(after, keys)
			h.open()
			h.nothingHalfMade(0)
		})
	}
}

// The person copies the address of the product's page where it can't take the browser back.
func TestPasteFromPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keyed(t, "/keyed/paste", newProductKey(t)))
	addresses := make(chan string, 1)
	h.host(func(w http.ResponseWriter, r *http.Request) {
		select {
		case addresses <- h.config.Brand.HandOn + "?" + r.URL.RawQuery:
		default:
		}
		// It leads to this computer all the same, to a page of nobody's: the person played here waits for one.
		http.Redirect(w, r, network.PDS+"/xrpc/_health", http.StatusSeeOther)
	})
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := h.Login(ctx, "alice.test")
		done <- err
	}()
	<-h.waiting
	address, err := h.AuthorizationURL()
	if err != nil {
		t.Fatal(err)
	}
	visited := make(chan struct{})
	visit, leave := context.WithCancel(t.Context())
	go func() {
		defer close(visited)
		_, _ = through(alice()).Visit(visit, string(address)) // it never ends by itself
	}()
	pasted := <-addresses
	leave()
	<-visited
	wantCode(t, h.Paste(t.Context(), latchkey.Secret(strings.Replace(pasted, "state=", "state=1", 1))), latchkey.CallbackOther)
	if err := h.Paste(t.Context(), latchkey.Secret(pasted)); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	cancel()
	h.nothingHalfMade(1)
}

// What the server says of a key that it does not know ends no session, and neither does a key that is not there; all
// goes on once it is as it should be.
func TestKeyTrouble(t *testing.T) {
	t.Parallel()
	key := newProductKey(t)
	h := newHouse(t, keyed(t, "/keyed/trouble", key))
	h.host(nil)
	another := newProductKey(t)
	with := func(file []byte) {
		t.Helper()
		h.shut() // a program reads its key once
		err := os.Remove(h.config.Paths.ClientKey)
		if file != nil {
			err = os.WriteFile(h.config.Paths.ClientKey, file, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.open()
	}
	// Before the sign-in: nothing begins.
	with(another.file)
	_, err := h.Login(t.Context(), "alice.test")
	wantCode(t, err, latchkey.ClientRefused)
	findings, err := wire.CheckClient(t.Context(), h.config, "", false)
	if err != nil || !clientid.Broken([]clientid.Finding{findings[len(findings)-1].Finding}) || findings[len(findings)-1].Rule != "key_at_hand" {
		t.Errorf("the check says %+v, %v", findings, err)
	}
	with(nil)
	_, err = h.Login(t.Context(), "alice.test")
	wantCode(t, err, latchkey.ClientKeyMissing)
	h.nothingHalfMade(0)

	with(key.file)
	account := h.mustSignIn("alice.test", through(alice()))
	h.endAccess(account.DID.String())
	for _, c := range []struct {
		file []byte
		want latchkey.Code
	}{{nil, latchkey.ClientKeyMissing}, {another.file, latchkey.ClientRefused}, {[]byte("{}"), latchkey.ClientKeyUnusable}} {
		with(c.file)
		for range 3 {
			_, err := h.getSession(account)
			wantCode(t, err, c.want)
		}
		if now, err := h.Find(t.Context(), "alice.test"); err != nil || now.Status != latchkey.Active {
			t.Errorf("%s: %+v, %v", c.want, now, err)
		}
	}
	with(key.file)
	if did, err := h.getSession(account); err != nil || did != alice().DID {
		t.Errorf("with the key again: %q, %v", did, err)
	}
	h.nothingHalfMade(1)
}

// signing makes assertions in another way than the house does.
type signing func(issuer string, keys latchkey.Keys) (latchkey.Secret, error)

func (f signing) Assertion(_ context.Context, issuer string, keys latchkey.Keys, _ string) (latchkey.Assertion, error) {
	text, err := f(issuer, keys)
	return latchkey.Assertion{Text: text, KeyID: "a key"}, err
}

// What the PDS says of assertions that are no good, which is why they are made as they are.
func TestAssertionsThatPDSRefuses(t *testing.T) {
	t.Parallel()
	file := newProductKey(t)
	h := newHouse(t, keyed(t, "/keyed/assertions", file))
	h.host(nil)
	key, err := clientauth.ParseKey(file.file)
	if err != nil {
		t.Fatal(err)
	}
	id := h.config.Brand.ClientID
	at := func(ahead time.Duration) signing {
		return func(issuer string, _ latchkey.Keys) (latchkey.Secret, error) {
			return key.Sign(id, issuer, "thumbprint", time.Now().Add(ahead))
		}
	}
	var once latchkey.Secret
	for _, c := range []struct {
		name string
		auth signing
		want latchkey.Code // empty where it is taken
	}{
		{"now", at(0), ""},
		{"ten seconds ago", at(-10 * time.Second), ""},
		{"in ten seconds, which it says to be older", at(10 * time.Second), ""},
		{"two minutes ago", at(-2 * time.Minute), latchkey.ClientRefused},
		{"in two minutes", at(2 * time.Minute), latchkey.ClientRefused},
		{"for another server", func(_ string, k latchkey.Keys) (latchkey.Secret, error) { return at(0)("https://pds.acme.com", k) }, latchkey.ClientRefused},
		{"of another client", func(issuer string, _ latchkey.Keys) (latchkey.Secret, error) {
			return key.Sign(id+"x", issuer, "thumbprint", time.Now())
		}, latchkey.ClientRefused},
		{"nonsense", func(string, latchkey.Keys) (latchkey.Secret, error) { return "a.b.c", nil }, latchkey.ServerRefused},
		// A nonce that is not known yet costs one request, and with it no assertion: proofs are looked at first.
		{"the same each time", func(issuer string, k latchkey.Keys) (s latchkey.Secret, err error) {
			if once == "" {
				once, err = at(0)(issuer, k)
			}
			return once, err
		}, ""},
		{"the same once more", func(string, latchkey.Keys) (latchkey.Secret, error) { return once, nil }, latchkey.ServerRefused},
	} {
		client := oauth.New(safehttp.New(h.config.Network.Exceptions, "test"))
		client.ClientID, client.ClientAuth = id, c.auth
		server, err := client.Discover(t.Context(), network.PDS)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := client.NewKeys()
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Push(t.Context(), latchkey.AuthorizationRequest{
			Server: server, ClientID: id, RedirectURI: h.config.Brand.HandOn, Scopes: []string{"atproto"}, State: "state", Verifier: "a-verifier-that-is-long-enough-for-the-specification",
		}, keys)
		if latchkey.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		t.Logf("| %s | %v", c.name, err)
	}
}

// A key that was imported lies in the keychain, where the product finds it.
func TestImportedKey(t *testing.T) {
	t.Parallel()
	key := newProductKey(t)
	h := newHouse(t, keyed(t, "/keyed/imported", key), func(c *config.Config) { c.Brand.ID = "com.example.latchkey.imported" })
	h.host(nil)
	file := h.config.Paths.ClientKey
	id, err := wire.ImportClientKey(t.Context(), h.config, file)
	if err != nil || id != key.public["keys"].([]any)[0].(map[string]any)["kid"] {
		t.Fatalf("imported %q, %v", id, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	h.mustSignIn("alice.test", through(alice()))
	report := wire.Report(t.Context(), h.config, h.Service, nil).String()
	if !strings.Contains(report, "Proves that by: the key "+id[:12]+"... in GNOME Keyring") {
		t.Error(report)
	}
	var private map[string]string
	if err := json.Unmarshal(key.file, &private); err != nil || strings.Contains(report, private["d"]) {
		t.Error("the report has the key in it", err)
	}
	findings, err := wire.CheckClient(t.Context(), h.config, "", false)
	if err != nil || clientid.Broken(plainFindings(findings)) {
		t.Errorf("%+v, %v", findings, err)
	}
}

func plainFindings(found []wire.ClientFinding) []clientid.Finding {
	var all []clientid.Finding
	for _, f := range found {
		all = append(all, f.Finding)
	}
	return all
}
