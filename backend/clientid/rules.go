package clientid

import (
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/bluesky-social/indigo/atproto/auth"
)

// rule is one that servers enforce.
type rule struct {
	name, field string
	warning     bool
	// sentence says what has to be; {} stands for what does not hold it.
	sentence string
	// broken answers what breaks it: nothing, or a subject for each time.
	broken func(metadata) []string
}

func (r rule) about(subject string) string {
	return strings.ReplaceAll(r.sentence, "{}", quoted(subject))
}

// rules are all there are. Where no source is named it is https://atproto.com/specs/oauth, "Clients".
var rules = []rule{
	// The client id, which is an address.
	{"client_id_https", "client_id", false, "The client id must be an https address, and {} is none.",
		client(func(u *url.URL) bool { return u.Scheme == "https" && u.Hostname() != "" && u.Opaque == "" })},
	{"client_id_plain", "client_id", false, "The client id must have no user name, port or fragment: {}.",
		client(func(u *url.URL) bool { return u.User == nil && u.Port() == "" && u.Fragment == "" })},
	{"client_id_path", "client_id", false, "The client id must have a path that is written plainly and does not end with a slash: {}.",
		client(func(u *url.URL) bool { return u.Path != "" && !strings.HasSuffix(u.Path, "/") && plainPath(u) })},
	{"client_id_host", "client_id", false, "The client id must have a public domain name as its host, of two parts at least: {}.",
		client(func(u *url.URL) bool { return public(u.Hostname()) })},
	// Observed: the PDS fetches nothing from there.
	{"client_id_example", "client_id", false, "Servers fetch nothing from example.com, example.org and example.net: {}.",
		client(func(u *url.URL) bool { return !exampleHost.MatchString(u.Hostname()) })},
	// Observed: the page that asks for consent shows the name only of products that the server trusts.
	{"client_id_short", "client_id", true, "Servers that do not know the product show people the whole of {}; with the path /oauth-client-metadata.json they show the host only.",
		client(func(u *url.URL) bool { return u.Path == "/oauth-client-metadata.json" && u.RawQuery == "" })},
	{"client_id_same", "client_id", false, "The document's client_id must be the very address that it is hosted at, and is {}.",
		func(m metadata) []string { return unless(m.text("client_id") == m.at, m.text("client_id")) }},

	// What kind of program it is.
	{"application_type", "application_type", false, `application_type must be "native", or "web" for a product with a key: {}.`,
		func(m metadata) []string {
			return unless(slices.Contains([]string{"native", "web"}, m.text("application_type")), m.text("application_type"))
		}},
	// RFC 8252 section 8.4: what ships to everybody's computer keeps no secret.
	{"auth_method", "token_endpoint_auth_method", false, `token_endpoint_auth_method must be "none" for a native program, "private_key_jwt" for others with a key: {}.`,
		func(m metadata) []string {
			method := m.text("token_endpoint_auth_method")
			return unless(method == "none" || method == "private_key_jwt" && !m.native(), method)
		}},
	{"auth_alg", "token_endpoint_auth_signing_alg", false, `token_endpoint_auth_signing_alg belongs to "private_key_jwt", and must be left out with "none".`,
		func(m metadata) []string {
			return unless(m.has("token_endpoint_auth_signing_alg") == (m.text("token_endpoint_auth_method") == "private_key_jwt"), "")
		}},
	{"keys", "jwks", false, `"private_key_jwt" takes either jwks or jwks_uri, and nothing else takes them.`,
		func(m metadata) []string {
			if m.text("token_endpoint_auth_method") == "private_key_jwt" {
				return unless(m.has("jwks") != m.has("jwks_uri"), "")
			}
			return unless(!m.has("jwks") && !m.has("jwks_uri"), "")
		}},
	// https://atproto.com/specs/oauth, "Confidential Client Authentication".
	{"auth_es256", "token_endpoint_auth_signing_alg", false, `token_endpoint_auth_signing_alg must be "ES256", which all servers know: {}.`,
		func(m metadata) []string {
			return unless(!m.has("token_endpoint_auth_signing_alg") || m.text("token_endpoint_auth_signing_alg") == "ES256", m.text("token_endpoint_auth_signing_alg"))
		}},
	{"keys_hosted", "jwks_uri", false, "jwks_uri must be an https address of a public domain: {}.", link("jwks_uri")},
	// Observed: the PDS passes over each key that breaks one of the first two, as if it were not there.
	{"keys_private", "jwks", false, "A PRIVATE KEY IS IN THE DOCUMENT, FOR EVERYBODY TO READ: {}. Take it out, make a new key, and host the public part of that.",
		keys(func(k key) bool { return !k.private() })},
	{"keys_named", "jwks", false, `Each of the keys must have a name, which is "kid".`,
		keys(func(k key) bool { return k.private() || k.text("kid") != "" })},
	{"keys_some", "jwks", false, "There must be one key at least.",
		func(m metadata) []string { return unless(!m.has("jwks") || len(m.keys()) > 0, "") }},
	{"keys_twice", "jwks", false, "Two of the keys have the same name, so that servers do not know which to take: {}.",
		func(m metadata) []string {
			var names []string
			for _, k := range m.keys() {
				names = append(names, k.text("kid"))
			}
			return twice(but(names, func(name string) bool { return name == "" }))
		}},
	{"keys_es256", "jwks", false, `Each of the keys must be one for ES256: "kty" must be "EC", "crv" "P-256", and "alg" and "use" may be "ES256" and "sig" alone. {} is not.`,
		keys(func(k key) bool {
			return k.private() || k.text("kty") == "EC" && k.text("crv") == "P-256" && len(k.text("x")) == 43 && len(k.text("y")) == 43 &&
				(k["alg"] == nil || k["alg"] == "ES256") && (k["use"] == nil || k["use"] == "sig")
		})},
	{"dpop", "dpop_bound_access_tokens", false, "dpop_bound_access_tokens must be true.",
		func(m metadata) []string { return unless(m.fields["dpop_bound_access_tokens"] == true, "") }},

	// What it asks for.
	{"response_code", "response_types", false, `response_types must contain "code".`,
		func(m metadata) []string { return unless(slices.Contains(m.list("response_types"), "code"), "") }},
	{"grant_code", "grant_types", false, `grant_types must contain "authorization_code".`,
		func(m metadata) []string {
			return unless(slices.Contains(m.list("grant_types"), "authorization_code"), "")
		}},
	{"grant_refresh", "grant_types", false, `grant_types must contain "refresh_token", or every sign-in ends within the hour.`,
		func(m metadata) []string { return unless(slices.Contains(m.list("grant_types"), "refresh_token"), "") }},
	{"grant_known", "grant_types", false, `grant_types may contain nothing but "authorization_code" and "refresh_token", each once: {}.`,
		func(m metadata) []string {
			grants := m.list("grant_types")
			return append(twice(grants), but(grants, func(g string) bool { return g == "authorization_code" || g == "refresh_token" })...)
		}},
	{"scope_atproto", "scope", false, `scope must contain "atproto".`,
		func(m metadata) []string {
			return unless(slices.Contains(strings.Split(m.text("scope"), " "), "atproto"), "")
		}},
	// RFC 6749 section 3.3.
	{"scope_form", "scope", false, "scope must be a list of scopes with one space between two of them, in printable ASCII without quotes and backslashes: {}.",
		func(m metadata) []string {
			return unless(!m.has("scope") || scopeForm.MatchString(m.text("scope")), m.text("scope"))
		}},
	{"scope_twice", "scope", false, "scope names one scope twice: {}.",
		func(m metadata) []string { return twice(strings.Fields(m.text("scope"))) }},
	{"scope_known", "scope", true, "scope has an entry that servers know nothing of, and grant nothing for: {}.",
		func(m metadata) []string { return but(strings.Fields(m.text("scope")), knownScope) }},

	// The ways back.
	{"redirect_some", "redirect_uris", false, "redirect_uris must have one entry at least.",
		func(m metadata) []string { return unless(len(m.list("redirect_uris")) > 0, "") }},
	{"redirect_form", "redirect_uris", false, "A redirect must be an address without a user name or a fragment: {}.",
		redirects(func(_ metadata, u *url.URL) bool { return u.Scheme != "" && u.User == nil && u.Fragment == "" })},
	// RFC 8252 section 8.3.
	{"redirect_localhost", "redirect_uris", false, "A redirect must not name localhost; write 127.0.0.1 or [::1]: {}.",
		redirects(func(_ metadata, u *url.URL) bool { return !strings.EqualFold(u.Hostname(), "localhost") })},
	// RFC 8252 section 7.3.
	{"redirect_loopback", "redirect_uris", false, `A redirect to this computer must use http, not https, and application_type must be "native": {}.`,
		redirects(func(m metadata, u *url.URL) bool { return !loopback(u) || u.Scheme == "http" && m.native() })},
	{"redirect_port", "redirect_uris", true, "A redirect to this computer with a port is taken with that port only; leave it out: {}.",
		redirects(func(_ metadata, u *url.URL) bool { return !loopback(u) || u.Port() == "" })},
	{"redirect_http", "redirect_uris", false, "A redirect to another computer must use https: {}.",
		redirects(func(_ metadata, u *url.URL) bool {
			return u.Scheme != "http" || loopback(u) || strings.EqualFold(u.Hostname(), "localhost")
		})},
	{"redirect_host", "redirect_uris", false, "A redirect to another computer must name a public domain: {}.",
		redirects(func(_ metadata, u *url.URL) bool { return u.Scheme != "https" || loopback(u) || public(u.Hostname()) })},
	// RFC 8252 sections 7.1 and 8.4.
	{"redirect_scheme", "redirect_uris", false, `A redirect with a scheme of its own must have the client id's host in reverse as the scheme, then a single slash, and application_type must be "native": {}.`,
		redirects(func(m metadata, u *url.URL) bool {
			return u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https" ||
				m.native() && u.Scheme == reverse(m.url.Hostname()) && u.Host == "" && u.Opaque == "" && strings.HasPrefix(u.Path, "/")
		})},

	// What people see.
	{"name", "client_name", true, "Without client_name people see an address in place of the product's name.",
		func(m metadata) []string { return unless(m.text("client_name") != "", "") }},
	{"link_client", "client_uri", false, "client_uri must be an https address of a public domain: {}.", link("client_uri")},
	{"link_logo", "logo_uri", false, "logo_uri must be an https address of a public domain: {}.", link("logo_uri")},
	{"link_tos", "tos_uri", false, "tos_uri must be an https address of a public domain: {}.", link("tos_uri")},
	{"link_policy", "policy_uri", false, "policy_uri must be an https address of a public domain: {}.", link("policy_uri")},
	// draft-ietf-oauth-client-id-metadata-document, and observed.
	{"client_uri_parent", "client_uri", false, "client_uri must be on the host of the client id, and its path a folder that the client id is in: {}.",
		func(m metadata) []string {
			u, err := url.Parse(m.text("client_uri"))
			return unless(!m.has("client_uri") || err == nil && parent(u, m.url), m.text("client_uri"))
		}},

	// Fields of other protocols that the PDS refuses (observed).
	{"unsupported", "", false, "Servers do not take a document with the field {}.",
		func(m metadata) []string {
			return but(slices.Sorted(maps.Keys(m.fields)), func(field string) bool { return !slices.Contains(unsupported, field) })
		}},

	// What email providers read (ePDS). They pass over what they do not understand.
	{"handle_mode", "epds_handle_mode", true, `epds_handle_mode must be "random", "picker" or "picker-with-random": {}.`,
		func(m metadata) []string {
			return unless(slices.Contains([]string{"", "random", "picker", "picker-with-random"}, m.text("epds_handle_mode")), m.text("epds_handle_mode"))
		}},
	{"link_template", "email_template_uri", true, "email_template_uri must be an https address of a public domain: {}.", link("email_template_uri")},
	{"favicon", "branding", true, "The favicons in branding must be on the host of the client id: {}.",
		func(m metadata) []string {
			branding, _ := m.fields["branding"].(map[string]any)
			var found []string
			for _, field := range []string{"favicon_url", "favicon_url_dark"} {
				if value, ok := branding[field].(string); ok {
					u, err := url.Parse(value)
					found = append(found, unless(err == nil && u.Scheme == "https" && u.Host == m.url.Host, value)...)
				}
			}
			return found
		}},
}

