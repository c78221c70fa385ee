package latchkey

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

const (
	plcDID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
	webDID = "did:web:Alice.example.com:people:Bob"
)

func account(text string) Identifier { return Identifier{Account: syntax.AtIdentifier(text)} }

func TestParseIdentifier(t *testing.T) {
	t.Parallel()
	alice := account("alice.test")
	tests := []struct {
		name, text string
		want       Identifier
	}{
		{"handle", "alice.test", alice},
		{"at sign", "@alice.test", alice},
		{"spaces around", " \t alice.test \r\n", alice},
		{"no-break spaces around", "\u00a0alice.test\u202f", alice},
		{"upper case", "Alice.TEST", alice},
		{"full stop at the end", "alice.test.", alice},
		{"several full stops at the end", "@alice.test...", alice},
		// hostile: 28
		{"marks that set the direction", "\u202a@alice.test\u202c", alice},
		{"isolates around", "\u2068alice.test\u2069", alice},
		{"a right-to-left override inside", "alice.\u202etest", alice},
		{"byte order mark", "\ufeffalice.test", alice},
		{"zero-width space inside", "ali\u200bce.test", alice},
		{"marks outside the spaces", "\u200f alice.test \u200f", alice},

		{"did:plc", plcDID, account(plcDID)},
		{"did:plc in upper case", strings.ToUpper(plcDID), account(plcDID)},
		{"did:plc with an at sign", "@" + plcDID, account(plcDID)},
		{"did:plc and a full stop", plcDID + ".", account(plcDID)},
		{"did:web keeps its case", webDID, account(webDID)},
		{"did:web and full stops", "did:web:example.com..", account("did:web:example.com")},

		{"at:// with a handle", "at://alice.test", alice},
		{"at:// with a DID and a record", "at://" + plcDID + "/app.bsky.feed.post/3jwdwj2ctlk26", account(plcDID)},
		{"at:// in upper case", "AT://ALICE.TEST/app.bsky.actor.profile/self", alice},

		{"profile", "https://bsky.app/profile/alice.test", alice},
		{"profile with a DID", "https://bsky.app/profile/" + plcDID, account(plcDID)},
		{"profile with an encoded DID", "https://bsky.app/profile/" + strings.ReplaceAll(plcDID, ":", "%3A"), account(plcDID)},
		{"profile and a slash", "https://bsky.app/profile/alice.test/", alice},
		{"post of a profile", "https://bsky.app/profile/alice.test/post/3jwdwj2ctlk26?ref=x#y", alice},
		{"profile without the scheme", "bsky.app/profile/Alice.test", alice},
		{"profile with an @ without the scheme", "bsky.app/profile/@alice.test", alice},
		{"path with an @ on a server", "pds.example.com/a@b.example.com", Identifier{Server: "https://pds.example.com"}},
		{"profile with a DID without the scheme", "bsky.app/profile/" + plcDID, account(plcDID)},
		{"profile on a local server", "http://localhost:2584/profile/alice.test", alice},

		{"server", "https://pds.example.com", Identifier{Server: "https://pds.example.com"}},
		{"server and a slash", "https://pds.example.com/", Identifier{Server: "https://pds.example.com"}},
		{"server with a path", "https://pds.example.com/account/x?y=z#w", Identifier{Server: "https://pds.example.com"}},
		{"server in upper case", "HTTPS://PDS.Example.COM", Identifier{Server: "https://pds.example.com"}},
		{"server with a port", "https://pds.example.com:8443", Identifier{Server: "https://pds.example.com:8443"}},
		{"server with a colon and no port", "https://pds.example.com:/", Identifier{Server: "https://pds.example.com"}},
		{"server and a full stop", "https://pds.example.com.", Identifier{Server: "https://pds.example.com"}},
		{"server with letters beyond ASCII", "https://Bücher.example", Identifier{Server: "https://bücher.example"}},
		{"server over http", "http://pds.example.com", Identifier{Server: "http://pds.example.com"}},
		{"server with a port, without the scheme", "localhost:2583", Identifier{Server: "https://localhost:2583"}},
		{"server with a slash, without the scheme", "pds.example.com/", Identifier{Server: "https://pds.example.com"}},
		{"server by IPv4", "https://127.0.0.1:2583", Identifier{Server: "https://127.0.0.1:2583"}},
		{"server by IPv6", "http://[::1]:2583", Identifier{Server: "http://[::1]:2583"}},
		{"server by IPv6, without the scheme", "[2001:db8::1]:2583", Identifier{Server: "https://[2001:db8::1]:2583"}},

		{"email", "alice@example.com", Identifier{Email: "alice@example.com"}},
		{"email with a plus sign", " alice+tag@example.com ", Identifier{Email: "alice+tag@example.com"}},
		{"email keeps its case", "Alice@Example.COM", Identifier{Email: "Alice@Example.COM"}},
		{"email that is not ASCII", "älice@bücher.example", Identifier{Email: "älice@bücher.example"}},
		{"email with an invisible mark", "alice@exam\u00adple.com", Identifier{Email: "alice@example.com"}},
		{"email and a full stop", "alice@example.com.", Identifier{Email: "alice@example.com"}},
		{"email from a link", "mailto:alice@example.com?subject=x", Identifier{Email: "alice@example.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseIdentifier(tt.text)
			if err != nil || got != tt.want {
				t.Errorf("ParseIdentifier(%q) = %+v, %v; want %+v", tt.text, got, err, tt.want)
			}
		})
	}
}

func TestParseIdentifierRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       Code
	}{
		{"nothing", "", IdentifierMissing},
		{"spaces", " \t\n\u00a0", IdentifierMissing},
		{"invisible marks", "\u200b\u202e\ufeff", IdentifierMissing},
		{"an at sign", "@", IdentifierMissing},
		{"an at sign and a mark", " @\u200b ", IdentifierMissing},

		{"a word", "alice", InvalidIdentifier},
		{"two words", "alice test", InvalidIdentifier},
		{"a space inside", "alice. test", InvalidIdentifier},
		{"full stops", "...", InvalidIdentifier},
		{"two full stops", "alice..test", InvalidIdentifier},
		{"the invalid handle", "handle.invalid", InvalidIdentifier},
		{"underscore", "ali_ce.test", InvalidIdentifier},
		{"look-alike letters", "аlice.test", InvalidIdentifier}, // a Cyrillic letter first
		{"control character", "alice\x00.test", InvalidIdentifier},
		{"too long", strings.Repeat("a.", 200) + "test", InvalidIdentifier},
		{"script", `<script>alert(1)</script>`, InvalidIdentifier},

		{"at:// and nothing", "at://", InvalidIdentifier},
		{"DID of nothing", "did:", InvalidIdentifier},
		{"DID without an id", "did:plc:", InvalidIdentifier},
		{"DID with a path", plcDID + "/x", InvalidIdentifier},
		{"profile of nobody", "https://bsky.app/profile/", InvalidIdentifier},
		{"profile with junk", "https://bsky.app/profile/a%20b", InvalidIdentifier},

		{"no host", "https://", InvalidIdentifier},
		{"no host but a path", "https:///x", InvalidIdentifier},
		{"user info", "https://alice@pds.example.com", InvalidIdentifier},
		{"user and password", "https://alice:pw@pds.example.com", InvalidIdentifier},
		{"port that is no number", "https://pds.example.com:x", InvalidIdentifier},
		{"encoded percent sign in the host", "https://a%25b.example", InvalidIdentifier},
		{"encoded mark in the host", "https://a%E2%80%AEb.example", InvalidIdentifier},
		{"quotes in the host", `https://a"b.example`, InvalidIdentifier},
		{"zone in the host", "https://[fe80::1%25eth0]/", InvalidIdentifier},
		{"another scheme", "ftp://pds.example.com", InvalidIdentifier},
		{"host of full stops", "https://...", InvalidIdentifier},
		{"javascript", "javascript:alert(1)", InvalidIdentifier},
		{"file", "file:///etc/hosts", InvalidIdentifier},

		{"email without a name", "@@example.com", InvalidIdentifier},
		{"email without a domain", "alice@", InvalidIdentifier},
		{"email with a space", "alice b@example.com", InvalidIdentifier},
		{"email in brackets", "Alice <alice@example.com>", InvalidIdentifier},
		{"name on another network", "@alice@example.com", InvalidIdentifier},
		{"user, password and host", "alice:pw@example.com", InvalidIdentifier},
		{"two emails", "a@example.com,b@example.com", InvalidIdentifier},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseIdentifier(tt.text)
			if CodeOf(err) != tt.want || got != (Identifier{}) {
				t.Errorf("ParseIdentifier(%q) = %+v, %v; want the code %s", tt.text, got, err, tt.want)
			}
			// What was typed may be an email: it stays out of errors, which get into logs.
			if text := strings.TrimSpace(tt.text); err != nil && len(text) > 4 && strings.Contains(err.Error(), text) {
				t.Errorf("the error repeats the text: %v", err)
			}
		})
	}
}

// FuzzParseIdentifier holds the parser to what its callers rely on, whatever is pasted.
func FuzzParseIdentifier(f *testing.F) {
	for _, seed := range []string{
		"", "@", "alice.test", "@alice.test", "Alice.Test.", "at://alice.test/x", plcDID, webDID, "did:web:a..",
		"https://bsky.app/profile/alice.test", "bsky.app/profile/" + plcDID, "localhost:2583", "http://[::1]:2583",
		"https://a%25b", "https://%E2%80%8B.com", "https://a:", "alice+b@example.com", "@a@b.c", "mailto:a@b.c",
		"\u202aalice.test\u202c", "a\xffb.test", "İ.test", "\"a b\"@example.com", "https://a/profile/at://b", "mailto:mailto:a@b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseIdentifier(text)
		if err != nil {
			if code := CodeOf(err); code != IdentifierMissing && code != InvalidIdentifier {
				t.Fatalf("ParseIdentifier(%q) has the code %s", text, code)
			}
			if id != (Identifier{}) {
				t.Fatalf("ParseIdentifier(%q) = %+v beside an error", text, id)
			}
			return
		}
		var normal []string
		for _, field := range []string{string(id.Account), id.Server, id.Email} {
			if field != "" {
				normal = append(normal, field)
			}
		}
		if len(normal) != 1 {
			t.Fatalf("ParseIdentifier(%q) = %+v, not one of the three", text, id)
		}
		if !utf8.ValidString(normal[0]) || strings.ContainsFunc(normal[0], func(r rune) bool { return dropInvisible(r) < 0 }) {
			t.Fatalf("ParseIdentifier(%q) = %q, which is not clean text", text, normal[0])
		}
		again, err := ParseIdentifier(normal[0])
		if err != nil || again != id {
			t.Fatalf("ParseIdentifier(%q) = %+v, and that parses to %+v, %v", text, id, again, err)
		}
	})
}
