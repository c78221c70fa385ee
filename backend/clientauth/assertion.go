package clientauth

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	latchkey "latchkey/backend"
)

const (
	// lifetime is how old an assertion may become: the PDS takes none that is older than a minute (read in the
	// source of @atproto/oauth-provider 0.22.9).
	lifetime = time.Minute
	// backdated is by how much an assertion says that it is older than it is. The PDS takes none that it thinks is
	// from the future, by a second even (read in the source of jose 5): clocks differ by more.
	backdated = 15 * time.Second
)

// assertionClaims are those of RFC 7523 section 3, and the key that the assertion is for.
type assertionClaims struct {
	Issuer       string       `json:"iss"`
	Subject      string       `json:"sub"`
	Audience     string       `json:"aud"`
	ID           string       `json:"jti"`
	IssuedAt     int64        `json:"iat"`
	Expires      int64        `json:"exp"`
	Confirmation confirmation `json:"cnf"`
}

// confirmation names a key by its thumbprint (RFC 7800 section 3, RFC 9449 section 6.1).
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

// Sign makes an assertion of the client for the issuer, at this time, for requests whose DPoP proofs are made with
// the key of this thumbprint (RFC 7638).
func (k *Key) Sign(clientID, issuer, thumbprint string, now time.Time) (latchkey.Secret, error) {
	issued := now.Add(-backdated)
	text, err := signed(k.private, map[string]any{"typ": "JWT", "alg": "ES256", "kid": k.ID()}, jwt.MapClaims{
		"iss": clientID,
		"sub": clientID,
		"aud": issuer,
		"jti": rand.Text(),
		"iat": issued.Unix(),
		"exp": issued.Add(lifetime).Unix(),
		"cnf": confirmation{thumbprint},
	})
	return latchkey.Secret(text), err
}

// Local implements [latchkey.ClientAuth] with a key of its own. It is safe for concurrent use.
type Local struct {
	// ServerTime is the time on the issuer's clock, by which assertions are issued; nil is that of this computer,
	// which may be an hour off. It is set before the first assertion, or never.
	ServerTime func(issuer string) time.Time

	clientID string
	key      *Key
}

var _ latchkey.ClientAuth = (*Local)(nil)

// NewLocal takes the client id and the file of the key, as [ParseKey] reads it; its errors are those of that.
func NewLocal(clientID string, key []byte) (*Local, error) {
	k, err := ParseKey(key)
	if err != nil {
		return nil, err
	}
	return &Local{clientID: clientID, key: k}, nil
}

// Key is the key that it signs with.
func (l *Local) Key() *Key { return l.key }

// Assertion implements [latchkey.ClientAuth]. There is one key to choose from: should the session have begun with another
// one, the server tells a key that it does not know, which a computer may have been given by mistake, from one that
// took the other's place.
func (l *Local) Assertion(_ context.Context, issuer string, keys latchkey.Keys, _ string) (latchkey.Assertion, error) {
	session, err := sessionKey(keys)
	if err != nil {
		return latchkey.Assertion{}, err
	}
	public, err := publicJWK(session)
	if err != nil {
		return latchkey.Assertion{}, latchkey.NewError(latchkey.Internal, err)
	}
	if public.thumbprint() == l.key.thumbprint {
		// Servers refuse that (RFC 9449 section 11 is why); it can't happen but by a mistake of ours.
		return latchkey.Assertion{}, latchkey.NewError(latchkey.Internal, errors.New("the session's key is the client's"))
	}
	now := time.Now()
	if l.ServerTime != nil {
		now = l.ServerTime(issuer)
	}
	text, err := l.key.Sign(l.clientID, issuer, public.thumbprint(), now)
	return latchkey.Assertion{Text: text, KeyID: l.key.ID()}, err
}
