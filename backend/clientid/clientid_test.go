package clientid

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const address = "https://app.acme.com/oauth-client-metadata.json"

// honest is a document that nothing is wrong with.
func honest() Document {
	return Document{
		ClientID: address, ClientName: "Acme Notes", ClientURI: "https://app.acme.com", LogoURI: "https://cdn.acme.com/logo.png",
		TosURI: "https://acme.com/terms", PolicyURI: "https://acme.com/privacy",
		ApplicationType: "native", RedirectURIs: []string{"http://127.0.0.1/callback", "http://[::1]/callback"},
		Scope: "atproto transition:generic repo:app.bsky.feed.post", GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
		AuthMethod: "none", DPoPBound: true,
		BrandColor: "#112233", HandleMode: "picker", EmailTemplateURI: "https://app.acme.com/mail.html",
		Branding: map[string]any{"css": "a > b {}", "favicon_url": "https://app.acme.com/icon.png"},
	}
}

// with is the honest document with some fields set, or taken out.
func with(t *testing.T, change map[string]any) []byte {
	t.Helper()
	data, err := honest().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for field, value := range change {
		if fields[field] = value; value == nil {
			delete(fields, field)
		}
	}
	if data, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return data
}

// ruleNames are the rules that findings name, each once.
func ruleNames(findings []Finding) []string {
	var names []string
	for _, f := range findings {
		names = append(names, f.Rule)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestDocument(t *testing.T) {
	t.Parallel()
	full, err := honest().JSON()
	if err != nil || !strings.Contains(string(full), "a > b") {
		t.Errorf("%s, %v", full, err)
	}
	if found := Check(address, full); len(found) > 0 {
		t.Errorf("the honest document: %+v", found)
	}
	// The order is that of the type, and what is not set is not there.
	data, err := Document{ClientID: address, ClientName: "Acme"}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "client_id": "https://app.acme.com/oauth-client-metadata.json",
  "client_name": "Acme",
  "application_type": "",
  "redirect_uris": null,
  "scope": "",
  "grant_types": null,
  "response_types": null,
  "token_endpoint_auth_method": "",
  "dpop_bound_access_tokens": false
}
`
	if string(data) != want {
		t.Errorf("got %s", data)
	}
}

// breaks has for each rule what breaks it, and nothing else.
var breaks = map[string]struct {
	at     string // the honest address when empty
	change map[string]any
	also   string // another rule that can't be kept then
}{
	"client_id_https":    {at: "http://app.acme.com/oauth-client-metadata.json", change: map[string]any{"client_uri": nil}},
	"client_id_plain":    {at: "https://me@app.acme.com/oauth-client-metadata.json"},
	"client_id_path":     {at: "https://app.acme.com/a/../oauth-client-metadata.json", also: "client_id_short"},
	"client_id_host":     {at: "https://app.test/oauth-client-metadata.json", change: map[string]any{"client_uri": nil, "branding": nil}},
	"client_id_example":  {at: "https://example.net/oauth-client-metadata.json", change: map[string]any{"client_uri": nil, "branding": nil}},
	"client_id_short":    {at: "https://app.acme.com/notes.json"},
	"client_id_same":     {change: map[string]any{"client_id": "https://app.acme.com/other.json"}},
	"application_type":   {change: map[string]any{"application_type": "desktop", "redirect_uris": []string{"https://app.acme.com/callback"}}},
	"auth_method":        {change: map[string]any{"token_endpoint_auth_method": "client_secret_basic"}},
	"auth_alg":           {change: map[string]any{"token_endpoint_auth_signing_alg": "ES256"}},
	"keys":               {change: map[string]any{"jwks_uri": "https://app.acme.com/jwks.json"}},
	"auth_es256":         {change: keyed(map[string]any{"token_endpoint_auth_signing_alg": "RS256"})},
	"keys_hosted":        {change: keyed(map[string]any{"jwks": nil, "jwks_uri": "http://app.acme.com/jwks.json"})},
	"keys_private":       {change: keyed(map[string]any{"jwks": set(withMember("d", "canary"))})},
	"keys_named":         {change: keyed(map[string]any{"jwks": set(withMember("kid", nil))})},
	"keys_some":          {change: keyed(map[string]any{"jwks": set()})},
	"keys_twice":         {change: keyed(map[string]any{"jwks": set(publicKey, publicKey)})},
	"keys_es256":         {change: keyed(map[string]any{"jwks": set(withMember("crv", "secp256k1"))})},
	"dpop":               {change: map[string]any{"dpop_bound_access_tokens": false}},
	"response_code":      {change: map[string]any{"response_types": nil}},
	"grant_code":         {change: map[string]any{"grant_types": []string{"refresh_token"}}},
	"grant_refresh":      {change: map[string]any{"grant_types": []string{"authorization_code"}}},
	"grant_known":        {change: map[string]any{"grant_types": []string{"authorization_code", "refresh_token", "password"}}},
	"scope_atproto":      {change: map[string]any{"scope": "transition:generic"}},
	"scope_form":         {change: map[string]any{"scope": "atproto "}},
	"scope_twice":        {change: map[string]any{"scope": "atproto transition:generic atproto"}},
	"scope_known":        {change: map[string]any{"scope": "atproto openid"}},
	"redirect_some":      {change: map[string]any{"redirect_uris": nil}},
	"redirect_form":      {change: map[string]any{"redirect_uris": []string{"https://me@app.acme.com/callback"}}},
	"redirect_localhost": {change: map[string]any{"redirect_uris": []string{"http://localhost/callback"}}},
	"redirect_loopback":  {change: map[string]any{"redirect_uris": []string{"https://[::1]/callback"}}},
	"redirect_port":      {change: map[string]any{"redirect_uris": []string{"http://127.0.0.1:8080/callback"}}},
	"redirect_http":      {change: map[string]any{"redirect_uris": []string{"http://app.acme.com/callback"}}},
	"redirect_host":      {change: map[string]any{"redirect_uris": []string{"https://app/callback"}}},
	"redirect_scheme":    {change: map[string]any{"redirect_uris": []string{"com.acme:/callback"}}},
	"name":               {change: map[string]any{"client_name": nil}},
	"link_client":        {change: map[string]any{"client_uri": "http://app.acme.com"}, also: "client_uri_parent"},
	"link_logo":          {change: map[string]any{"logo_uri": "https://10.0.0.1/logo.png"}},
	"link_tos":           {change: map[string]any{"tos_uri": "https://me@acme.com/terms"}},
	"link_policy":        {change: map[string]any{"policy_uri": "/privacy"}},
	"client_uri_parent":  {change: map[string]any{"client_uri": "https://app.acme.com/oauth"}},
	"unsupported":        {change: map[string]any{"default_max_age": 60}},
	"handle_mode":        {change: map[string]any{"epds_handle_mode": "none"}},
	"link_template":      {change: map[string]any{"email_template_uri": "http://app.acme.com/mail.html"}},
	"favicon":            {change: map[string]any{"branding": map[string]any{"favicon_url_dark": "https://cdn.acme.com/icon.png"}}},
}

func TestEachRule(t *testing.T) {
	t.Parallel()
	sentences := map[string]bool{}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			c, ok := breaks[r.name]
			if !ok {
				t.Fatal("no document breaks this rule")
			}
			at := address
			change := map[string]any{}
			if c.at != "" {
				at, change["client_id"] = c.at, c.at
			}
			for field, value := range c.change {
				change[field] = value
			}
			found := Check(at, with(t, change))
			want := []string{r.name}
			if c.also != "" {
				want = append(want, c.also)
				slices.Sort(want)
			}
			if !slices.Equal(ruleNames(found), want) || Broken(found) == r.warning || strings.Contains(found[0].Message, "{}") {
				t.Errorf("got %+v, want %v", found, want)
			}
		})
		if sentences[r.sentence] || !strings.HasSuffix(r.sentence, ".") {
			t.Errorf("the sentence of %s: %q", r.name, r.sentence)
		}
		sentences[r.sentence] = true
	}
}

func TestNoDocument(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"nothing": "", "null": "null", "a list": "[]", "half": `{"client_id": "`, "two": "{}{}", "a page": "<!doctype html>"} {
		if found := Check(address, []byte(text)); !slices.Equal(ruleNames(found), []string{"json"}) || !Broken(found) {
			t.Errorf("%s: %+v", name, found)
		}
	}
	for _, field := range []string{"client_name", "redirect_uris", "scope", "dpop_bound_access_tokens", "branding"} {
		if found := Check(address, with(t, map[string]any{field: 7})); len(found) != 1 || found[0].Rule != "kind" || found[0].Field != field {
			t.Errorf("%s of another kind: %+v", field, found)
		}
	}
	// What our rules say nothing of, indigo's may.
	if found := Check(address, with(t, map[string]any{"JWKS": 7})); !slices.Equal(ruleNames(found), []string{"protocol"}) {
		t.Errorf("keys that are none: %+v", found)
	}
}

// Somebody else's document can't write at a terminal, nor fill it.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u202e\n" + strings.Repeat("x", 10_000)
	document := with(t, map[string]any{"client_id": evil, "scope": evil, "logo_uri": evil, "redirect_uris": []string{evil}, "client_name": evil})
	found := append(Check(address, document), Compare(with(t, nil), document)...)
	if len(found) < 6 {
		t.Errorf("only %d findings", len(found))
	}
	for _, f := range found {
		if strings.ContainsAny(f.Message, "\x1b\n\u202e") || len(f.Message) > 800 {
			t.Errorf("%s of %s: %q", f.Rule, f.Field, f.Message)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	built := with(t, nil)
	for name, c := range map[string]struct {
		change  map[string]any
		field   string
		broken  bool
		message string // a piece of it
	}{
		"the same":            {nil, "", false, ""},
		"another order":       {map[string]any{"scope": "repo:app.bsky.feed.post atproto transition:generic", "redirect_uris": []string{"http://[::1]/callback", "http://127.0.0.1/callback"}}, "", false, ""},
		"another client id":   {map[string]any{"client_id": "https://acme.com/x"}, "client_id", true, `has "https://acme.com/x", this build "https://app.acme.com/`},
		"another name":        {map[string]any{"client_name": "Acme"}, "client_name", false, `has "Acme", this build "Acme Notes"`},
		"no name":             {map[string]any{"client_name": nil}, "client_name", false, `lacks this field; this build has "Acme Notes"`},
		"another branding":    {map[string]any{"branding": map[string]any{}}, "branding", false, `has "{}"`},
		"a scope less":        {map[string]any{"scope": "atproto repo:app.bsky.feed.post"}, "scope", true, `lacks what this build will use: "transition:generic".`},
		"a scope more":        {map[string]any{"scope": "atproto transition:generic repo:app.bsky.feed.post blob:*/*"}, "scope", false, `more than this build will use: "blob:*/*".`},
		"no scope":            {map[string]any{"scope": nil}, "scope", true, "lacks this field"},
		"another redirect":    {map[string]any{"redirect_uris": []string{"http://127.0.0.1/callback", "http://[::1]/back", "http://[::1]/callback"}}, "redirect_uris", false, "more"},
		"no redirect of ours": {map[string]any{"redirect_uris": []string{"http://[::1]/callback"}}, "redirect_uris", true, `"http://127.0.0.1/callback"`},
		"no refresh":          {map[string]any{"grant_types": []string{"authorization_code"}}, "grant_types", true, `"refresh_token"`},
		"web":                 {map[string]any{"application_type": "web"}, "application_type", true, `"native"`},
		"no application type": {map[string]any{"application_type": nil}, "application_type", true, `"native"`},
		"with a key":          {map[string]any{"token_endpoint_auth_method": "private_key_jwt"}, "token_endpoint_auth_method", true, `"none"`},
		"without DPoP":        {map[string]any{"dpop_bound_access_tokens": false}, "dpop_bound_access_tokens", true, `"false"`},
		"a field more":        {map[string]any{"contacts": []string{"me@acme.com"}}, "contacts", false, "this build does not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := Compare(built, with(t, c.change))
			if c.field == "" {
				if len(found) > 0 {
					t.Errorf("got %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Field != c.field || found[0].Rule != "differs" || Broken(found) != c.broken || !strings.Contains(found[0].Message, c.message) {
				t.Errorf("got %+v", found)
			}
		})
	}
}

// The product's page has to be above the document, on the same host.
func TestPageOfTheProduct(t *testing.T) {
	t.Parallel()
	const at = "https://app.acme.com/apps/notes/client.json"
	for page, good := range map[string]bool{
		"https://app.acme.com": true, "https://app.acme.com/": true, "https://app.acme.com/apps": true, "https://app.acme.com/apps/notes/": true, at: true,
		"https://app.acme.com/apps/note": false, "https://app.acme.com/about": false, "https://acme.com": false, "https://app.acme.com:8443/": false,
	} {
		found := Check(at, with(t, map[string]any{"client_id": at, "client_uri": page}))
		if slices.Contains(ruleNames(found), "client_uri_parent") == good {
			t.Errorf("%s: %+v", page, found)
		}
	}
}
