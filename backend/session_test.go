package latchkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "canary-that-must-not-be-seen"

// seen tells how a secret shows in a text: as it is, in hexadecimal, or as the bytes of the sealing
// key, which are all 167.
func seen(text string) string {
	lower := strings.ToLower(text)
	for _, trace := range []string{canary, fmt.Sprintf("%x", []byte(canary))[:16], "167", "a7a7", "a7 a7", "a7, 0x", "p6en", "10100111", "§§"} {
		if strings.Contains(lower, trace) {
			return trace
		}
	}
	return ""
}

// withoutTime drops the time of a log entry, which may have the same digits as a secret.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// hostile: 56
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := Secret(canary)
	keys := Keys{DPoP: secret}
	for i := range keys.Sealing {
		keys.Sealing[i] = 0xa7
	}
	session := Session{ID: "visible", Tokens: Tokens{Access: secret, Refresh: secret}}
	request := AuthorizationRequest{ID: "visible", State: secret, Verifier: secret}
	values := map[string]any{
		"Secret":               secret,
		"*Secret":              &secret,
		"[]Secret":             []Secret{secret},
		"map of secrets":       map[string]Secret{"x": secret},
		"any":                  []any{secret, &keys},
		"Tokens":               session.Tokens,
		"Session":              session,
		"*Session":             &session,
		"Keys":                 keys,
		"*Keys":                &keys,
		"[]Keys":               []Keys{keys},
		"struct with Keys":     struct{ K Keys }{keys},
		"Grant":                Grant{Tokens: session.Tokens},
		"AuthorizationRequest": request,
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%t", "%c", "%U", "%e", "%z"}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(how, text string) {
				if trace := seen(text); trace != "" {
					t.Errorf("%s shows %q: %s", how, trace, text)
				}
			}
			for _, verb := range verbs {
				check(verb, fmt.Sprintf(verb, value))
			}
			check("Sprint", fmt.Sprint(value))
			check("Errorf", fmt.Errorf("x: %w", errors.New(fmt.Sprint("y ", value))).Error())
			data, err := json.Marshal(value)
			if err != nil {
				t.Error(err)
			}
			check("JSON", string(data))
			var text, object bytes.Buffer
			options := &slog.HandlerOptions{ReplaceAttr: withoutTime}
			for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&text, options)), slog.New(slog.NewJSONHandler(&object, options))} {
				log.Info("x", "value", value)
				log.WithGroup("group").With("value", value).Info("x", slog.Group("inner", "value", value))
			}
			check("the text log", text.String())
			check("the JSON log", object.String())
			if !strings.Contains(text.String(), "value=") || !strings.Contains(object.String(), `"value":`) {
				t.Error("nothing was logged at all")
			}
		})
	}
	if string(secret) != canary {
		t.Error("the text itself can't be had")
	}
	if got := fmt.Sprintf("%v %s %#v", secret, keys, keys); got != "[redacted] [redacted] [redacted]" {
		t.Errorf("secrets print as %q", got)
	}
}
