//go:build devnet

package devnet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/identity"
)

func TestMove(t *testing.T) {
	t.Parallel()
	network := MustStartWith(t, Options{Second: true})
	alice, bob := network.Accounts[0], network.Accounts[1]
	if alice.PDS != network.PDS || network.SecondPDS == "" || network.SecondPDS == network.PDS {
		t.Fatalf("at first the network is %+v", network)
	}
	oldToken := createSession(t, alice)
	blob := call(t, alice.PDS, oldToken, "com.atproto.repo.uploadBlob", "text/plain", "a picture")["blob"]
	record := map[string]any{"$type": "test.move.picture", "picture": blob}
	uri := call(t, alice.PDS, oldToken, "com.atproto.repo.createRecord", "application/json", asJSON(t, map[string]any{
		"repo": alice.DID, "collection": "test.move.picture", "rkey": "self", "record": record,
	}))["uri"]
	before := plcData(t, network, alice)

	wrong := bob
	wrong.Password = alice.Password
	if _, err := network.Move(t.Context(), wrong); err == nil || !strings.Contains(err.Error(), "Invalid identifier or password") {
		t.Errorf("a move with a wrong password: %v", err)
	}
	moved, err := network.Move(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	want := alice
	want.PDS = network.SecondPDS
	if moved != want || !reflect.DeepEqual(network.Accounts, []Account{want, bob}) {
		t.Errorf("the account is %+v, the network's %+v, want %+v", moved, network.Accounts, want)
	}
	if _, err := network.Move(t.Context(), moved); err == nil || !strings.Contains(err.Error(), "not active") {
		t.Errorf("a second move: %v", err)
	}
	token := createSession(t, moved)

	t.Run("directory", func(t *testing.T) {
		if got := lookup(t, network, alice.Handle); got.DID.String() != alice.DID || got.Server != network.SecondPDS {
			t.Errorf("alice.test leads to %+v", got)
		}
		// The handle is left out when it does not lead back.
		if got := lookup(t, network, alice.DID); got.Handle.String() != alice.Handle || got.Server != network.SecondPDS {
			t.Errorf("the DID leads to %+v", got)
		}
		if got := lookup(t, network, bob.Handle); got.DID.String() != bob.DID || got.Server != network.PDS {
			t.Errorf("bob.test, who stayed, leads to %+v", got)
		}
	})
	t.Run("keys", func(t *testing.T) {
		got := plcData(t, network, alice)
		var want plcKeys
		decode(t, get(t, network.SecondPDS, token, "com.atproto.identity.getRecommendedDidCredentials"), &want)
		if !reflect.DeepEqual(got, want) || reflect.DeepEqual(got, before) {
			t.Errorf("the directory has %+v, the server recommends %+v; before it was %+v", got, want, before)
		}
	})
	t.Run("repository", func(t *testing.T) {
		var got struct {
			URI   string
			Value map[string]any
		}
		query := "?collection=test.move.picture&rkey=self&repo=" + alice.DID
		decode(t, get(t, network.SecondPDS, token, "com.atproto.repo.getRecord"+query), &got)
		if got.URI != uri || !reflect.DeepEqual(got.Value, record) {
			t.Errorf("the record is %+v, want %s %v", got, uri, record)
		}
		cid := blob.(map[string]any)["ref"].(map[string]any)["$link"]
		query = fmt.Sprintf("?did=%s&cid=%s", alice.DID, cid)
		if picture := get(t, network.SecondPDS, token, "com.atproto.sync.getBlob"+query); picture != "a picture" {
			t.Errorf("the blob is %q", picture)
		}
	})
	t.Run("old server", func(t *testing.T) {
		var session struct {
			Active bool
			Status string
		}
		decode(t, get(t, network.PDS, oldToken, "com.atproto.server.getSession"), &session)
		if session.Active || session.Status != "deactivated" {
			t.Errorf("the session there is %+v", session)
		}
	})
	t.Run("sign-in", func(t *testing.T) {
		protocol := newProtocol(t, network)
		a := beginAt(t, network, protocol, moved.PDS, moved.Handle)
		pages, err := Browser{Password: moved.Password}.Visit(t.Context(), a.url)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(pages.Consent.Text, "alice.test") {
			t.Errorf("the consent page says %q", pages.Consent.Text)
		}
		session := a.finish(t)
		if session.DID.String() != alice.DID {
			t.Errorf("the session is of %s, want %s", session.DID, alice.DID)
		}
		if status := a.get(t, session, "com.atproto.server.getSession"); status != http.StatusOK {
			t.Errorf("getSession with the tokens: %d", status)
		}
	})
	t.Run("restart", func(t *testing.T) {
		before := *network
		if err := network.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := network.Move(t.Context(), bob); err == nil || !strings.Contains(err.Error(), "is stopped") {
			t.Errorf("a move on a stopped network: %v", err)
		}
		if err := network.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if network.PDS != before.PDS || network.SecondPDS != before.SecondPDS || !reflect.DeepEqual(network.Accounts, before.Accounts) {
			t.Errorf("after the restart: %+v, before: %+v", network, before)
		}
		if did := whoami(t, network.SecondPDS, token); did != alice.DID {
			t.Errorf("the session on the second PDS is of %q", did)
		}
		if got := lookup(t, network, alice.Handle); got.Server != network.SecondPDS {
			t.Errorf("alice.test leads to %+v", got)
		}
		if _, err := network.Move(t.Context(), bob); err != nil {
			t.Errorf("a move after the restart: %v", err)
		}
	})
}

func TestSecondPDS(t *testing.T) {
	t.Parallel()
	network := MustStartWith(t, Options{Second: true})

	t.Run("handles of its own", func(t *testing.T) {
		account := asJSON(t, map[string]string{"handle": "carol.new.test", "password": "secret", "email": "carol@mail.test"})
		made := call(t, network.SecondPDS, "", "com.atproto.server.createAccount", "application/json", account)
		if got := lookup(t, network, "carol.new.test"); got.DID.String() != made["did"] || got.Server != network.SecondPDS {
			t.Errorf("carol.new.test leads to %+v, want %v", got, made["did"])
		}
	})
	t.Run("name of its own", func(t *testing.T) {
		names := map[string]bool{}
		for _, server := range []string{network.PDS, network.SecondPDS} {
			var about struct{ DID string }
			decode(t, send(t, newRequest(t, http.MethodGet, server+"/xrpc/com.atproto.server.describeServer", nil)), &about)
			names[about.DID] = true
		}
		if len(names) != 2 {
			t.Errorf("the two servers are %v", names)
		}
	})
	t.Run("handles of others", func(t *testing.T) {
		stranger := asJSON(t, map[string]string{"handle": "stranger.test", "password": "secret", "email": "stranger@mail.test"})
		request := newRequest(t, http.MethodPost, network.SecondPDS+"/xrpc/com.atproto.server.createAccount", strings.NewReader(stranger))
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("an account with a handle of the first PDS: %s", response.Status)
		}
	})
	t.Run("cookies of its own", func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		visit := func(server string) map[string]string {
			t.Helper()
			query, refusal := newCallback(t).push(t, server, nil)
			if refusal != "" {
				t.Fatal(refusal)
			}
			request := newRequest(t, http.MethodGet, server+"/oauth/authorize?"+query.Encode(), nil)
			for name, value := range map[string]string{"Dest": "document", "Mode": "navigate", "Site": "none", "User": "?1"} {
				request.Header.Set("Sec-Fetch-"+name, value)
			}
			response, err := (&http.Client{Jar: jar}).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Fatalf("the authorization page: %s", response.Status)
			}
			cookies := map[string]string{}
			for _, cookie := range jar.Cookies(&url.URL{Scheme: "http", Host: "localhost"}) {
				cookies[cookie.Name] = cookie.Value
			}
			return cookies
		}
		first := visit(network.PDS)
		both := visit(network.SecondPDS)
		if first["dev-id"] == "" || both["dev-id"] != first["dev-id"] || both["new-dev-id"] == "" {
			t.Errorf("the first PDS set %v, after the second there are %v", first, both)
		}
		// Each knows its own again, and does not replace it.
		visit(network.PDS)
		if again := visit(network.SecondPDS); again["dev-id"] != both["dev-id"] || again["new-dev-id"] != both["new-dev-id"] {
			t.Errorf("the cookies were %v, and are %v", both, again)
		}
	})
	t.Run("only when asked", func(t *testing.T) {
		alice := network.Accounts[0]
		if _, err := network.Move(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := network.Close(); err != nil {
			t.Fatal(err)
		}
		options := network.options
		options.Second = false
		without, err := Start(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := without.Close(); err != nil {
				t.Error(err)
			}
		}()
		if _, err := http.Get(network.SecondPDS); err == nil || without.SecondPDS != "" {
			t.Errorf("without the option there is a second PDS, %q", without.SecondPDS)
		}
		// Who has moved is not made anew where they left.
		if got := without.Accounts[0]; got != alice {
			t.Errorf("without the second PDS, alice is %+v, want %+v", got, alice)
		}
		if _, err := without.Move(t.Context(), alice); err == nil || !strings.Contains(err.Error(), "Options.Second") {
			t.Errorf("a move to nowhere: %v", err)
		}
	})
}

