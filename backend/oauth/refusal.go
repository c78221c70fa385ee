package oauth

import (
	"encoding/json"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode"

	latchkey "latchkey/backend"
)

// refusal is an OAuth error response (RFC 6749 section 5.2), made safe to log.
type refusal struct {
	status            int
	code, description string
}

func (r refusal) Error() string {
	text := fmt.Sprintf("HTTP %d %s", r.status, r.code)
	if r.description != "" {
		text += " (" + r.description + ")"
	}
	return text
}

// refusal reads the error response, as far as there is one.
func (a answer) refusal() refusal {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if a.isJSON() {
		_ = json.Unmarshal(a.body, &body) // what can't be read stays empty
	}
	return refusal{status: a.status, code: Plain(body.Error, 60), description: Plain(body.Description, 200)}
}

// err is the error for an answer that is not a success and has no meaning of its own.
func (a answer) err() error {
	r := a.refusal()
	switch {
	case busy(a.status):
		return latchkey.NewError(latchkey.ServerBusy, r)
	case a.status >= 400 && r.code == "invalid_client" && a.keyID != "":
		return latchkey.NewError(latchkey.ClientRefused, r)
	case a.status >= 400 && r.code != "":
		return latchkey.NewError(latchkey.ServerRefused, r)
	}
	return latchkey.NewError(latchkey.ResponseInvalid, r)
}

func (a answer) isJSON() bool {
	t, _, err := mime.ParseMediaType(a.contentType)
	return err == nil && t == "application/json"
}

// decode reads a JSON object. Anything else, null included, is an error.
func (a answer) decode(out any) error {
	if !a.isJSON() {
		return latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("HTTP %d with content type %q", a.status, Plain(a.contentType, 60)))
	}
	if !strings.HasPrefix(strings.TrimLeft(string(a.body), " \t\r\n"), "{") {
		return latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("HTTP %d without a JSON object", a.status))
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("HTTP %d: %T", a.status, err))
	}
	return nil
}

var (
	emailLike = regexp.MustCompile(`\S+@\S+`)
	tokenLike = regexp.MustCompile(`[A-Za-z0-9._~+/=-]{32,}`)
)

// Plain makes the words of a server safe for logs: one short line of printable text, without
// anything that looks like an email or a token.
func Plain(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = emailLike.ReplaceAllString(text, "[redacted]")
	text = tokenLike.ReplaceAllString(text, "[redacted]")
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "..."
	}
	return text
}
