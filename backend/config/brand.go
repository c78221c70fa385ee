package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bluesky-social/indigo/atproto/auth"

	"latchkey/backend/safehttp"
)

// Brand is what makes this build one product and not another.
type Brand struct {
	// Name is what people see.
	Name string
	// ID files the product's data and keys; it never changes once people use the product.
	ID string
	// Accent is the product's colour.
	Accent Accent
	// ClientID is Loopback or the https URL of the hosted client metadata document.
	ClientID string
	// Scopes are asked for at each sign-in; "atproto" is always among them.
	Scopes []string
	// EmailProvider is the origin of the server that signs people in by email; empty for none.
	// The person may choose another.
	EmailProvider string
	// EmailProviders are the origins that are offered to choose from.
	EmailProviders []string
	// Suggestions is the origin of the host that is offered to be asked for accounts while a person
	// types; empty for none. Nobody is asked until the person says so.
	Suggestions string
	Hosted
}

type brandFile struct {
	Name           string   `json:"name"`
	ID             string   `json:"id"`
	Accent         Accent   `json:"accent"`
	ClientID       string   `json:"client_id"`
	Scopes         []string `json:"scopes"`
	EmailProvider  string   `json:"email_provider"`
	EmailProviders []string `json:"email_providers"`
	Suggestions    string   `json:"suggestions"`
	Hosted
}

// ParseBrand reads a brand file. Errors are of type [*Error] and name the key; where is the file's
// name in them.
func ParseBrand(where string, data []byte) (Brand, error) {
	var f brandFile
	if err := decodeStrict(where, data, &f); err != nil {
		return Brand{}, err
	}
	b := Brand(f)
	b.Accent = b.Accent.tinted()
	if err := b.check(where, nil); err != nil {
		return Brand{}, err
	}
	return b, nil
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*$`)

// check looks at every key. plainHTTP are the authorities that need no TLS: a private network's.
func (b Brand) check(where string, plainHTTP map[string]bool) error {
	wrong := func(key, why string) error { return &Error{Where: where, Key: key, Why: why} }
	if n := utf8.RuneCountInString(b.Name); n == 0 || n > 40 || b.Name != strings.TrimSpace(b.Name) || strings.ContainsFunc(b.Name, unicode.IsControl) {
		return wrong("name", "must be the product's name, at most 40 characters.")
	}
	if !idPattern.MatchString(b.ID) || len(b.ID) > 60 {
		return wrong("id", "must be lower-case letters, digits, hyphens and dots, such as latchkey or com.example.app.")
	}
	if why := b.Accent.wrong(); why != "" {
		return wrong("accent", why)
	}
	if err := checkScopes(b.Scopes); err != nil {
		return wrong("scopes", err.Error())
	}
	if b.EmailProvider != "" && !isOrigin(b.EmailProvider, plainHTTP) {
		return wrong("email_provider", "must be empty, or the https address of a server, such as https://pds.example.com.")
	}
	for _, provider := range b.EmailProviders {
		if !isOrigin(provider, plainHTTP) {
			return wrong("email_providers", "must list the https addresses of servers, such as https://pds.example.com.")
		}
	}
	if b.Suggestions != "" && !isOrigin(b.Suggestions, nil) {
		return wrong("suggestions", "must be empty, or the https address of a server, such as https://public.api.bsky.app.")
	}
	return b.checkClient(wrong)
}

func isOrigin(text string, plainHTTP map[string]bool) bool {
	_, err := safehttp.New(safehttp.Exceptions{PlainHTTP: plainHTTP}, "").Origin(text)
	return err == nil && !strings.HasSuffix(text, "/")
}

// CheckScope answers what is wrong with a scope: it is atproto, a transitional one, or a permission
// (https://atproto.com/specs/permission).
func CheckScope(scope string) error {
	if scope == "atproto" || strings.HasPrefix(scope, "transition:") && len(scope) > len("transition:") && !strings.ContainsFunc(scope, unicode.IsSpace) {
		return nil
	}
	_, err := auth.ParsePermissionString(scope)
	return err
}

func checkScopes(scopes []string) error {
	seen := map[string]bool{}
	for _, s := range scopes {
		if seen[s] {
			return errors.New("names " + s + " twice.")
		}
		seen[s] = true
		if err := CheckScope(s); err != nil {
			return errors.New("has an entry that is not a scope: " + strings.ToValidUTF8(s, "?") + ".")
		}
	}
	if !seen["atproto"] {
		return errors.New(`must contain "atproto".`)
	}
	return nil
}

// decodeStrict reads one JSON object and refuses keys that it does not know.
func decodeStrict(where string, data []byte, out any) error {
	// encoding/json takes null for any type.
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return &Error{Where: where, Why: "is not a JSON object."}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(out)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return &Error{Where: where, Why: "has something behind the closing brace."}
		}
		return nil
	}
	var typeErr *json.UnmarshalTypeError
	if errors.As(err, &typeErr) && typeErr.Field != "" {
		// encoding/json names the struct that is embedded too.
		return &Error{Where: where, Key: strings.TrimPrefix(typeErr.Field, "Hosted."), Why: "has the wrong kind of value: " + typeErr.Value + "."}
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &Error{Where: where, Key: strings.Trim(key, `"`), Why: "is not a key of this file."}
	}
	return &Error{Where: where, Why: "is not a JSON object: " + err.Error() + "."}
}
