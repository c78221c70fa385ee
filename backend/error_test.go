package latchkey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// declaredCodes reads the constants of codes.go, so that none can be added without a sentence.
func declaredCodes(t *testing.T) map[string]Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]Code{}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant := spec.(*ast.ValueSpec)
			text, err := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if err != nil || len(constant.Names) != 1 {
				t.Fatalf("can't read the constant %v", constant.Names)
			}
			codes[constant.Names[0].Name] = Code(text)
		}
	}
	if len(codes) < 30 {
		t.Fatalf("found only %d codes in codes.go", len(codes))
	}
	return codes
}

func TestEveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	names := map[Code]string{}
	for name, code := range declaredCodes(t) {
		if other, twice := names[code]; twice {
			t.Errorf("%s and %s are the same code", name, other)
		}
		names[code] = name
		if !shape.MatchString(string(code)) {
			t.Errorf("%s is %q, which is not in snake case", name, code)
		}
		if _, ok := catalogue[code]; !ok {
			t.Errorf("%s has no sentence", name)
		}
	}
	sentences := map[string]Code{}
	for code, entry := range catalogue {
		if names[code] == "" {
			t.Errorf("%q has a sentence and is not declared", code)
		}
		if other, twice := sentences[entry.sentence]; twice {
			t.Errorf("%s and %s say the same", code, other)
		}
		sentences[entry.sentence] = code
	}
}

// jargon are words of the protocol that mean nothing to the person who reads a sentence.
var jargon = regexp.MustCompile(`(?i)\b(oauth|openid|authori[sz]ation|authenticat\w+|tokens?|grants?|scopes?|issuer|audience|nonce|pkce|dpop|par|jwts?|jarm|pushed|redirect\w*|callback|client|endpoint|metadata|bearer|https?|status|state|null|invalid|error|exception|failed|code)\b|\d`)

// properNames may have capitals inside a sentence.
var properNames = []string{"AT", "Protocol", "DID", "Linux", "GNOME", "Keyring", "KWallet"}

func TestSentences(t *testing.T) {
	t.Parallel()
	for code, entry := range catalogue {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			s := code.Sentence()
			if room := strings.Contains(entry.sentence, "{}"); room != (entry.otherwise != "") || strings.Contains(s, "{}") {
				t.Errorf("%q has no room for %q, or nothing for its room", entry.sentence, entry.otherwise)
			}
			if first, _ := utf8.DecodeRuneInString(s); !unicode.IsUpper(first) {
				t.Errorf("%q does not start with a capital", s)
			}
			if !strings.HasSuffix(s, ".") || strings.HasSuffix(s, "..") {
				t.Errorf("%q does not end with a full stop", s)
			}
			if n := utf8.RuneCountInString(s); n > 160 {
				t.Errorf("%q has %d characters", s, n)
			}
			if strings.TrimSpace(s) != s || strings.Contains(s, "  ") || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("%q has stray spaces", s)
			}
			if word := jargon.FindString(s); word != "" {
				t.Errorf("%q says %q", s, word)
			}
			start := true
			for word := range strings.FieldsSeq(s) {
				bare := strings.Trim(word, ".,:;()")
				if !start && bare != "" && strings.ToLower(bare) != bare && !slices.Contains(properNames, bare) {
					t.Errorf("%q has a capital in %q", s, word)
				}
				start = strings.HasSuffix(word, ".")
			}
			if strings.Contains(s, "ry again") && !entry.retryable && !strings.Contains(s, "Start") {
				t.Errorf("%q says to try again, but %s is not retryable", s, code)
			}
		})
	}
}

func TestErrorReading(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause-for-logs")
	known := NewError(ServerBusy, cause)
	foreign := fmt.Errorf("reading: %w", context.DeadlineExceeded)
	tests := []struct {
		name      string
		err       error
		code      Code
		retryable bool
	}{
		{"none", nil, "", false},
		{"ours", known, ServerBusy, true},
		{"ours, wrapped", fmt.Errorf("signing in: %w", known), ServerBusy, true},
		{"ours, joined", errors.Join(errors.New("other"), known), ServerBusy, true},
		{"ours, not retryable", NewError(ServerUnsafe, nil), ServerUnsafe, false},
		{"foreign", foreign, Internal, true},
		{"unknown code", NewError("made_up", nil), "made_up", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := CodeOf(tt.err); got != tt.code {
				t.Errorf("the code is %q, want %q", got, tt.code)
			}
			e := AsError(tt.err)
			if tt.err == nil {
				if e != nil {
					t.Errorf("no error became %v", e)
				}
				return
			}
			if e.Retryable() != tt.retryable {
				t.Errorf("retryable is %v", e.Retryable())
			}
			if e.Message() == "" || strings.Contains(e.Message(), "cause-for-logs") {
				t.Errorf("the message is %q", e.Message())
			}
			if !errors.Is(tt.err, e) && tt.code != Internal {
				t.Errorf("%v does not wrap %v", tt.err, e)
			}
		})
	}
	if !errors.Is(known, NewError(ServerBusy, nil)) || errors.Is(known, NewError(ServerRefused, nil)) {
		t.Error("errors.Is does not compare codes")
	}
	if !errors.Is(known, cause) || !errors.Is(AsError(foreign), context.DeadlineExceeded) {
		t.Error("the cause is lost")
	}
	if got := Code("made_up").Sentence(); got != Internal.Sentence() {
		t.Errorf("an unknown code says %q", got)
	}
	moved := NewError(AccountMoved, cause)
	if about := moved.About("pds.example.com"); !strings.Contains(about.Message(), "moved to pds.example.com.") || !errors.Is(about, cause) || moved.Subject != "" {
		t.Errorf("about a server: %q", about.Message())
	}
	if got := moved.Message(); !strings.Contains(got, "moved to another server.") {
		t.Errorf("about nothing: %q", got)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "reason", known)
	if !strings.Contains(log.String(), `reason="server_busy: cause-for-logs"`) {
		t.Errorf("the log has no code and cause: %s", log.String())
	}
	if got := NewError(Denied, nil).Error(); got != "denied" {
		t.Errorf("an error without a cause reads %q", got)
	}
}
