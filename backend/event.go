package latchkey

// Event is one change that a face may want to show, whichever process made it.
type Event struct {
	Kind    EventKind
	SignIn  *SignIn  // for SignInProgress
	Account *Account // for the kinds that are about an account
	Notices []Code   // for NoticesChanged: all that hold now
}

// EventKind tells what an event is about.
type EventKind string

// All kinds of events. A face ignores those that it does not know.
const (
	SignInProgress     EventKind = "sign_in"
	AccountAdded       EventKind = "added"
	AccountChanged     EventKind = "changed"
	AccountNeedsSignIn EventKind = "needs_sign_in"
	AccountRemoved     EventKind = "removed"
	NoticesChanged     EventKind = "notices"
)
