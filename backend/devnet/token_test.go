//go:build devnet

package devnet

import (
	"net/http"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

func TestTokenLife(t *testing.T) {
	t.Parallel()
	const life = 5 * time.Second
	network := MustStartWith(t, Options{TokenLife: life, Second: true, Email: true})
	alice := network.Accounts[0]
	protocol := newProtocol(t, network)
	for name, person := range map[string]struct {
		origin, hint string
		browser      Browser
	}{
		"first PDS":      {network.PDS, alice.Handle, Browser{Password: alice.Password}},
		"email provider": {network.EmailProvider, "", Browser{Email: "short@example.org"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := beginAt(t, network, protocol, person.origin, person.hint)
			a.visit(t, nil, person.browser)
			asked := time.Now()
			session := a.finish(t)
			got := time.Now()
			// expires_in is in whole seconds, rounded down.
			if ends := session.AccessEnds; ends.After(got.Add(life)) || ends.Before(asked.Add(life-2*time.Second)) {
				t.Errorf("a token of %s asked for at %s ends at %s", life, asked, ends)
			}
			if status := a.get(t, session, "com.atproto.server.getSession"); status != http.StatusOK {
				t.Errorf("getSession with a new token: %d", status)
			}
			// Asking again and again until it ends is no way to wait: this server deletes the whole session when
			// a token ends between its two looks at it (observed; loadTokenClaims of @atproto/oauth-provider).
			select {
			case <-time.After(time.Until(got.Add(life))):
			case <-t.Context().Done():
			}
			_, err := protocol.Do(t.Context(), session, a.keys, newRequest(t, http.MethodGet, session.Server+"/xrpc/com.atproto.server.getSession", nil))
			if latchkey.CodeOf(err) != latchkey.AccessEnded {
				t.Errorf("getSession with an old token: %v", err)
			}
			grant, err := protocol.Refresh(t.Context(), session, a.keys)
			if err != nil {
				t.Fatal(err)
			}
			if grant.AccessEnds.After(time.Now().Add(life)) {
				t.Errorf("a renewed token ends at %s", grant.AccessEnds)
			}
			session.Tokens = grant.Tokens
			if status := a.get(t, session, "com.atproto.server.getSession"); status != http.StatusOK {
				t.Errorf("getSession with a renewed token: %d", status)
			}
		})
	}
}
