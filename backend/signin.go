package latchkey

import (
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
	// BrowserFailed says that no browser could be started: the link must be opened by hand.
	BrowserFailed bool
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
	// State ties the callback to this attempt; Verifier is the PKCE code verifier (RFC 7636).
	State, Verifier Secret
	Deadline        time.Time
}