var (
	exampleHost = regexp.MustCompile(`(?i)(^|\.)example\.(com|org|net)$`)
	scopeForm   = regexp.MustCompile(`^[!#-\[\]-~]+( [!#-\[\]-~]+)*$`)
	// TLDs that never are public (RFC 6761, RFC 6762); the PDS has the same list.
	localTLDs   = []string{"test", "local", "localhost", "invalid", "example"}
	unsupported = []string{
		"default_max_age", "userinfo_signed_response_alg", "id_token_signed_response_alg", "userinfo_encrypted_response_alg",
		"authorization_encrypted_response_enc", "tls_client_certificate_bound_access_tokens", "authorization_details_types",
	}
)

// unless answers the subject of a rule that does not hold.
func unless(holds bool, subject string) []string {
	if holds {
		return nil
	}
	return []string{subject}
}

// but answers those that are not good.
func but(all []string, good func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(all), good)
}

// twice answers those that come again.
func twice(all []string) []string {
	seen := map[string]bool{}
	return but(all, func(one string) bool { first := !seen[one]; seen[one] = true; return first })
}

func client(good func(*url.URL) bool) func(metadata) []string {
	return func(m metadata) []string { return unless(good(m.url), m.at) }
}

func redirects(good func(metadata, *url.URL) bool) func(metadata) []string {
	return func(m metadata) []string {
		return but(m.list("redirect_uris"), func(redirect string) bool {
			u, err := url.Parse(redirect)
			if err != nil {
				u = &url.URL{}
			}
			return good(m, u)
		})
	}
}

