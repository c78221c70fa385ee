package clientid

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"github.com/bluesky-social/indigo/atproto/auth/oauth"
)

// metadata is a document under examination.
type metadata struct {
	fields map[string]any
	at     string   // the client id: where it is hosted
	url    *url.URL // at, parsed; empty when it is no URL
}

// Check says which rules a document breaks that is hosted, or will be, at the address at. No finding means
// that servers take it.
func Check(at string, document []byte) []Finding {
	m := metadata{at: at, url: &url.URL{}}
	if u, err := url.Parse(at); err == nil {
		m.url = u
	}
	d := json.NewDecoder(bytes.NewReader(document))
	if !bytes.HasPrefix(bytes.TrimSpace(document), []byte("{")) || d.Decode(&m.fields) != nil || d.More() {
		return []Finding{{Rule: "json", Message: "The document must be a JSON object, and nothing else."}}
	}
	var findings []Finding
	wrong := map[string]bool{} // fields of which nothing more can be said
	for _, field := range slices.Sorted(maps.Keys(m.fields)) {
		if kind, ok := kinds[field]; ok && !kind.is(m.fields[field]) {
			wrong[field] = true
			findings = append(findings, Finding{Rule: "kind", Field: field, Message: "It must be " + kind.name + "."})
		}
	}
	for _, r := range rules {
		if wrong[r.field] {
			continue
		}
		for _, subject := range r.broken(m) {
			findings = append(findings, Finding{Rule: r.name, Field: r.field, Warning: r.warning, Message: r.about(subject)})
		}
	}
	if !Broken(findings) {
		// indigo's own list, for whatever ours does not say.
		var theirs oauth.ClientMetadata
		err := json.Unmarshal(document, &theirs)
		if err == nil {
			err = theirs.Validate(at)
		}
		if err != nil {
			findings = append(findings, Finding{Rule: "protocol", Message: "The protocol's library refuses it: " + quoted(err.Error()) + "."})
		}
	}
	return findings
}

// text is the value of a field, empty when there is none.
func (m metadata) text(field string) string {
	text, _ := m.fields[field].(string)
	return text
}

func (m metadata) has(field string) bool { return m.fields[field] != nil }

// list is the value of a field that lists texts.
func (m metadata) list(field string) []string {
	values, _ := m.fields[field].([]any)
	var texts []string
	for _, v := range values {
		text, _ := v.(string)
		texts = append(texts, text)
	}
	return texts
}

func (m metadata) native() bool { return m.text("application_type") == "native" }

// kind is what a field's value has to be.
type kind struct {
	name string
	is   func(any) bool
}

var (
	text = kind{"a text", func(v any) bool { _, ok := v.(string); return ok }}
	flag = kind{"true or false, without quotes", func(v any) bool { _, ok := v.(bool); return ok }}
	list = kind{"a list of texts", func(v any) bool {
		values, ok := v.([]any)
		return ok && !slices.ContainsFunc(values, func(v any) bool { return !text.is(v) })
	}}
	object = kind{"a JSON object", func(v any) bool { _, ok := v.(map[string]any); return ok }}
)

var kinds = map[string]kind{
	"client_id": text, "client_name": text, "client_uri": text, "logo_uri": text, "tos_uri": text, "policy_uri": text,
	"application_type": text, "redirect_uris": list, "scope": text, "grant_types": list, "response_types": list,
	"token_endpoint_auth_method": text, "token_endpoint_auth_signing_alg": text, "dpop_bound_access_tokens": flag,
	"jwks": {"a JSON Web Key Set", isKeySet}, "jwks_uri": text,
	"brand_color": text, "background_color": text, "email_template_uri": text, "email_subject_template": text,
	"epds_handle_mode": text, "epds_skip_consent_on_signup": flag, "branding": object,
}
