package config

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/backend/safehttp"
)

// Loopback as a client id means that the program has no hosted client metadata and uses the
// protocol's development client (https://atproto.com/specs/oauth, "Localhost Client Development").
const Loopback = "loopback"

// RedirectURI is the redirect that a client identity declares. It has no port: the authorization
// server ignores the port of a request only when the declared one has none (RFC 8252 section 7.3,
// and observed), and the listener has another port each time.
const RedirectURI = "http://127.0.0.1/callback"

// LoopbackRefused is what is wrong with a release that has no identity of its own, and what to do.
const LoopbackRefused = `is "loopback", which is for development: put the https address of a hosted document there, which the command client-metadata then prints, or insist with "loopback_release": true.`

// Hosted are the parts of a brand that are about its client identity, beyond the client id and the scopes.
// Most of them stand in the client metadata document as they are here. All may be left out.
type Hosted struct {
	// LoopbackRelease lets even a release use the loopback client id.
	LoopbackRelease bool `json:"loopback_release"`
	// SchemeRedirect lets the browser come back through an address with a scheme of the product's own
	// ([Brand.Scheme]) where an installer has registered it.
	SchemeRedirect bool `json:"scheme_redirect"`
	// LaterScopes may be asked for beyond Scopes. A hosted document has to declare those too.
	LaterScopes []string `json:"later_scopes"`

	ClientURI string `json:"client_uri"` // the product's own page
	LogoURI   string `json:"logo_uri"`
	TosURI    string `json:"tos_uri"`
	PolicyURI string `json:"policy_uri"`

	// What follows is for email providers (ePDS) only.

	BrandColor           string `json:"brand_color"` // #rrggbb
	BackgroundColor      string `json:"background_color"`
	EmailTemplateURI     string `json:"email_template_uri"`
	EmailSubjectTemplate string `json:"email_subject_template"`
	// HandleMode is how new accounts get their handles: "random", "picker" or "picker-with-random".
	HandleMode string `json:"epds_handle_mode"`
	// SkipConsentOnSignup asks for one page less when somebody signs up.
	SkipConsentOnSignup bool `json:"epds_skip_consent_on_signup"`
	// Branding is for providers that trust the product.
	Branding *Branding `json:"branding"`
}

// Branding is how an email provider's pages look when they are shown for a product that it trusts.
type Branding struct {
	CSS            string `json:"css,omitempty"`
	FaviconURL     string `json:"favicon_url,omitempty"`
	FaviconURLDark string `json:"favicon_url_dark,omitempty"`
}

// OAuthClientID is the client_id as the protocol wants it, for a sign-in that asks for these scopes.
func (b Brand) OAuthClientID(scopes []string) string {
	if b.ClientID != Loopback {
		return b.ClientID
	}
	q := url.Values{"redirect_uri": {RedirectURI}, "scope": {strings.Join(scopes, " ")}}
	return "http://localhost?" + q.Encode()
}

// Scheme is the private-use URI scheme that installers register for the product: the client id's host in
// reverse (RFC 8252 section 7.1; https://atproto.com/specs/oauth, "Clients"). Empty when there is none.
func (b Brand) Scheme() string {
	u, err := url.Parse(b.ClientID)
	if !b.SchemeRedirect || err != nil {
		return ""
	}
	labels := strings.Split(u.Hostname(), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// SchemeRedirectURI is [RedirectURI] through that scheme; empty when there is none. A single slash follows the
// scheme (https://atproto.com/specs/oauth, "Clients").
func (b Brand) SchemeRedirectURI() string {
	if scheme := b.Scheme(); scheme != "" {
		return scheme + ":/callback"
	}
	return ""
}

// DeclaredScope has all scopes that may ever be asked for, as the protocol writes them.
func (b Brand) DeclaredScope() string {
	return strings.Join(append(slices.Clone(b.Scopes), b.LaterScopes...), " ")
}

// checkClient looks at the keys of the client identity: whether they are what they should be. Whether servers
// take them together is for the lint to say (package clientid).
func (b Brand) checkClient(wrong func(key, why string) error) error {
	if b.ClientID != Loopback {
		if u, err := url.Parse(b.ClientID); err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Port() != "" || u.User != nil || u.Fragment != "" || u.Path == "" || u.Path == "/" {
			return wrong("client_id", `must be "loopback", or the https address of the hosted client metadata, such as https://app.example.com/oauth-client-metadata.json.`)
		}
	}
	if b.SchemeRedirect && b.ClientID == Loopback {
		return wrong("scheme_redirect", `needs a hosted identity: "client_id" is "loopback".`)
	}
	for _, scope := range b.LaterScopes {
		if slices.Contains(b.Scopes, scope) {
			return wrong("later_scopes", "names "+scope+", which is asked for at each sign-in already.")
		}
	}
	if err := checkScopes(append(slices.Clone(b.Scopes), b.LaterScopes...)); err != nil {
		return wrong("later_scopes", err.Error())
	}
	branding := Branding{}
	if b.Branding != nil {
		branding = *b.Branding
	}
	for _, link := range []struct{ key, value string }{
		{"client_uri", b.ClientURI}, {"logo_uri", b.LogoURI}, {"tos_uri", b.TosURI}, {"policy_uri", b.PolicyURI},
		{"email_template_uri", b.EmailTemplateURI}, {"branding.favicon_url", branding.FaviconURL}, {"branding.favicon_url_dark", branding.FaviconURLDark},
	} {
		if link.value != "" && !isLink(link.value) {
			return wrong(link.key, "must be empty, or an https address, such as https://app.example.com/about.")
		}
	}
	for _, colour := range []struct{ key, value string }{{"brand_color", b.BrandColor}, {"background_color", b.BackgroundColor}} {
		if colour.value != "" && !isColour(colour.value) {
			return wrong(colour.key, "must be empty, or a colour such as #1a2b3c.")
		}
	}
	if n := utf8.RuneCountInString(b.EmailSubjectTemplate); n > 200 || strings.ContainsFunc(b.EmailSubjectTemplate, unicode.IsControl) {
		return wrong("email_subject_template", "must be one line, at most 200 characters.")
	}
	if !slices.Contains([]string{"", "random", "picker", "picker-with-random"}, b.HandleMode) {
		return wrong("epds_handle_mode", `must be empty, "random", "picker" or "picker-with-random".`)
	}
	// Providers leave out what is larger (read in the source of ePDS).
	if len(branding.CSS) > 32<<10 {
		return wrong("branding.css", "must have at most 32,768 bytes.")
	}
	return nil
}

func isLink(text string) bool {
	u, err := safehttp.New(safehttp.Exceptions{}, "").CheckURL(text)
	return err == nil && u.Scheme == "https"
}

func isColour(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	return ok && len(digits) == 6 && !strings.ContainsFunc(digits, func(r rune) bool { return !unicode.Is(unicode.ASCII_Hex_Digit, r) })
}
