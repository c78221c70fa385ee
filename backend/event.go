package latchkey

// Event is one change that a face may want to show. Exactly one of SignIn and Account is set.
type Event struct {
	Kind    EventKind
	SignIn  *SignIn  // for SignInProgress
	Account *Account // for the others
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
)
