package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"

	latchkey "latchkey/backend"
	"latchkey/backend/redact"
)

const (
	token   = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
	refresh = "ref-5f0c6cb1e1a94c43a51e34f0b2f7c6d5e8a9b0c1d2e3f405"
	random  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	email   = "canary.person+tag@mail.example.org"
	link    = "https://pds.example.com/oauth/authorize?client_id=https%3A%2F%2Fx&request_uri=urn:ietf:params:oauth:request_uri:req-1234"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nothing to hide":                         "nothing to hide",
		"opening " + link + " failed":             "opening https://pds.example.com/oauth/authorize?[redacted] failed",
		`Get "` + link + `": EOF`:                 `Get "https://pds.example.com/oauth/authorize?[redacted]": EOF`,
		"at https://me:pass@pds.example.com/x":    "at https://pds.example.com/x",
		"http://127.0.0.1:4711/callback#code=abc": "http://127.0.0.1:4711/callback?[redacted]",
		"https%3A%2F%2Fpds.example.com%2Fx%3Fa":   "[redacted]",
		"a https%253A%252F%252Fpds.example.com b": "a [redacted] b",
		"request_uri%3Aabc":                       "[redacted]",
		"com.example.app:/callback?code=abc&x=1":  "com.example.app:/callback?code=[redacted]&x=1",
		"state=abc&iss=x code%3Dabc":              "state=[redacted]&iss=x code=[redacted]",
		"login_hint=alice.test, and so on":        "login_hint=[redacted] and so on",
		`{"refresh_token":"abc","sub":"did:x"}`:   `{"refresh_token":[redacted],"sub":"did:x"}`,
		`{"kty":"EC","d":"abc","x":"def"}`:        `{"kty":"EC","d":[redacted],"x":"def"}`,
		`"{\"code\":\"abc\",\"y\":1}"`:            `"{\"code\":[redacted]\",\"y\":1}"`,
		`{"token": "a\"b", "y": 1}`:               `{"token": [redacted], "y": 1}`,
		"Authorization: DPoP abc\nnext":           "Authorization: [redacted]\nnext",
		"authorization:Basic YWxpY2U6cGFzcw==":    "authorization: [redacted]",
		"with Bearer abcdefghijklmnop.~+/=":       "with Bearer [redacted]",
		"the DPoP nonce is missing":               "the DPoP nonce is missing",
		"token " + token + " end":                 "token [redacted] end",
		"token " + refresh:                        "token [redacted]",
		"state " + random + ".":                   "state [redacted].",
		email + " is known":                       "[redacted] is known",
		"<" + email + ">, alice%40example.org":    "<[redacted]>, [redacted]",
		`"a b"@mail.example.org`:                  "[redacted]",
		"ängström@bücher.example; x":              "[redacted]; x",

		// What a log is read for stays.
		"did:plc:ewvi7nxzyoun6zhxrhs64oiz":             "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
		"did:web:alice.example.com":                    "did:web:alice.example.com",
		"@alice.bsky.social, at://alice.test/app.x/1":  "@alice.bsky.social, at://alice.test/app.x/1",
		"https://pds.example.com/xrpc/com.example.get": "https://pds.example.com/xrpc/com.example.get",
		"status code: 400, state: waiting":             "status code: 400, state: waiting",
		"keychain_item_missing_and_more_words":         "keychain_item_missing_and_more_words",
		"open /var/lib/x/latchkey.db: no such file":    "open /var/lib/x/latchkey.db: no such file",
	} {
		if got := redact.Text(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// canaries are secrets of every kind, and what of them must never be seen.
var canaries = []struct{ secret, core string }{
	{token, "c2lnbmF0dXJlLWNhbmFyeQ"},
	{refresh, "5f0c6cb1e1a94c43"},
	{random, random},
	{email, "canary.person"},
	{link, "req-1234"},
	{url.QueryEscape(link), "req-1234"},
	{url.QueryEscape(url.QueryEscape(email)), "canary.person"},
	{"/callback?iss=x&code=canary-code&state=x", "canary-code"},
	{`{"d":"canary-key","kty":"EC"}`, "canary-key"},
}

// valuer hides behind slog's own door.
type valuer struct{ text string }

func (v valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("inner", v.text), slog.Any("again", errors.New(v.text)))
}

type stringer struct{ text string }

func (s *stringer) String() string { return s.text }

// fields has something in each way that a type can have it.
type fields struct {
	Text   string
	More   *fields
	Raw    json.RawMessage
	Keyed  map[string]any
	Secret latchkey.Secret
	hidden string
}

// places are all the places of a log that a text can slip into.
var places = map[string]func(log *slog.Logger, text string){
	"message":       func(log *slog.Logger, text string) { log.Info(text) },
	"value":         func(log *slog.Logger, text string) { log.Info("x", "a", text) },
	"key":           func(log *slog.Logger, text string) { log.Info("x", text, 1) },
	"group":         func(log *slog.Logger, text string) { log.WithGroup(text).Info("x", "a", 1) },
	"inner group":   func(log *slog.Logger, text string) { log.Info("x", slog.Group("g", slog.Group(text, "a", text))) },
	"with":          func(log *slog.Logger, text string) { log.With("a", text, slog.Group("g", "b", text)).Info("x") },
	"error":         func(log *slog.Logger, text string) { log.Info("x", "reason", errors.New(text)) },
	"joined errors": func(log *slog.Logger, text string) { log.Info("x", "reason", errors.Join(nil, errors.New(text))) },
	"error of ours": func(log *slog.Logger, text string) {
		log.Info("x", "reason", latchkey.NewError(latchkey.Internal, errors.New(text)))
	},
	"wrapped": func(log *slog.Logger, text string) {
		log.Info("x", "reason", fmt.Errorf("%w: more", &url.Error{Op: "Get", URL: text, Err: errors.New("x")}))
	},
	"valuer":   func(log *slog.Logger, text string) { log.Info("x", "a", valuer{text}) },
	"stringer": func(log *slog.Logger, text string) { log.Info("x", "a", &stringer{text}) },
	"bytes":    func(log *slog.Logger, text string) { log.Info("x", "a", []byte(text)) },
	"list":     func(log *slog.Logger, text string) { log.Info("x", "a", []any{1, text}) },
	"map":      func(log *slog.Logger, text string) { log.Info("x", "a", map[string]any{text: text}) },
	"fields": func(log *slog.Logger, text string) {
		log.Info("x", "a", fields{Text: text, Secret: latchkey.Secret(text), hidden: text})
	},
	"deeper fields": func(log *slog.Logger, text string) {
		log.Info("x", "a", &fields{More: &fields{Keyed: map[string]any{"b": &fields{Text: text}}}})
	},
}

// written is what a log with a text in one of its places comes to, as text and as JSON.
func written(place func(*slog.Logger, string), text string) string {
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		place(slog.New(redact.New(handler)), text)
	}
	return out.String()
}

