package app

import (
	"encoding/json"
	"net/url"
	"time"

	latchkey "latchkey/backend"
)

// Account is an account as the page shows it.
type Account struct {
	DID    string `json:"did"`
	Handle string `json:"handle"` // empty unless verified
	Server string `json:"server"` // host, for reading
	Status string `json:"status"` // "active" or "needs_sign_in"
	// Reason is a sentence that says why a sign-in is needed; ReasonCode names it for programs, and
	// ReasonSubject is what stands in it where the code leaves room.
	Reason        string   `json:"reason"`
	ReasonCode    string   `json:"reasonCode"`
	ReasonSubject string   `json:"reasonSubject"`
	Scopes        []string `json:"scopes"`
	// SignedIn, Renewed and SessionEnds are RFC 3339, or empty without a session: when it began, when
	// its tokens were renewed last, and when it ends for good.
	SignedIn    string `json:"signedIn"`
	Renewed     string `json:"renewed"`
	SessionEnds string `json:"sessionEnds"`
	EndsSoon    bool   `json:"endsSoon"` // time to warn
	InMemory    bool   `json:"inMemory"` // the session ends when the program does
	Offline     bool   `json:"offline"`  // its server did not answer the last time
	// Name is what the account calls itself; Avatar is a path to load its picture from. Both may be empty.
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
}

// Notice is something that holds for the whole program right now.
type Notice struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Subject string `json:"subject"` // as in a failure
}

// SignIn is the sign-in in progress as the page shows it.
type SignIn struct {
	ID     string `json:"id"`
	Phase  string `json:"phase"`
	DID    string `json:"did"`
	Handle string `json:"handle"`
	Server string `json:"server"`
	// URL is the link of our own listener, which leads a browser on to the server's page.
	URL           string   `json:"url"`
	BrowserOpened bool     `json:"browserOpened"`
	Remote        bool     `json:"remote"`      // the person's browser is on another computer
	CodeByEmail   bool     `json:"codeByEmail"` // the server mails a code to the address typed here
	OtherEmail    bool     `json:"otherEmail"`  // the account belongs to another address
	Deadline      string   `json:"deadline"`    // RFC 3339, or empty
	Error         *Failure `json:"error"`
}

// AccountEvent is the payload of the event "account".
type AccountEvent struct {
	Kind    string  `json:"kind"`
	Account Account `json:"account"`
}

// Failure is an error as the page shows it. The cause stays behind.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	// Subject is what stands in the message where the code leaves room, so that a page in another
	// language can say it in its own words; empty for the other codes.
	Subject   string `json:"subject"`
	Retryable bool   `json:"retryable"`
}

// Product is what this product is called, and what it asks for at each sign-in.
type Product struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Scopes  []string `json:"scopes"`
}

// EmailProviders are the servers that sign people in by email, by their origins.
type EmailProviders struct {
	Chosen string   `json:"chosen"` // empty for none
	Known  []string `json:"known"`
}

func newAccount(a latchkey.Account) Account {
	view := Account{
		DID: a.DID.String(), Handle: a.Handle.String(), Server: host(a.Server),
		Status: string(a.Status), Scopes: append([]string{}, a.Scopes...),
		SignedIn: moment(a.SignedIn), Renewed: moment(a.Renewed), SessionEnds: moment(a.SessionEnds),
		EndsSoon: a.EndsSoon(time.Now()), InMemory: a.InMemory, Offline: a.Offline,
		Name: a.Profile.Name, Avatar: avatarOf(a.DID, a.Profile),
	}
	if why := a.Why(); why != nil {
		view.Reason, view.ReasonCode, view.ReasonSubject = why.Message(), string(why.Code), why.Subject
	}
	return view
}

func newAccounts(accounts []latchkey.Account) []Account {
	views := []Account{}
	for _, a := range accounts {
		views = append(views, newAccount(a))
	}
	return views
}

func newNotices(codes []latchkey.Code) []Notice {
	notices := []Notice{}
	for _, code := range codes {
		notices = append(notices, Notice{Code: string(code), Message: code.Sentence()})
	}
	return notices
}

// moment is a time for the page: RFC 3339, or empty.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func newSignIn(s latchkey.SignIn) SignIn {
	view := SignIn{
		ID: s.ID, Phase: string(s.Phase), DID: s.DID.String(), Handle: s.Handle.String(),
		Server: host(s.Server), URL: s.Link, BrowserOpened: !s.BrowserFailed, Remote: s.Remote,
		CodeByEmail: s.CodeByEmail, OtherEmail: s.OtherEmail, Deadline: moment(s.Deadline),
	}
	if s.Err != nil {
		f := newFailure(s.Err)
		view.Error = &f
	}
	return view
}

func newFailure(err error) Failure {
	e := latchkey.AsError(err)
	return Failure{Code: string(e.Code), Message: e.Message(), Subject: e.Subject, Retryable: e.Retryable()}
}

// formatError is what Wails makes of a bound method's error. Its runtime passes strings only
// (observed in 2.15: an object arrives as "[object Object]"), so the page reads it as JSON.
func formatError(err error) any {
	data, marshalErr := json.Marshal(newFailure(err))
	if marshalErr != nil {
		return ""
	}
	return string(data)
}

// host is what a person calls a server.
func host(origin string) string {
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		return u.Host
	}
	return origin
}
