package redact

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"

	latchkey "latchkey/backend"
)

// secretKey is what attributes are called whose values nobody needs to see.
var secretKey = regexp.MustCompile(`(?i)token|jwt|secret|password|passphrase|authorization|cookie|verifier|email|^(?:state|login_hint|request_uri)$`)

// handler is what New answers.
type handler struct {
	next slog.Handler
	home string
}

// New is a handler that gives next everything but what is secret: in messages, in the keys and values of
// attributes, and in the names of groups, whatever type the values have. Values that are not text, a number
// or a time become text.
func New(next slog.Handler) slog.Handler {
	if already, ok := next.(*handler); ok {
		return already
	}
	home, _ := os.UserHomeDir()
	return &handler{next: next, home: home}
}

// Enabled implements [slog.Handler].
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.attr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

// WithAttrs implements [slog.Handler].
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{next: h.next.WithAttrs(h.attrs(attrs)), home: h.home}
}

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{next: h.next.WithGroup(h.text(name)), home: h.home}
}

func (h *handler) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.attr(a)
	}
	return clean
}

func (h *handler) attr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	key := h.text(a.Key)
	switch value.Kind() {
	case slog.KindGroup:
		return slog.Attr{Key: key, Value: slog.GroupValue(h.attrs(value.Group())...)}
	case slog.KindString:
		value = slog.StringValue(h.text(value.String()))
	case slog.KindAny:
		if value.Any() == nil {
			return slog.Attr{Key: key, Value: value}
		}
		value = slog.StringValue(h.text(inWords(value.Any())))
	}
	if secretKey.MatchString(a.Key) {
		value = slog.StringValue(Mark)
	}
	return slog.Attr{Key: key, Value: value}
}

func (h *handler) text(text string) string {
	return Text(latchkey.WithoutHome(text, h.home))
}

// inWords is a value as text. What has no words of its own is written as JSON: unlike fmt, that asks
// every type in it how it wants to be seen, and shows no field that its package keeps to itself.
func inWords(value any) string {
	switch v := value.(type) {
	case error, fmt.Stringer, fmt.Formatter:
		return fmt.Sprint(v)
	case []byte:
		return string(v)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprintf("%T", value)
	}
	return string(bytes.TrimSpace(text.Bytes()))
}
