package clientid

import (
	"bytes"
	"encoding/json"
	"slices"
)

// key is a JSON Web Key of a document (RFC 7517 section 4).
type key map[string]any

func (k key) text(member string) string {
	text, _ := k[member].(string)
	return text
}

// private tells a key that is not for everybody (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1).
func (k key) private() bool { return k["d"] != nil || k["k"] != nil || k["p"] != nil || k["q"] != nil }

// keys are those that stand in a document.
func (m metadata) keys() []key {
	set, _ := m.fields["jwks"].(map[string]any)
	all, _ := set["keys"].([]any)
	var keys []key
	for _, k := range all {
		members, _ := k.(map[string]any)
		keys = append(keys, members)
	}
	return keys
}

// keys answers the names of those keys that are not good.
func keys(good func(key) bool) func(metadata) []string {
	return func(m metadata) []string {
		var bad []string
		for _, k := range m.keys() {
			if !good(k) {
				bad = append(bad, k.text("kid"))
			}
		}
		return bad
	}
}

func isKeySet(value any) bool {
	set, _ := value.(map[string]any)
	keys, ok := set["keys"].([]any)
	return ok && !slices.ContainsFunc(keys, func(k any) bool { return !object.is(k) })
}

// CheckKeys says which rules a set of public keys breaks that is hosted at the document's jwks_uri.
func CheckKeys(set []byte) []Finding {
	found := func(rule, message string) Finding { return Finding{Rule: rule, Field: "jwks_uri", Message: message} }
	var value any
	if err := json.Unmarshal(bytes.TrimSpace(set), &value); err != nil || !isKeySet(value) {
		return []Finding{found("kind", "There must be a JSON Web Key Set.")}
	}
	m := metadata{fields: map[string]any{"jwks": value}}
	var findings []Finding
	for _, r := range rules {
		if r.field != "jwks" || r.name == "keys" {
			continue
		}
		for _, subject := range r.broken(m) {
			findings = append(findings, found(r.name, r.about(subject)))
		}
	}
	return findings
}

// HasKeys says whether servers find in a set the keys of another one, which are at hand. Both are JSON.
func HasKeys(set, wanted []byte) []Finding {
	var here, there any
	if json.Unmarshal(wanted, &here) != nil || json.Unmarshal(set, &there) != nil {
		return nil // of which CheckKeys speaks
	}
	published := entries(there)
	var findings []Finding
	for _, k := range (metadata{fields: map[string]any{"jwks": here}}).keys() {
		one := entries(map[string]any{"keys": []any{map[string]any(k)}})
		if !slices.Contains(published, one[0]) {
			findings = append(findings, Finding{Rule: "key_at_hand", Field: "jwks", Message: "The key of this computer is not among those that are published: " + quoted(k.text("kid")) + ". Servers would not recognise the product by it."})
		}
	}
	return findings
}
