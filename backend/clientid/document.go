// Package clientid is about hosted client identities: the client metadata document that lies at the https
// address which is the client id (https://atproto.com/specs/oauth, "Clients"; RFC 7591 section 2;
// draft-ietf-oauth-client-id-metadata-document). It writes the document, checks one against the rules that
// servers enforce, and compares the hosted copy with what a program will send. It is for packagers: nobody
// needs it to sign in.
//
// Each rule says where it is from: the specification, or what the PDS was observed to refuse
// (@atproto/oauth-provider 0.22), which is more.
package clientid

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Document is a client metadata document, in the order in which it is written. Empty fields are left out.
type Document struct {
	ClientID        string   `json:"client_id"`
	ClientName      string   `json:"client_name"`
	ClientURI       string   `json:"client_uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	TosURI          string   `json:"tos_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	ApplicationType string   `json:"application_type"`
	RedirectURIs    []string `json:"redirect_uris"`
	// Scope has all scopes that may ever be asked for, separated by spaces.
	Scope         string   `json:"scope"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	AuthAlg       string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	DPoPBound     bool     `json:"dpop_bound_access_tokens"`
	// JWKS has the public keys that the product authenticates itself with (RFC 7517 section 5), JWKSURI where
	// they are hosted instead.
	JWKS    json.RawMessage `json:"jwks,omitempty"`
	JWKSURI string          `json:"jwks_uri,omitempty"`

	// What email providers (ePDS) read, and others pass over.

	BrandColor           string `json:"brand_color,omitempty"`
	BackgroundColor      string `json:"background_color,omitempty"`
	EmailTemplateURI     string `json:"email_template_uri,omitempty"`
	EmailSubjectTemplate string `json:"email_subject_template,omitempty"`
	HandleMode           string `json:"epds_handle_mode,omitempty"`
	SkipConsentOnSignup  bool   `json:"epds_skip_consent_on_signup,omitempty"`
	Branding             any    `json:"branding,omitempty"` // a JSON object, or nil
}

// JSON is the document as it is to be hosted.
func (d Document) JSON() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // people read it, and style sheets are full of angle brackets
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return nil, fmt.Errorf("client metadata: %w", err)
	}
	return out.Bytes(), nil
}

// Finding is a rule that a document breaks.
type Finding struct {
	// Rule names it for programs, such as redirect_localhost.
	Rule string
	// Field is the one at fault; empty when it is the document as a whole.
	Field string
	// Warning says that servers take the document all the same.
	Warning bool
	// Message says what is wrong and what it should be. Of the document it shows bounded, quoted pieces only.
	Message string
}

// Broken tells whether any of the findings is more than a warning.
func Broken(findings []Finding) bool {
	for _, f := range findings {
		if !f.Warning {
			return true
		}
	}
	return false
}

// quoted is a piece of somebody's document that can be shown at a terminal.
func quoted(text string) string {
	const enough = 120
	if runes := []rune(text); len(runes) > enough {
		text = string(runes[:enough]) + "..."
	}
	return fmt.Sprintf("%q", text)
}
