//go:build devnet

package devnet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestNetworkAnswers(t *testing.T) {
	t.Parallel()
	network := MustStart(t)
	alice := network.Accounts[0]
	if alice.Handle != "alice.test" || alice.Password == network.Accounts[1].Password {
		t.Errorf("accounts are %v", network.Accounts)
	}

	t.Run("handle", func(t *testing.T) {
		request := newRequest(t, http.MethodGet, network.PDS+"/.well-known/atproto-did", nil)
		request.Host = alice.Handle
		if did := send(t, request); did != alice.DID {
			t.Errorf("alice.test resolves to %q, want %q", did, alice.DID)
		}
	})
	t.Run("directory", func(t *testing.T) {
		var document struct {
			AlsoKnownAs []string
			Service     []struct{ ServiceEndpoint string }
		}
		decode(t, send(t, newRequest(t, http.MethodGet, network.PLC+"/"+alice.DID, nil)), &document)
		if len(document.AlsoKnownAs) != 1 || document.AlsoKnownAs[0] != "at://alice.test" {
			t.Errorf("alsoKnownAs is %v", document.AlsoKnownAs)
		}
		if len(document.Service) != 1 || document.Service[0].ServiceEndpoint != network.PDS {
			t.Errorf("service is %v, want %s", document.Service, network.PDS)
		}
	})
	t.Run("network file", func(t *testing.T) {
		data, err := os.ReadFile(network.NetworkFile())
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		decode(t, string(data), &got)
		if network.Suggestions != "https://suggestions.test" {
			t.Errorf("suggestions come from %s", network.Suggestions)
		}
		resolve, _ := got["resolve"].(map[string]any) // nothing else says its port
		want := map[string]any{
			"plc_url":    network.PLC,
			"resolve":    map[string]any{"*.test": strings.Replace(network.PDS, "localhost", "127.0.0.1", 1), "suggestions.test": resolve["suggestions.test"]},
			"plain_http": []any{strings.TrimPrefix(network.PDS, "http://")},
			"dns":        "off",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("network file is %v, want %v", got, want)
		}
	})
}

func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	network := MustStart(t)
	before := *network
	alice := network.Accounts[0]
	token := createSession(t, alice)

	if err := network.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := http.Get(network.PDS); err == nil {
		t.Error("the PDS still answers after Stop")
	}
	if err := network.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if network.PDS != before.PDS || network.PLC != before.PLC || !reflect.DeepEqual(network.Accounts, before.Accounts) {
		t.Errorf("after the restart: %+v, before: %+v", network, before)
	}
	send(t, newRequest(t, http.MethodGet, network.PLC+"/"+alice.DID, nil))
	if got := whoami(t, network.PDS, token); got != alice.DID {
		t.Errorf("the session from before the restart belongs to %q, want %q", got, alice.DID)
	}

	// Another program that is given the same directory finds the same network.
	if err := network.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), before.options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}()
	if !reflect.DeepEqual(again.Accounts, before.Accounts) {
		t.Errorf("a new start has the accounts %v, want %v", again.Accounts, before.Accounts)
	}
	createSession(t, again.Accounts[0])
}

// A network can't move to other ports, so it says which of them somebody else has.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	network := MustStart(t)
	if err := network.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", strings.Replace(strings.TrimPrefix(network.PDS, "http://"), "localhost", "127.0.0.1", 1))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	err = network.Restart(t.Context())
	if err == nil || !strings.Contains(err.Error(), "needs port "+port+", ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if err := network.Restart(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	t.Run("says why", func(t *testing.T) {
		t.Parallel()
		network := MustStart(t)
		_, err := Start(t.Context(), network.options) // the ports of this directory are taken
		if err == nil || !strings.Contains(err.Error(), "needs port ") {
			t.Errorf("a second network on the same ports: %v", err)
		}
	})
	t.Run("when cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Start(ctx, Options{Dir: t.TempDir()}); err == nil {
			t.Error("a cancelled start succeeded")
		}
	})
}

// TestOutsideOfSource is not parallel: it leaves the source's folder.
func TestOutsideOfSource(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Start(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "network")}); err == nil ||
		!strings.Contains(err.Error(), "checkout") {
		t.Errorf("started outside of the source: %v", err)
	}
}

func createSession(t *testing.T, account Account) (token string) {
	t.Helper()
	body := fmt.Sprintf(`{"identifier":%q,"password":%q}`, account.Handle, account.Password)
	request := newRequest(t, http.MethodPost, account.PDS+"/xrpc/com.atproto.server.createSession", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	var session struct{ AccessJwt string }
	decode(t, send(t, request), &session)
	return session.AccessJwt
}

func whoami(t *testing.T, server, token string) (did string) {
	t.Helper()
	request := newRequest(t, http.MethodGet, server+"/xrpc/com.atproto.server.getSession", nil)
	request.Header.Set("Authorization", "Bearer "+token)
	var session struct{ DID string }
	decode(t, send(t, request), &session)
	return session.DID
}

func newRequest(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func send(t *testing.T, request *http.Request) string {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s: %s", request.Method, request.URL, response.Status, body)
	}
	return string(body)
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
}
