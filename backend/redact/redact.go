// Package redact is the second net under everything that is logged. Nothing secret is logged on purpose;
// what slips in all the same, in the text of somebody else's error, say, is taken out here: tokens, keys,
// codes, emails, the query of every URL, and the name of the person's home folder. DIDs, handles and the
// addresses of servers stay, for a log without them would help nobody.
package redact

import (
	"regexp"
	"strings"
)

// Mark stands where something was taken out.
const Mark = "[redacted]"

// names are what parameters and fields with something secret in them are called: those of OAuth (RFC 6749,
// 7636, 9126, 9449), of the AT Protocol, of a private key (RFC 7518, section 6.2.2), and the usual ones.
const names = `access_?token|refresh_?token|id_?token|token|access_?jwt|refresh_?jwt|code|state|request_uri|login_hint|email|` +
	`code_?verifier|client_assertion|client_?secret|secret|password|passphrase|authorization|cookie|d`

// Percent signs, however often they were escaped themselves.
const percent = `%(?:25)*`

var rules = []struct {
	find *regexp.Regexp
	put  string
}{
	// A URL is left as far as its path.
	{regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)(?:[^\s/?#"'<>\\]*@)?([^\s?#"'<>\\]*)(?:[?#][^\s"'<>]*)`), "$1$2?" + Mark},
	{regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)[^\s/?#"'<>\\]*@`), "$1"},
	{regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*` + percent + `3a` + percent + `2f` + percent + `2f[^\s"'<>]*`), Mark},
	{regexp.MustCompile(`(?i)request_uri(?::|` + percent + `3a)[^\s"'<>&]*`), Mark},
	// A query or a form without its URL.
	{regexp.MustCompile(`(?i)\b(` + names + `)(?:=|` + percent + `3d)[^\s"'<>&]*`), "$1=" + Mark},
	// JSON, perhaps inside a string of JSON.
	{regexp.MustCompile(`(?i)\b((?:` + names + `)\\*"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\\+"[^"\\]*|[^\s",}\]]+)`), "${1}" + Mark},
	// Headers, to the end of their line.
	{regexp.MustCompile(`(?i)\b(authorization|cookie)\s*:.*`), "$1: " + Mark},
	{regexp.MustCompile(`(?i)\b(bearer|dpop|basic)\s+[a-z0-9._~+/=-]{16,}`), "$1 " + Mark},
	// JSON Web Tokens (RFC 7519) begin with {" in base64.
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*`), Mark},
	{regexp.MustCompile("(?i)(?:\"[^\"\n]{1,64}\"|[\\p{L}\\p{N}.!#$%&'*+/=?^_`{|}~-]+)(?:@|" + percent + `40)\[?[\p{L}\p{N}.:-]*[\p{L}\p{N}]`), Mark},
}

// random finds what nobody has typed, and the DIDs that look like it.
var random = regexp.MustCompile(`did:plc:[a-z2-7]{24}\b|[A-Za-z0-9_-]{24,}`)

// Text is the text without what is secret in it.
func Text(text string) string {
	for _, r := range rules {
		text = r.find.ReplaceAllString(text, r.put)
	}
	return random.ReplaceAllStringFunc(text, func(word string) string {
		const letters = "abcdefghijklmnopqrstuvwxyz_-"
		if strings.HasPrefix(word, "did:plc:") || strings.Trim(word, letters) == "" {
			return word
		}
		return Mark
	})
}
