package soak_test

import (
	"context"
	"crypto/x509"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/identity"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/internal/soak"
	"latchkey/backend/loopback"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/sqlite"
)

func TestMain(m *testing.M) {
	soak.Main(m, soak.Programs{"victim": victim, "crowd": crowd})
}

// installation is what processes share: a folder, a network, and what is in the keychain. The tests give
// it to their children as JSON.
type installation struct {
	Dir       string
	Resolve   map[string]safehttp.Target
	Authority []byte // PEM
	Keychain  *keychain
}

func newInstallation(t *testing.T, net *hostile.Server) installation {
	t.Helper()
	return installation{t.TempDir(), net.Exceptions().Resolve, net.Authority(), &keychain{}}
}

func (in installation) database() string { return filepath.Join(in.Dir, "test.db") }

func (in installation) openStore(ctx context.Context) (*sqlite.DB, error) {
	return sqlite.Open(ctx, in.database(), filepath.Join(in.Dir, "locks"))
}

const clientID = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&scope=atproto"

// open starts the service of an installation, as each process does. change may put something between it
// and its rooms.
func (in installation) open(ctx context.Context, change func(*auth.Rooms)) (service *auth.Service, closeAll func() error, err error) {
	store, err := in.openStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(in.Authority)
	client := safehttp.New(safehttp.Exceptions{Resolve: in.Resolve, Roots: roots}, "test")
	rooms := auth.Rooms{
		Directory: identity.New(client, hostile.PLC, true),
		Protocol:  oauth.New(client),
		Loopback:  loopback.Loopback{Product: "Test"},
		Keychain:  in.Keychain,
		Store:     store,
	}
	change(&rooms)
	service = auth.New(rooms, auth.Settings{
		ClientID: func([]string) (string, error) { return clientID, nil },
		Scopes:   []string{"atproto"},
	})
	closeAll = func() error {
		err := service.Close(context.Background())
		client.Close()
		return errors.Join(err, store.Close())
	}
	if err := service.Start(ctx); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return service, closeAll, nil
}

// call asks alice's server for something with her session.
func call(ctx context.Context, service *auth.Service) error {
	client, err := service.Client(ctx, hostile.AliceDID)
	if err != nil {
		return err
	}
	var out struct{ DID syntax.DID }
	if err := client.Get(ctx, "com.example.whoami", nil, &out); err != nil {
		return err
	}
	if out.DID != hostile.AliceDID {
		return errors.New("answer for " + out.DID.String())
	}
	return nil
}

// keychain is one in memory, which a test hands to its children.
type keychain struct {
	mu    sync.Mutex
	Items map[string]item
}

// item is the keys of a session, readable: in JSON [latchkey.Keys] are not.
type item struct {
	DPoP    string
	Sealing [32]byte
}

func (k *keychain) Get(_ context.Context, id string) (latchkey.Keys, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i, ok := k.Items[id]
	if !ok {
		return latchkey.Keys{}, latchkey.NewError(latchkey.KeychainItemMissing, nil)
	}
	return latchkey.Keys{DPoP: latchkey.Secret(i.DPoP), Sealing: i.Sealing}, nil
}

func (k *keychain) Set(_ context.Context, id string, keys latchkey.Keys) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Items == nil {
		k.Items = map[string]item{}
	}
	k.Items[id] = item{string(keys.DPoP), keys.Sealing}
	return nil
}

func (k *keychain) Delete(_ context.Context, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.Items, id)
	return nil
}

func (k *keychain) InMemory(string) bool { return false }
