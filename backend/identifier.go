package latchkey

import (
	"errors"
	"net/mail"
	"net/url"
	"strings"
	"unicode"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// Identifier is what a person typed or pasted, understood: exactly one of the three is set.
type Identifier struct {
	// Account is a handle (in lower case) or a DID.
	Account syntax.AtIdentifier
	// Server is the origin of a server, such as https://pds.example.com.
	Server string
	// Email is an address as it was typed. Personal: it goes into no log, error or event.
	Email string
}

// ParseIdentifier understands a handle, a DID, a server's address or an email, with what copying
// adds to them: spaces, invisible marks, a leading @, a full stop, at:// addresses, links to a
// profile or an email. Its errors have the code IdentifierMissing or InvalidIdentifier and do not
// repeat the text.
func ParseIdentifier(text string) (Identifier, error) {
	text = strings.TrimSpace(strings.Map(dropInvisible, text))
	lower := strings.ToLower(text)
	switch {
	case text == "" || text == "@":
		return Identifier{}, NewError(IdentifierMissing, nil)
	case strings.HasPrefix(lower, "at://"):
		// An AT URI starts with the account (https://atproto.com/specs/at-uri-scheme).
		authority, _, _ := strings.Cut(text[len("at://"):], "/")
		return parseAccount(authority)
	case strings.HasPrefix(lower, "https://"), strings.HasPrefix(lower, "http://"):
		return parseURL(text)
	case strings.HasPrefix(lower, "did:"):
		return parseAccount(text)
	case strings.HasPrefix(lower, "mailto:"):
		address, _, _ := strings.Cut(text[len("mailto:"):], "?")
		return parseEmail(address)
	case strings.Contains(text, "://"):
		return Identifier{}, NewError(InvalidIdentifier, errors.New("an address of another kind"))
	case strings.Contains(text[:max(0, strings.Index(text, "@"))], "/"):
		// A path, not a mailbox: links to profiles have handles with an @. The window judges alike,
		// so that no email leaves before its provider was shown.
		return parseURL("https://" + text)
	case strings.Contains(strings.TrimPrefix(text, "@"), "@"):
		return parseEmail(text)
	case strings.HasPrefix(text, "@"):
		return parseAccount(text)
	case strings.ContainsAny(text, ":/"):
		// An address typed without its scheme: pds.example.com:8443, bsky.app/profile/alice.
		return parseURL("https://" + text)
	}
	return parseAccount(text)
}

// dropInvisible removes format characters: pages wrap handles into marks that set the writing
// direction, and these come along when a handle is copied.
func dropInvisible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

func parseAccount(text string) (Identifier, error) {
	text = strings.TrimPrefix(text, "@")
	// DIDs are case-sensitive, but a did:plc is always in lower case.
	if lower := strings.ToLower(text); !strings.HasPrefix(lower, "did:") || strings.HasPrefix(lower, "did:plc:") {
		text = lower
	}
	id, err := syntax.ParseAtIdentifier(strings.TrimRight(text, "."))
	if err != nil || id == syntax.HandleInvalid.AtIdentifier() {
		return Identifier{}, NewError(InvalidIdentifier, errors.New("neither a handle nor a DID"))
	}
	return Identifier{Account: id}, nil
}

func parseURL(text string) (Identifier, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return Identifier{}, NewError(InvalidIdentifier, errors.New("not the address of a server"))
	}
	// Apps show an account at /profile/ and its handle or DID.
	if rest, ok := strings.CutPrefix(u.Path, "/profile/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return parseAccount(name)
	}
	host := strings.TrimRight(strings.ToLower(u.Host), ".:")
	if host == "" || strings.ContainsFunc(host, strangeInHost) {
		return Identifier{}, NewError(InvalidIdentifier, errors.New("not the address of a server"))
	}
	return Identifier{Server: strings.ToLower(u.Scheme) + "://" + host}, nil
}

// strangeInHost finds what no name, address or port has in it; url.Parse lets some of that through.
func strangeInHost(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._:[]", r)
}

func parseEmail(text string) (Identifier, error) {
	text = strings.TrimRight(text, ".")
	// ParseAddress also takes names, brackets and comments around the address itself.
	if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
		return Identifier{}, NewError(InvalidIdentifier, errors.New("not an email"))
	}
	return Identifier{Email: text}, nil
}
