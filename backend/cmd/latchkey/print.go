package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

// printer says everything that this program says, in words or as JSON.
type printer struct {
	json     bool
	out, err io.Writer
	opened   string // the link that was already shown
}

// jsonError is how a program reads an error.
type jsonError struct {
	Code      latchkey.Code `json:"code"`
	Message   string        `json:"message"`
	Retryable bool          `json:"retryable"`
}

func (p *printer) line(w io.Writer, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = []byte(`{"event":"failed","error":{"code":"internal","message":"","retryable":false}}`)
	}
	_, _ = fmt.Fprintf(w, "%s\n", data)
}

// progress shows the address to open once the attempt waits. byEmail tells that an email was given.
func (p *printer) progress(s latchkey.SignIn, byEmail bool, address func() (latchkey.Secret, error)) {
	if s.Phase != latchkey.Waiting || p.opened == s.ID {
		return
	}
	u, err := address()
	if err != nil {
		return
	}
	p.opened = s.ID
	if p.json {
		p.line(p.out, map[string]any{"event": "open", "url": string(u)})
		return
	}
	switch {
	case s.CodeByEmail:
		_, _ = fmt.Fprintf(p.err, "%s will mail a code to your address. Type it on the page that opens.\n", s.Server)
	case byEmail:
		_, _ = fmt.Fprintf(p.err, "Type your email once more on the page of %s.\n", s.Server)
	}
	_, _ = fmt.Fprintf(p.err, "open: %s\n", string(u))
}

// byHand says how to go on without a browser that this program opens.
func (p *printer) byHand(remote, canPaste bool) {
	if remote && !p.json {
		_, _ = fmt.Fprintln(p.err, "You are at another computer, so no browser was opened on this one. Open the address in yours.")
	}
	if canPaste {
		_, _ = fmt.Fprintln(p.err, "If the last page does not load in your browser, copy its address and paste it here. It will not be shown.")
	}
}

// complaint says what is wrong with something that can be given once more.
func (p *printer) complaint(err error) {
	e := latchkey.AsError(err)
	_, _ = fmt.Fprintf(p.err, "%s: %s: %s\n", command, e.Code, e.Message())
}

func (p *printer) signedIn(a latchkey.Account, otherEmail bool) {
	if p.json {
		event := map[string]any{"event": "signed_in", "account": newJSONAccount(a)}
		if otherEmail {
			event["other_email"] = true
		}
		p.line(p.out, event)
		return
	}
	_, _ = fmt.Fprintf(p.out, "Signed in as %s (%s) on %s.\n", a.Name(), a.DID, a.Server)
	if otherEmail {
		_, _ = fmt.Fprintf(p.out, "This account belongs to another email than the one you gave. To sign it out again: %s logout %s\n", command, a.Name())
	}
}

func (p *printer) signedOut(a latchkey.Account) {
	if p.json {
		p.line(p.out, map[string]any{"event": "signed_out", "account": newJSONAccount(a)})
		return
	}
	_, _ = fmt.Fprintf(p.out, "Signed out of %s.\n", a.Name())
}

// jsonAccount is an account as a program reads it: with what a person would be told of it.
type jsonAccount struct {
	latchkey.Account
	EndsSoon bool   `json:"endsSoon,omitempty"`
	Message  string `json:"message,omitempty"`
}

func newJSONAccount(a latchkey.Account) jsonAccount {
	account := jsonAccount{Account: a, EndsSoon: a.EndsSoon(time.Now())}
	if why := a.Why(); why != nil {
		account.Message = why.Message()
	}
	return account
}

func (p *printer) account(a latchkey.Account) {
	if p.json {
		p.line(p.out, newJSONAccount(a))
		return
	}
	p.words(a)
}

