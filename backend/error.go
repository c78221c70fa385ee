package latchkey

import (
	"errors"
	"log/slog"
	"strings"
)

// Error is what every layer answers when something did not work: a stable code for programs, a
// sentence for a person, and the cause for logs. The cause never reaches a face.
type Error struct {
	Code Code
	// Cause may be nil. It holds no token, key, code, email or authorization URL.
	Cause error
	// Subject is what the sentence is about where it leaves room for it, such as the server that an
	// account moved to. It is shown to people and never secret; empty for the codes without room.
	Subject string
}

// NewError makes an error of a code and the cause behind it. There is no room for a sentence: it
// belongs to the code, so that all of them can be reviewed and translated in one place.
func NewError(code Code, cause error) *Error { return &Error{Code: code, Cause: cause} }

// About is the same error with a subject.
func (e *Error) About(subject string) *Error {
	about := *e
	about.Subject = subject
	return &about
}

// Error is for logs: the code and its cause.
func (e *Error) Error() string {
	if e.Cause == nil {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Cause.Error()
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, latchkey.NewError(code, nil)) compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// LogValue implements [slog.LogValuer].
func (e *Error) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// Message is the sentence for a person: what happened, and what to do now.
func (e *Error) Message() string { return e.Code.about(e.Subject) }

// Retryable says whether the same call may work when it is simply made again.
func (e *Error) Retryable() bool { return catalogue[e.Code].retryable }

// AsError finds the Error in err. Anything foreign becomes Internal, so that a face never shows a
// text that nobody reviewed. It answers nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return NewError(Internal, err)
}

// CodeOf is the code of an error, Internal for a foreign one and empty for nil.
func CodeOf(err error) Code {
	if e := AsError(err); e != nil {
		return e.Code
	}
	return ""
}

// Code names an error for programs. Codes never change their meaning.
type Code string

// Sentence is what a person reads, where nothing more is known than the code.
func (c Code) Sentence() string { return c.about("") }

func (c Code) about(subject string) string {
	entry, ok := catalogue[c]
	if !ok {
		entry = catalogue[Internal]
	}
	if subject == "" {
		subject = entry.otherwise
	}
	return strings.ReplaceAll(entry.sentence, "{}", subject)
}
