package latchkey

import (
	"fmt"
	"io"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// Session is what an authorization server granted to one account. Everything but the tokens lies
// readable in the database; the tokens are sealed with [Keys].Sealing.
type Session struct {
	// ID is random. It names the row and the keychain item, and is never used again.
	ID  string
	DID syntax.DID
	// ClientID is the client id that the session was made with. A refresh under another one makes
	// the server delete the session (observed), so it is stored and compared.
	ClientID string
	// KeyID is the id of the product's key that the server knows the session by (RFC 7523); empty for a public client's.
	// The server takes no refresh without that very key: with another one, or none, it deletes the session (read
	// in the source of @atproto/oauth-provider 0.22.9, and observed). Such a session it lets live longer.
	KeyID string
	// Issuer is the authorization server, Server the PDS; both are origins, often the same.
	Issuer, Server     string
	TokenEndpoint      string
	RevocationEndpoint string // empty where the server has none
	Scopes             []string
	Created            time.Time
	// Ends is when the whole session ends on its server: whatever is refreshed where it is a public client's,
	// unless it is refreshed before where it is a confidential one's.
	Ends time.Time
	// Renewed is when the tokens were granted.
	Renewed time.Time
	// InMemory says that the keys are in no keychain: the session ends with the process.
	InMemory bool
	// AccessEnds is when the server said that the access token ends; zero where it did not say.
	// The server's 401 decides, not this clock.
	AccessEnds time.Time
	// Unconfirmed counts refresh requests that were sent and whose outcome was never recorded.
	// A refresh token works once, so anything but zero means that this session may be lost.
	Unconfirmed int
	Tokens      Tokens
	// Email is the address that the session was signed in with, in lower case; empty where it is
	// not known. It is sealed like the tokens.
	Email Secret
}

// PendingRevocation is a session that ended here, as its row tells without its keys.
type PendingRevocation struct {
	ID string
	// Ends is when the session ends on its server in any case.
	Ends time.Time
	// InMemory says that its keys were in no keychain, so there is no item to remove.
	InMemory bool
	// Tries counts how often the server was told in vain; Due is when it is told again.
	Tries int
	Due   time.Time
}

// Tokens are the two tokens of a session.
type Tokens struct{ Access, Refresh Secret }

// Keys are the keychain item of one session: nothing else is kept there, because Windows allows no
// more than 2,560 bytes.
type Keys struct {
	// DPoP is the private P-256 key that the tokens are bound to (RFC 9449), as a multibase string.
	DPoP Secret
	// Sealing is the 32-byte key of the session's row.
	Sealing [32]byte
}

// String keeps the keys out of logs and error texts.
func (Keys) String() string { return redacted }

// Format implements [fmt.Formatter], so that it holds for every verb.
func (Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText keeps the keys out of JSON and out of slog.
func (Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Grant is a checked answer of the token endpoint.
type Grant struct {
	// KeyID is the id of the key by which the request proved that it was the product's; empty for none.
	KeyID string

	Subject    syntax.DID
	Scopes     []string
	Tokens     Tokens
	AccessEnds time.Time // zero where the server did not say
}

// Secret is text that must not be seen: however it is printed, logged or put into JSON, only
// "[redacted]" comes out. string(s) is the text itself. It is not for keys of maps, which JSON writes
// as they are.
type Secret string

const redacted = "[redacted]"

// String implements [fmt.Stringer].
func (Secret) String() string { return redacted }

// Format implements [fmt.Formatter]: fmt asks a Stringer for some verbs only.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText keeps a secret out of JSON and out of slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
