package latchkey

import "github.com/bluesky-social/indigo/atproto/syntax"

// Preview is what is understood of a text before anybody signs in with it: the identity card that a
// person sees before the browser opens. Nothing relies on it: a sign-in checks everything itself.
type Preview struct {
	Kind Kind
	// Identity is whom the text means; its handle is empty unless confirmed. All of it is empty for
	// servers and emails, and where the text is strange. Where a handle's account does not confirm it, there
	// is only the DID.
	Identity Identity
	// Server is the origin of the server that was typed, or that signs people in by email; empty for
	// accounts, which have theirs in Identity.
	Server string
	// Ready says that the authorization server was found as well, so that a sign-in has little left to ask.
	Ready   bool
	Profile Profile
	// Warnings are what a person should look at before they go on.
	Warnings []*Error
}

// Kind is what sort of name a text is.
type Kind string

// The kinds of names that people sign in with.
const (
	KindHandle Kind = "handle"
	KindDID    Kind = "did"
	KindServer Kind = "server"
	KindEmail  Kind = "email"
)

// Profile is what an account says of itself (the record app.bsky.actor.profile/self). Nobody has checked it:
// two accounts may show the same name.
type Profile struct {
	// Name is plain text without marks that change the direction or the place of what stands beside it.
	Name string
	// Avatar is the CID of a picture, or empty.
	Avatar string
}

// Suggestion is an account that may be meant by what somebody types, as a third party tells of it. Nobody
// has checked any of it: whether the handle is the account's, a preview or a sign-in finds out.
type Suggestion struct {
	DID    syntax.DID
	Handle syntax.Handle
	Name   string // plain text, as in Profile
	Avatar string // https URL of a picture, or empty
}

// Picture is an image that can be shown: of a type that was recognised, and of a sane size.
type Picture struct {
	Type string // image/png, image/jpeg or image/webp
	Data []byte
}
