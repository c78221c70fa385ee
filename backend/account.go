package latchkey

import (
	"net/url"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// Account is somebody who signed in here. It outlives its session: an account whose session ended
// stays, with the reason, until the person signs it out.
type Account struct {
	DID syntax.DID `json:"did"`
	// Handle is empty unless it was verified in both directions (handle to DID and back).
	Handle syntax.Handle `json:"handle"`
	// Server is the origin of the account's PDS, such as https://pds.example.com.
	Server string `json:"server"`
	Status Status `json:"status"`
	// Reason is the code that says why the account needs a sign-in; empty while it is active.
	Reason Code `json:"reason,omitempty"`
	// Scopes are what the server granted to the session; empty without one.
	Scopes []string `json:"scopes"`
	// LastUsed orders the accounts: the one used last is the current one.
	LastUsed time.Time `json:"lastUsed"`
	// Raised are the scopes that were asked for beyond the product's own. A later sign-in asks for
	// them again, so that nothing is lost on the way.
	Raised []string `json:"-"`
	// Confirmed is when the directory was last asked about Handle and Server.
	Confirmed time.Time `json:"-"`

	// SignedIn and SessionEnds are the first and the last moment of the session, by our clock; Renewed
	// is when its tokens were renewed last. They are zero without a session. The server decides:
	// SessionEnds is what it was observed to give (see [Session].Ends).
	SignedIn    time.Time `json:"signedIn,omitzero"`
	Renewed     time.Time `json:"renewed,omitzero"`
	SessionEnds time.Time `json:"sessionEnds,omitzero"`
	// InMemory says that this computer has no keychain: the session ends with the program.
	InMemory bool `json:"inMemory,omitempty"`
	// Offline says that the account's server did not answer the last time that it was asked.
	Offline bool `json:"offline,omitempty"`
	// Profile is what the account says of itself, as far as this process has asked; nothing relies on it.
	Profile Profile `json:"-"`
}

// EndWarning is how long before the end of a session its person is warned.
const EndWarning = 48 * time.Hour

// EndsSoon tells whether it is time to warn of the session's end.
func (a Account) EndsSoon(now time.Time) bool {
	return a.Status == Active && !a.SessionEnds.IsZero() && now.After(a.SessionEnds.Add(-EndWarning))
}

// Why says why the account needs a sign-in, as an error; nil while it is active.
func (a Account) Why() *Error {
	if a.Status != NeedsSignIn {
		return nil
	}
	e := NewError(a.Reason, nil)
	if a.Reason == AccountMoved {
		if u, err := url.Parse(a.Server); err == nil {
			return e.About(u.Host)
		}
	}
	return e
}

// Name is what a person knows the account by: its handle, else its DID.
func (a Account) Name() string {
	if a.Handle != "" {
		return a.Handle.String()
	}
	return a.DID.String()
}

// UsedAccount is an account that was signed in here once: enough to sign in to it again.
type UsedAccount struct {
	DID syntax.DID
	// Handle and Server are what they were at the sign-out; the handle may be empty.
	Handle syntax.Handle
	Server string
}

// Status tells whether an account can be used.
type Status string

// The two states of an account. One that was signed out is not there any more.
const (
	Active      Status = "active"
	NeedsSignIn Status = "needs_sign_in"
)

// Identity is what the directory says of a DID right now.
type Identity struct {
	DID syntax.DID
	// Handle is empty unless it was verified in both directions.
	Handle syntax.Handle
	// Server is the origin of the PDS that the DID document names.
	Server string
}