// hostile: 56
func TestHandler(t *testing.T) {
	t.Parallel()
	for name, place := range places {
		for _, c := range canaries {
			if got := written(place, "before "+c.secret+" after"); strings.Contains(got, c.core) {
				t.Errorf("%s: %s", name, got)
			}
		}
		// The search would find it.
		if got := written(place, "plain-canary"); strings.Count(got, "plain-canary") < 2 {
			t.Errorf("%s says nothing: %s", name, got)
		}
	}
}

func TestHandlerKeepsTheRest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(redact.New(redact.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))))
	log.Info("not this")
	log.Warn("said", "n", 7, "nothing", nil, "fields", struct{ A, B int }{1, 2}, "loop", func() {}, "token", 1234, "Access_Token", "short", "state", "x")
	const want = `level=WARN msg=said n=7 nothing=<nil> fields="{\"A\":1,\"B\":2}" loop=func() token=[redacted] Access_Token=[redacted] state=[redacted]` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestHandlerKnowsNoHome(t *testing.T) {
	t.Setenv("HOME", "/home/canary-person")
	t.Setenv("USERPROFILE", "/home/canary-person")
	for name, place := range places {
		if got := written(place, "open /home/canary-person/x: no"); strings.Contains(got, "canary") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// It is a handler as package slog wants one.
func TestHandlerIsOne(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return redact.New(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		var result map[string]any
		if err := json.Unmarshal(out.Bytes(), &result); err != nil {
			t.Fatal(err)
		}
		return result
	})
}

// A secret anywhere in any text never comes out.
// hostile: 56
func FuzzRedact(f *testing.F) {
	for _, around := range []string{"", " ", "x", `"`, `\"`, "did:plc:", "https://x/?a=", "%3A%2F%2F", "Bearer ", "ä", "\xff", "@", "code=", `{"d":"`, "\n"} {
		for kind := range canaries {
			f.Add(around, kind, around)
		}
	}
	f.Fuzz(func(t *testing.T, before string, kind int, after string) {
		c := canaries[(kind%len(canaries)+len(canaries))%len(canaries)]
		if strings.Contains(before+after, c.core) {
			return // it would be found there
		}
		if got := redact.Text(before + c.secret + after); strings.Contains(got, c.core) {
			t.Errorf("%q", got)
		}
	})
}