// words is an account in one line, and what its person should know of it in another.
func (p *printer) words(a latchkey.Account) {
	_, _ = fmt.Fprintf(p.out, "%s (%s) on %s\n", a.Name(), a.DID, a.Server)
	why, ends := a.Why(), a.SessionEnds.Local().Format("Monday, 2 January at 15:04")
	switch {
	case why != nil:
		_, _ = fmt.Fprintf(p.out, "  %s\n", why.Message())
	case a.SessionEnds.IsZero():
	case a.EndsSoon(time.Now()):
		_, _ = fmt.Fprintf(p.out, "  Signed in until %s. To renew it now: %s login %s\n", ends, command, a.Name())
	default:
		_, _ = fmt.Fprintf(p.out, "  Signed in until %s.\n", ends)
	}
}

// change tells what became of an account.
func (p *printer) change(kind string, a latchkey.Account) {
	if p.json {
		p.line(p.out, map[string]any{"event": kind, "account": newJSONAccount(a)})
		return
	}
	_, _ = fmt.Fprintf(p.out, "%s: ", strings.ReplaceAll(kind, "_", " "))
	p.words(a)
}

// notices tells all that holds for the whole program; none is news too, for a program.
func (p *printer) notices(codes []latchkey.Code) {
	all := []map[string]any{}
	for _, code := range codes {
		all = append(all, map[string]any{"code": code, "message": code.Sentence()})
		if !p.json {
			_, _ = fmt.Fprintf(p.err, "%s: %s: %s\n", command, code, code.Sentence())
		}
	}
	if p.json {
		p.line(p.out, map[string]any{"event": "notices", "notices": all})
	}
}

func (p *printer) version(v string) {
	if p.json {
		p.line(p.out, map[string]any{"version": v})
		return
	}
	_, _ = fmt.Fprintf(p.out, "%s %s\n", command, v)
}

func (p *printer) vaultCreated(path string) {
	if p.json {
		p.line(p.out, map[string]any{"event": "vault_created", "path": path})
		return
	}
	_, _ = fmt.Fprintf(p.out, "From now on your keys are kept in %s.\nNobody can open it without the passphrase, and nobody can find out the passphrase: do not forget it.\n", path)
}

func (p *printer) vaultRemoved(path string) {
	if p.json {
		p.line(p.out, map[string]any{"event": "vault_removed", "path": path})
		return
	}
	_, _ = fmt.Fprintf(p.out, "Removed %s.\n", path)
}

// hints are ways out that only a terminal has.
var hints = map[latchkey.Code]string{
	latchkey.KeychainUnavailable: "To keep your keys in a file under a passphrase instead: " + command + " vault create",
	latchkey.ClientKeyMissing:    "To put it into your keychain: " + command + " client-key import FILE",
	latchkey.ClientKeyUnusable:   "To see why: " + command + " doctor",
	latchkey.VaultLocked:         "The passphrase is asked for at a terminal, or read from the file that " + config.Variable(config.PassphraseFile) + " names.",
	latchkey.VaultDamaged:        "To remove it: " + command + " logout --all, then " + command + " vault remove",
	latchkey.VaultExists:         "To remove it: " + command + " vault remove",
	latchkey.VaultMissing:        "To create one: " + command + " vault create",
	latchkey.VaultInUse:          "To sign out: " + command + " logout --all",
}

// failed prints an error: the code and the sentence, never the cause.
func (p *printer) failed(err error) {
	var usage usageError
	if errors.As(err, &usage) {
		_, _ = fmt.Fprintf(p.err, "%s: %s\n", command, err)
		return
	}
	var e jsonError
	var settings *config.Error
	if errors.As(err, &settings) {
		e = jsonError{Code: latchkey.ConfigInvalid, Message: settings.Error()}
	} else {
		known := latchkey.AsError(err)
		e = jsonError{Code: known.Code, Message: known.Message(), Retryable: known.Retryable()}
	}
	if p.json {
		p.line(p.out, map[string]any{"event": "failed", "error": e})
	}
	_, _ = fmt.Fprintf(p.err, "%s: %s: %s\n", command, e.Code, e.Message)
	if hint, ok := hints[e.Code]; ok {
		_, _ = fmt.Fprintln(p.err, hint)
	}
}
