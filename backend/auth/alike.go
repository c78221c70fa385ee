package auth

import (
	"strings"
	"unicode"
)

// strangeName tells a text that would be a handle, had it not letters of other alphabets or that only look
// like those of a handle (https://atproto.com/specs/handle allows a to z, digits and hyphens).
func strangeName(text string) bool {
	text = strings.TrimSpace(text)
	return strings.Contains(text, ".") && !strings.ContainsFunc(text, unicode.IsSpace) && !strings.ContainsAny(text, "/:") &&
		strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsLetter(r) })
}

// strangeHost tells a host name that browsers may show with letters of other alphabets (RFC 5890: its
// labels begin with xn--), or that has them already.
func strangeHost(host string) bool {
	for label := range strings.SplitSeq(strings.ToLower(host), ".") {
		if strings.HasPrefix(label, "xn--") {
			return true
		}
	}
	return strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII })
}

// alike makes letters the same that are easily taken for each other.
var alike = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "5", "s", "-", "")

// skeleton is the same for names that a person may take for each other.
func skeleton(handle string) string { return alike.Replace(strings.ToLower(handle)) }