// lookup asks the directory as the program does, by handle or DID.
func lookup(t *testing.T, network *Network, text string) latchkey.Identity {
	t.Helper()
	id, err := syntax.ParseAtIdentifier(text)
	if err != nil {
		t.Fatal(err)
	}
	found, err := identity.New(newClient(t, network), network.PLC, true).Lookup(t.Context(), id)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return found
}

// plcKeys is the part of a DID that a server recommends.
type plcKeys struct {
	RotationKeys        []string
	VerificationMethods map[string]string
	Services            map[string]struct{ Type, Endpoint string }
	AlsoKnownAs         []string
}

func plcData(t *testing.T, network *Network, account Account) plcKeys {
	t.Helper()
	var keys plcKeys
	decode(t, send(t, newRequest(t, http.MethodGet, network.PLC+"/"+account.DID+"/data", nil)), &keys)
	return keys
}

// get queries a server with a token of createSession.
func get(t *testing.T, server, token, query string) string {
	t.Helper()
	request := newRequest(t, http.MethodGet, server+"/xrpc/"+query, nil)
	request.Header.Set("Authorization", "Bearer "+token)
	return send(t, request)
}

// call calls a procedure of a server, with a token of createSession unless it is empty.
func call(t *testing.T, server, token, method, contentType, body string) (answer map[string]any) {
	t.Helper()
	request := newRequest(t, http.MethodPost, server+"/xrpc/"+method, strings.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	decode(t, send(t, request), &answer)
	return answer
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
