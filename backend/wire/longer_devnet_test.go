//go:build devnet

package wire_test

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
	"latchkey/backend/wire"
)

// ownNetwork takes the place of the network of these tests, for a test that does not run in parallel, and answers the
// PDS's own database of sessions.
func ownNetwork(t *testing.T) *sql.DB {
	t.Helper()
	dir := t.TempDir()
	own, err := devnet.Start(t.Context(), devnet.Options{Dir: dir, ClientHost: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(config.Variable(config.NetworkFile), own.NetworkFile())
	shared := network
	network = own
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: filepath.Join(dir, "pds", "account.sqlite")}).EscapedPath()+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		network = shared
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// The PDS lets the session of a product with a key live for two years, and rest for a quarter of one; that of a public
// client ends after two weeks. So does our calendar have it. And what a product becomes, its sessions may follow:
// one without a key gets one, and goes on; one that loses its key is told what to do.
func TestLongerSession(t *testing.T) { // not parallel: it has a network of its own
	pds := ownNetwork(t)
	const day = 24 * time.Hour
	// age sets when the session of a person began and was renewed last, as its server has it.
	age := func(person devnet.Account, began, renewed time.Duration) {
		t.Helper()
		at := func(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format("2006-01-02T15:04:05.000Z") }
		result, err := pds.ExecContext(t.Context(), `UPDATE token SET createdAt = ?, updatedAt = ? WHERE did = ?`, at(began), at(renewed), person.DID)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); n != 1 || err != nil {
			t.Fatalf("%d sessions of %s, %v", n, person.Handle, err)
		}
	}
	renew := func(h *house, a latchkey.Account) error {
		t.Helper()
		h.endAccess(a.DID.String())
		_, err := h.getSession(a)
		return err
	}
	key := newProductKey(t)
	const public = "https://app.latchkey.internal/public/client.json"
	withKey := newHouse(t, keyed(t, "/longer", key))
	withKey.host(nil)
	without := newHouse(t, func(c *config.Config) { c.Brand.ClientID = public })
	document, err := wire.ClientMetadata(without.config.Brand)
	if err != nil {
		t.Fatal(err)
	}
	network.HostClient("/public/client.json", document)
	long, short := withKey.mustSignIn("alice.test", through(alice())), without.mustSignIn("bob.test", as(bob()))
	age(alice(), 60*day, 60*day)
	age(bob(), 13*day, 13*day)
	for _, err := range []error{renew(withKey, long), renew(without, short)} {
		if err != nil {
			t.Errorf("within their lives: %v", err)
		}
	}
	age(alice(), 729*day, 91*day)
	age(bob(), 15*day, day)
	if err := renew(withKey, long); err != nil {
		t.Errorf("within two years and a quarter: %v", err)
	}
	wantCode(t, renew(without, short), latchkey.SessionRejected)
	age(alice(), 100*day, 92*day)
	wantCode(t, renew(withKey, long), latchkey.SessionRejected)

	// The product gets a key, under the client id that it has.
	short = without.mustSignIn("bob.test", as(bob()))
	before, _ := without.session(short.DID.String())
	becomes := func(change func(*config.Config)) {
		t.Helper()
		without.shut()
		change(&without.config)
		without.config.Brand.ClientID = public
		document, err := wire.ClientMetadata(without.config.Brand)
		if err != nil {
			t.Fatal(err)
		}
		network.HostClient("/public/client.json", document)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := network.Restart(ctx); err != nil { // it would know the old document for some minutes
			t.Fatal(err)
		}
		without.open()
	}
	becomes(keyed(t, "/public", key))
	if err := renew(without, short); err != nil {
		t.Fatalf("with a key of late: %v", err)
	}
	after, keys := without.session(short.DID.String())
	if before.KeyID != "" || after.KeyID == "" || after.Ends.Sub(before.Ends) < 70*day {
		t.Errorf("it ends %v, and before it had a key %v", after.Ends, before.Ends)
	}
	age(bob(), 20*day, 20*day)
	if err := renew(without, short); err != nil {
		t.Errorf("beyond two weeks: %v", err)
	}
	// And loses it again. Nothing is sent: the server would end the session.
	becomes(func(c *config.Config) { c.Brand.Hosted = config.Hosted{} })
	wantCode(t, renew(without, short), latchkey.ClientChanged)
	if now, err := without.Find(t.Context(), "bob.test"); err != nil || now.Status != latchkey.NeedsSignIn || now.Reason != latchkey.ClientChanged {
		t.Errorf("%+v, %v", now, err)
	}
	var left int
	if err := pds.QueryRowContext(t.Context(), `SELECT count(*) FROM token WHERE did = ?`, bob().DID).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d sessions of bob, %v", left, err)
	}
	if after, err = without.store().Revocation(t.Context(), after.ID, keys); err != nil {
		t.Fatal(err)
	}
	after.KeyID = ""
	raw := oauth.New(safehttp.New(without.config.Network.Exceptions, "test"))
	_, err = raw.Refresh(t.Context(), after, keys)
	wantCode(t, err, latchkey.SessionRejected)
	if err := pds.QueryRowContext(t.Context(), `SELECT count(*) FROM token WHERE did = ?`, bob().DID).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d sessions of bob after a refresh without the key, %v", left, err)
	}
	without.mustSignIn("bob.test", as(bob()))
}
