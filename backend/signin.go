package latchkey

import (
	"net/url"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// SignIn is one attempt as a face shows it, from the click to the account or the reason. It holds
// nothing secret.
type SignIn struct {
	ID    string
	Phase Phase
	// DID and Handle are whom the attempt is for, once known. Both stay empty when only a server
	// was typed.
	DID    syntax.DID
	Handle syntax.Handle
	// Server is the origin where the person approves.
	Server string
	// Link leads a browser on this machine to the server's page. It is a link of our own listener:
	// the authorization URL itself is personal and stays with the listener.
	Link string
	// CodeByEmail says that the server mails a code to the address that was typed here; otherwise
	// the address is typed once more on the server's page. For sign-ins by email only.
	CodeByEmail bool
	// OtherEmail says that the account that was signed in belongs to another address than the one
	// asked for. The person decides whether to keep it.
	OtherEmail bool
	// BrowserFailed says that no browser could be started: the link must be opened by hand.
	BrowserFailed bool
	// Remote says that the person sits at another computer than the one this runs on, so that no
	// browser of theirs can come back by itself: the address it ended on has to be pasted.
	Remote bool
	// Deadline is when the attempt ends by itself; zero before it waits.
	Deadline time.Time
	Account  *Account // set when done
	Err      *Error   // set when failed
}

// Phase is how far a sign-in has come.
type Phase string

// The phases in their order; an attempt ends in Done or Failed, and may fail from any.
const (
	Resolving  Phase = "resolving"
	Waiting    Phase = "waiting"
	Exchanging Phase = "exchanging"
	Done       Phase = "done"
	Failed     Phase = "failed"
)

// AuthorizationServer is where a sign-in happens: the checked part of its metadata that the flow
// needs (RFC 8414 and the AT Protocol's OAuth profile).
type AuthorizationServer struct {
	Issuer string // origin
	// Server is the PDS that named this authorization server; empty when the person typed the
	// address of an authorization server itself.
	Server                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	// PushEndpoint takes the pushed authorization request (RFC 9126).
	PushEndpoint       string
	RevocationEndpoint string // empty where there is none
}

// TakesEmail tells an authorization server that signs people in by a mailed code: it shows its pages
// on an origin of its own, beside the issuer's, and takes an address as a hint there (observed of
// ePDS providers). A stock PDS shows its own pages and ignores such a hint.
func (as AuthorizationServer) TakesEmail() bool {
	issuer, err := url.Parse(as.Issuer)
	if err != nil {
		return false
	}
	page, err := url.Parse(as.AuthorizationEndpoint)
	return err == nil && (page.Scheme != issuer.Scheme || page.Host != issuer.Host)
}

// AuthorizationRequest is one attempt as the protocol sees it. It is saved before the request is
// pushed, and consumed exactly once, before its code is exchanged.
type AuthorizationRequest struct {
	ID string
	// DID is the account asked for; empty when only a server was typed.
	DID         syntax.DID
	Server      AuthorizationServer
	ClientID    string
	RedirectURI string
	Scopes      []string
	// LoginHint is the handle or DID to fill in on the server's page; empty for none.
	LoginHint string
	// Email is the address asked for, in lower case; empty for none. To a server that takes it, it
	// goes with the browser and in no other way: pushed requests with it are refused (observed).
	Email Secret
	// Raised are those of the scopes that the product does not ask for by itself.
	Raised []string
	// URL is the authorization URL, once the request was pushed.
	URL Secret
	// State ties the callback to this attempt; Verifier is the PKCE code verifier (RFC 7636).
	State, Verifier Secret
	Deadline        time.Time
}

// PendingSignIn is an attempt as its row tells without its keys.
type PendingSignIn struct {
	ID       string
	Deadline time.Time
	// Used says that the browser came back: its code was exchanged, or is lost.
	Used bool
}
