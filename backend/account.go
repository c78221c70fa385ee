package latchkey

import (
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
}

// Name is what a person knows the account by: its handle, else its DID.
func (a Account) Name() string {
	if a.Handle != "" {
		return a.Handle.String()
	}
	return a.DID.String()
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