func link(field string) func(metadata) []string {
	return func(m metadata) []string {
		u, err := url.Parse(m.text(field))
		return unless(!m.has(field) || err == nil && u.Scheme == "https" && u.User == nil && public(u.Hostname()), m.text(field))
	}
}

func knownScope(scope string) bool {
	_, err := auth.ParsePermissionString(scope)
	return err == nil || scope == "atproto" || strings.HasPrefix(scope, "transition:")
}

// public tells a domain name that can be anybody's from what is only known to one computer or network.
func public(host string) bool {
	_, err := netip.ParseAddr(host)
	labels := strings.Split(strings.ToLower(host), ".")
	return err != nil && len(labels) > 1 && !slices.Contains(labels, "") && !slices.Contains(localTLDs, labels[len(labels)-1])
}

func loopback(u *url.URL) bool { return u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" }

// plainPath tells whether servers that tidy up an address leave this path as it is.
func plainPath(u *url.URL) bool {
	return !slices.ContainsFunc(strings.Split(u.EscapedPath(), "/")[1:], func(part string) bool {
		tidy := strings.ReplaceAll(strings.ToLower(part), "%2e", ".")
		return tidy == "." || tidy == ".."
	})
}

// parent tells whether a page is on the host of the client id and above it.
func parent(page, id *url.URL) bool {
	path := page.Path
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return page.Scheme == id.Scheme && page.Host == id.Host && (page.Path == id.Path || strings.HasPrefix(id.Path, path))
}

func reverse(host string) string {
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}
