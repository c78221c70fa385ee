package clientid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"latchkey/backend/safehttp"
)

// Fetch reads the hosted copy as servers do: over https, without redirects, at most 512 KB of
// application/json. A finding says why there is none.
func Fetch(ctx context.Context, client *safehttp.Client, at string) ([]byte, *Finding) {
	wrong := func(rule, message string) ([]byte, *Finding) { return nil, &Finding{Rule: rule, Message: message} }
	failed := func(err error) ([]byte, *Finding) {
		switch err = safehttp.Bare(err); {
		case errors.Is(err, safehttp.ErrRedirect):
			return wrong("hosted_redirect", "The address leads on to another one, which servers do not follow.")
		case errors.Is(err, safehttp.ErrTooLarge):
			return wrong("hosted_size", "The document is larger than 512 KB.")
		case errors.Is(err, safehttp.ErrInsecure):
			return wrong("hosted_https", "The document must be hosted at an https address.")
		}
		return wrong("hosted_reachable", "The hosted copy can't be fetched. "+safehttp.Code(err).Sentence())
	}
	u, err := client.CheckURL(at)
	if err != nil {
		return wrong("hosted_https", "The document must be hosted at an https address.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return failed(err)
	}
	req.Header.Set("Accept", "application/json")
	res, err := client.HTTP(safehttp.Documents).Do(req)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return wrong("hosted_status", "The address must answer with status 200, and answers with "+quoted(res.Status)+".")
	}
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return wrong("hosted_type", "The document must be served as application/json, and is as "+quoted(res.Header.Get("Content-Type"))+".")
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return failed(err)
	}
	return body, nil
}

// sets are the fields whose order means nothing; scope is one in a text.
var sets = []string{"redirect_uris", "scope", "grant_types", "response_types", "jwks"}

// needed are the other fields without which what the program sends is refused. The rest is what people see.
var needed = []string{"client_id", "application_type", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "jwks_uri", "dpop_bound_access_tokens"}

// Compare says in which fields a hosted copy is not the document of this build, and whether what the build sends
// would be refused for it. Both are JSON objects; of anything else [Check] speaks.
func Compare(built, hosted []byte) []Finding {
	var own, theirs map[string]any
	if json.Unmarshal(built, &own) != nil || json.Unmarshal(hosted, &theirs) != nil {
		return nil
	}
	all := map[string]any{}
	for _, m := range []map[string]any{own, theirs} {
		for field := range m {
			all[field] = nil
		}
	}
	var findings []Finding
	for _, field := range slices.Sorted(maps.Keys(all)) {
		found := func(warning bool, message string) {
			findings = append(findings, Finding{Rule: "differs", Field: field, Warning: warning, Message: message})
		}
		mine, has := own[field]
		other, hosts := theirs[field]
		switch {
		case slices.Contains(sets, field) && has && hosts:
			here, there := entries(mine), entries(other)
			if missing := but(here, func(e string) bool { return slices.Contains(there, e) }); len(missing) > 0 {
				found(false, "The hosted copy lacks what this build will use: "+quotedAll(missing)+".")
			}
			if more := but(there, func(e string) bool { return slices.Contains(here, e) }); len(more) > 0 {
				found(true, "The hosted copy has more than this build will use: "+quotedAll(more)+".")
			}
		case !has:
			found(true, "The hosted copy has this field, and this build does not.")
		case !hosts:
			found(!slices.Contains(sets, field) && !slices.Contains(needed, field), "The hosted copy lacks this field; this build has "+written(mine)+".")
		case !bytes.Equal(compact(mine), compact(other)):
			found(!slices.Contains(needed, field), "The hosted copy has "+written(other)+", this build "+written(mine)+".")
		}
	}
	return findings
}

func entries(value any) []string {
	if text, ok := value.(string); ok {
		return strings.Fields(text)
	}
	if isKeySet(value) {
		var keys []string
		for _, k := range (metadata{fields: map[string]any{"jwks": value}}).keys() {
			keys = append(keys, k.text("kid")+" "+k.text("x")+" "+k.text("y"))
		}
		return keys
	}
	return metadata{fields: map[string]any{"": value}}.list("")
}

func compact(value any) []byte {
	data, _ := json.Marshal(value) // it was JSON before
	return data
}

func written(value any) string {
	if text, ok := value.(string); ok {
		return quoted(text)
	}
	return quoted(string(compact(value)))
}

func quotedAll(all []string) string {
	var out []string
	for _, one := range all {
		out = append(out, quoted(one))
	}
	return strings.Join(out, ", ")
}
