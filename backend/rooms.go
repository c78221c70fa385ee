package latchkey

import (
	"context"
	"net/http"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// Directory answers who a handle or DID is. Answers are fresh: nothing that a sign-in relies on is
// older than the sign-in. Errors carry the codes HandleNotFound, DIDNotFound, IdentityMismatch,
// AccountHasNoServer or IdentityUnreachable.
type Directory interface {
	Lookup(ctx context.Context, id syntax.AtIdentifier) (Identity, error)
}

// Profiles reads what accounts say of themselves in public, from their own servers and nobody else.
type Profiles interface {
	// Profile answers what the account's profile says; an empty one where there is none.
	Profile(ctx context.Context, id Identity) (Profile, error)
	// Picture fetches the picture that a profile names. Whatever can't be shown safely is an error.
	Picture(ctx context.Context, id Identity, avatar string) (Picture, error)
}

// Suggestions ask a third party, which the person has chosen, for accounts that may be meant.
type Suggestions interface {
	// Suggest answers accounts whose names begin with a text, as the host, an origin, knows them: at
	// most 8, and nobody has checked any of it.
	Suggest(ctx context.Context, host, text string) ([]Suggestion, error)
	// SuggestedPicture fetches the picture that a suggestion names. Whatever can't be shown safely is
	// an error.
	SuggestedPicture(ctx context.Context, avatar string) (Picture, error)
}

// Protocol speaks OAuth to an authorization server and signs requests to a PDS.
type Protocol interface {
	// NewKeys makes the keys of one attempt, which become those of its session.
	NewKeys() (Keys, error)
	// Discover finds and checks the authorization server of a PDS, given by its origin.
	Discover(ctx context.Context, server string) (AuthorizationServer, error)
	// Push sends the pushed authorization request (RFC 9126) and answers the URL to open.
	Push(ctx context.Context, req AuthorizationRequest, keys Keys) (authorizationURL Secret, err error)
	// Exchange trades the code for tokens. The code is used up whatever comes back.
	Exchange(ctx context.Context, req AuthorizationRequest, keys Keys, code Secret) (Grant, error)
	// Reach shows that the session's authorization server answers, by a request that changes
	// nothing, on the connection that a refresh would take.
	Reach(ctx context.Context, s Session) error
	// Refresh trades the refresh token for new tokens. Its error has the code SessionRejected when
	// the server refused the token, RenewalUnknown when the request went out and no answer came
	// back. With any other code the session goes on with the old token: should the server have
	// spent it all the same, it will refuse it the next time.
	Refresh(ctx context.Context, s Session, keys Keys) (Grant, error)
	// Revoke ends the session on the server (RFC 7009).
	Revoke(ctx context.Context, s Session, keys Keys) error
	// Do sends a request to the session's PDS with the access token and a DPoP proof. A request
	// with a body needs GetBody. The code AccessEnded says that the server takes the access token
	// no more; any other answer of the server is an answer, not an error.
	Do(ctx context.Context, s Session, keys Keys, req *http.Request) (*http.Response, error)
}

// ClientAuth proves to a server that a request comes from the product itself (RFC 7523). A product that has none
// is a public client.
type ClientAuth interface {
	// Assertion answers a fresh client assertion for the issuer, for a request whose DPoP proof is made with the
	// session's key. keyID is the product's key that the session began with, which servers want to see again: it is used
	// where there are several. It is empty for a new session. The code ClientChanged says that the product gave that
	// key up.
	Assertion(ctx context.Context, issuer string, keys Keys, keyID string) (Assertion, error)
}

// Assertion is a client assertion, with the id of the key that it was made with.
type Assertion struct {
	Text  Secret
	KeyID string
}

// Loopback opens listeners for the browser's way back.
type Loopback interface {
	// Listen binds a listener that takes the one callback with this state and issuer: on a free port,
	// or, where the redirect URI of an earlier one is given, with its state, on the port of that.
	Listen(ctx context.Context, state Secret, issuer, redirectURI string) (Listener, error)
}

// Listener waits for one callback. Whoever opened it closes it.
type Listener interface {
	// RedirectURI is where the authorization server sends the browser.
	RedirectURI() string
	// State is the one to send: the state that Listen was given, or what was made of it.
	State() Secret
	// Link is the address that leads a browser to the authorization URL, once SetTarget was called.
	Link() string
	SetTarget(authorizationURL Secret)
	// Wait blocks until the valid callback came and answers its code. A refusal by the server is
	// an error with the code Denied or ServerRefused.
	Wait(ctx context.Context) (code Secret, err error)
	// Take is for a browser that could not come back: it takes the address of the callback from the
	// person, checks it as if a browser had brought it, and hands it to Wait. Any other address
	// changes nothing; its error has the code CallbackInvalid, or CallbackOther for the callback of
	// another attempt. A callback after the first one is no error, and changes nothing either.
	Take(address Secret) error
	// Finish gives the waiting browser page the outcome and closes the listener when the page has
	// been delivered, or when ctx ends.
	Finish(ctx context.Context, account *Account, reason *Error)
}

// Browser opens the person's own browser. Its errors have the code BrowserFailed.
type Browser interface {
	Open(ctx context.Context, url string) error
	// Installed lists the browsers of this computer, by name.
	Installed(ctx context.Context) ([]BrowserApp, error)
	// OpenWith opens a page in one of those, named by its id.
	OpenWith(ctx context.Context, id, url string) error
}

// BrowserApp is a browser that is installed on this computer.
type BrowserApp struct {
	ID   string // means something to the Browser that listed it alone
	Name string // for people
}

// Keychain keeps the keys of sessions and attempts in the operating system's keychain, or in the
// vault where the person made one. Errors carry one of the Keychain, Vault or Storage codes, or
// Cancelled.
type Keychain interface {
	Get(ctx context.Context, id string) (Keys, error)
	// Set stores and reads back: when it returns nil the item is there.
	Set(ctx context.Context, id string, keys Keys) error
	// Delete removes an item; one that is not there is not an error.
	Delete(ctx context.Context, id string) error
	// InMemory tells whether the item is kept by this process alone, because there is no keychain.
	InMemory(id string) bool
}

// Store keeps accounts, sessions, attempts and revocations to come. Every keychain item belongs to
// exactly one row of the last three, so that nothing can be forgotten in the keychain. Each method
// is one transaction. Errors carry AccountUnknown or one of the Storage codes.
type Store interface {
	// Accounts lists all accounts, the one used last first.
	Accounts(ctx context.Context) ([]Account, error)
	Account(ctx context.Context, did syntax.DID) (Account, error)
	// SaveAccount saves what is known of an account. Which one is current stays as it is.
	SaveAccount(ctx context.Context, a Account) error
	// UseAccount makes an account the current one, and changes nothing else of it: other processes
	// may change it just now. The code AccountUnknown says that it is not here.
	UseAccount(ctx context.Context, did syntax.DID, at time.Time) error

	// AddSignIn saves an attempt before its request is pushed.
	AddSignIn(ctx context.Context, req AuthorizationRequest, keys Keys) error
	// ConsumeSignIn answers an attempt and marks it used. A second call, from whichever process,
	// fails with the code SignInUsed: this is what makes the state good for one exchange.
	ConsumeSignIn(ctx context.Context, id string, keys Keys) (AuthorizationRequest, error)
	// UpdateSignIn saves what became known of an attempt: its authorization URL.
	UpdateSignIn(ctx context.Context, req AuthorizationRequest, keys Keys) error
	// SignIn reads an attempt that was not used yet.
	SignIn(ctx context.Context, id string, keys Keys) (AuthorizationRequest, error)
	// EndSignIn marks an attempt used without reading it: it failed, and its keychain item is left.
	EndSignIn(ctx context.Context, id string) error
	RemoveSignIn(ctx context.Context, id string) error
	// SignIns lists all attempts, the latest deadline first.
	SignIns(ctx context.Context) ([]PendingSignIn, error)

	// SaveSession makes the account's new session out of the attempt of the same id. An older
	// session of the account becomes a revocation to come.
	SaveSession(ctx context.Context, a Account, s Session, keys Keys) error
	// SessionID answers the id of an account's session, or "" without one.
	SessionID(ctx context.Context, did syntax.DID) (string, error)
	// Session opens a session's row. The code SessionMissing says that there is none any more,
	// SealBroken that it was written with other keys or for another account.
	Session(ctx context.Context, id string, keys Keys) (Session, error)
	// UpdateSession saves new tokens, or the mark that a refresh is on its way.
	UpdateSession(ctx context.Context, s Session, keys Keys) error
	// EndSession keeps an account, with the reason in it, while its session becomes a revocation
	// to come: the server may have ended it already, and its keychain item still has to go.
	EndSession(ctx context.Context, a Account) error
	// RemoveAccount signs an account out: its session becomes a revocation to come. One that was
	// active is kept as an account used before, of which the oldest beyond 5 go.
	RemoveAccount(ctx context.Context, did syntax.DID) error

	// UsedAccounts lists those that were signed out here and are not signed in again, the one used
	// last first.
	UsedAccounts(ctx context.Context) ([]UsedAccount, error)
	// ForgetUsed removes one of those; it is no error when there is none.
	ForgetUsed(ctx context.Context, did syntax.DID) error

	// Revocations lists the sessions that the server was not yet told to end, the next due first.
	Revocations(ctx context.Context) ([]PendingRevocation, error)
	Revocation(ctx context.Context, id string, keys Keys) (Session, error)
	// PostponeRevocation counts a try that failed, and says when the next one is due.
	PostponeRevocation(ctx context.Context, id string, due time.Time) error
	RemoveRevocation(ctx context.Context, id string) error

	// Orphans lists the ids of attempts and sessions that were once here and have no row any more, so
	// that their keychain items can go.
	Orphans(ctx context.Context) ([]string, error)
	// ForgetOrphan is for an id whose keychain item is gone.
	ForgetOrphan(ctx context.Context, id string) error

	// Version changes whenever anybody, another process too, has changed something here.
	Version(ctx context.Context) (int64, error)
	// Notices are what opening the store found: StorageReplaced or StorageEmptied.
	Notices() []Code

	// Setting is what the person chose for key, or "" without a choice.
	Setting(ctx context.Context, key SettingKey) (string, error)
	// SaveSetting remembers a choice; "" forgets it.
	SaveSetting(ctx context.Context, key SettingKey, value string) error

	// Lock takes the lock of one session or attempt, shared by goroutines and processes. It ends
	// with the process. The code StorageBusy says that ctx ended while somebody else had it.
	Lock(ctx context.Context, id string) (unlock func(), err error)
}
