package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

// nowhere is a network without anybody: no test of junk asks a real one.
type nowhere struct{ latchkey.Protocol }

var unreachable = latchkey.NewError(latchkey.ServerUnreachable, nil)

func (nowhere) Lookup(context.Context, syntax.AtIdentifier) (latchkey.Identity, error) {
	return latchkey.Identity{}, latchkey.NewError(latchkey.HandleNotFound, nil)
}

func (nowhere) Discover(context.Context, string) (latchkey.AuthorizationServer, error) {
	return latchkey.AuthorizationServer{}, unreachable
}

func (nowhere) Reach(context.Context, latchkey.Session) error { return unreachable }

func (nowhere) Revoke(context.Context, latchkey.Session, latchkey.Keys) error { return nil }

func (nowhere) Do(context.Context, latchkey.Session, latchkey.Keys, *http.Request) (*http.Response, error) {
	return nil, unreachable
}

// pocket is a keychain.
type pocket struct{ items sync.Map }

func (p *pocket) Get(_ context.Context, id string) (latchkey.Keys, error) {
	if keys, ok := p.items.Load(id); ok {
		return keys.(latchkey.Keys), nil
	}
	return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemMissing, nil)
}

func (p *pocket) Set(_ context.Context, id string, keys latchkey.Keys) error {
	p.items.Store(id, keys)
	return nil
}

func (p *pocket) Delete(_ context.Context, id string) error {
	p.items.Delete(id)
	return nil
}

func (*pocket) InMemory(string) bool { return false }

// signInCanary makes a session whose secrets are known, and answers all that must not be seen of it.
func signInCanary(tb testing.TB, a *App, id string) []string {
	tb.Helper()
	keys, err := a.service.Protocol.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	account := latchkey.Account{DID: canaryDID, Handle: "alice.example.com", Server: "https://pds.example.com", Status: latchkey.Active, LastUsed: time.Now()}
	server := latchkey.AuthorizationServer{Issuer: account.Server}
	request := latchkey.AuthorizationRequest{ID: id, DID: account.DID, Server: server, Deadline: time.Now().Add(time.Minute)}
	session := latchkey.Session{
		ID: id, DID: account.DID, ClientID: config.Loopback, Issuer: account.Server, Server: account.Server, Created: time.Now(), Ends: time.Now().Add(time.Hour),
		Tokens: latchkey.Tokens{Access: "canary-access", Refresh: "canary-refresh"}, Email: "canary-address@example.org",
	}
	ctx := context.Background()
	for _, err := range []error{
		a.service.Keychain.Set(ctx, id, keys), a.service.Store.AddSignIn(ctx, request, keys), a.service.Store.SaveSession(ctx, account, session, keys),
	} {
		if err != nil {
			tb.Fatal(err)
		}
	}
	return []string{"canary-", string(keys.DPoP), hex.EncodeToString(keys.Sealing[:])}
}

const canaryDID = syntax.DID("did:plc:canarycanarycanarycanary")

// FuzzBound gives each bound method what a page can send it: any text, in any place. None panics, and no
// answer and no error tells a secret of the session that is there.
// hostile: 60
func FuzzBound(f *testing.F) {
	bound := reflect.TypeFor[*App]()
	for i := range bound.NumMethod() {
		for _, junk := range []string{
			"", "null", "{}", "7", `"x"`, "alice.example.com", "alice@example.org", string(canaryDID), "https://127.0.0.1/", "<script>", "javascript:alert(1)",
			"../../etc/passwd", "\x00\xff", "%00%s%n", "http://127.0.0.1:1/callback?code=x&state=y&iss=z", strings.Repeat("a", 1<<16), strings.Repeat("[", 1<<12),
		} {
			f.Add(uint8(i), junk)
		}
	}
	a, events := newTestApp(f, func(c *config.Config) {
		c.Brand.EmailProvider = "https://mail.example.com"
	})
	go func() {
		for range events { // nobody looks at them
		}
	}()
	a.service.Keychain, a.service.Directory, a.service.Protocol, a.service.Profiles = &pocket{}, nowhere{}, nowhere{a.service.Protocol}, painter{}
	var secrets []string
	serial := 0
	f.Fuzz(func(t *testing.T, method uint8, junk string) {
		if id, err := a.service.Store.SessionID(t.Context(), canaryDID); err != nil {
			t.Fatal(err)
		} else if id == "" {
			serial++
			secrets = signInCanary(t, a, fmt.Sprintf("canary%d", serial))
		}
		m := bound.Method(int(method) % bound.NumMethod())
		args := []reflect.Value{reflect.ValueOf(a)}
		for i := 1; i < m.Type.NumIn(); i++ {
			args = append(args, argument(m.Type.In(i), junk))
		}
		var said []any
		for _, result := range m.Func.Call(args) {
			if err, failed := result.Interface().(error); failed {
				said = append(said, formatError(err))
			} else {
				said = append(said, result.Interface())
			}
		}
		answer, err := json.Marshal(said)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		if i := slices.IndexFunc(secrets, func(s string) bool { return strings.Contains(string(answer), s) && !strings.Contains(junk, s) }); i >= 0 {
			t.Errorf("%s(%q) tells secret %d: %s", m.Name, junk, i, answer)
		}
	})
}

// argument is junk as Wails reads it for a parameter: JSON of its type. Junk that is none is taken as text.
func argument(of reflect.Type, junk string) reflect.Value {
	value := reflect.New(of)
	if json.Unmarshal([]byte(junk), value.Interface()) != nil {
		switch text := value.Interface().(type) {
		case *string:
			*text = junk
		case *[]string:
			*text = strings.Fields(junk)
		}
	}
	return value.Elem()
}
