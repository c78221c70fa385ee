package wire

import (
	"context"

	"latchkey/backend/clientid"
	"latchkey/backend/config"
	"latchkey/backend/safehttp"
)

// redirectURI6 is [config.RedirectURI] for computers without IPv4. The listener does not use it yet, but what
// is declared lasts longer than a version.
const redirectURI6 = "http://[::1]/callback"

// ClientFinding is a rule that a client metadata document breaks.
type ClientFinding struct {
	// Hosted tells the copy at the address from the document of this build.
	Hosted bool
	clientid.Finding
}

// Copy names the document that it is about: build or hosted.
func (f ClientFinding) Copy() string {
	if f.Hosted {
		return "hosted"
	}
	return "build"
}

// String is a line for a person: ! before an error, ? before a warning.
func (f ClientFinding) String() string {
	mark, field := "!", f.Field
	if f.Warning {
		mark = "?"
	}
	if field == "" {
		field = "document"
	}
	return "  " + mark + "  " + f.Copy() + ", " + field + ": " + f.Message
}

// ClientMetadata is the document that has to lie at the brand's client id, as JSON. The error is a
// [*config.Error] when the brand has no such client id.
func ClientMetadata(brand config.Brand) ([]byte, error) {
	if brand.ClientID == config.Loopback {
		return nil, &config.Error{Where: "build/brand/brand.json", Key: "client_id", Why: `is "loopback", which has no document: put the https address there that the document will be hosted at.`}
	}
	d := clientid.Document{
		ClientID:             brand.ClientID,
		ClientName:           brand.Name,
		ClientURI:            brand.ClientURI,
		LogoURI:              brand.LogoURI,
		TosURI:               brand.TosURI,
		PolicyURI:            brand.PolicyURI,
		ApplicationType:      "native",
		RedirectURIs:         []string{config.RedirectURI, redirectURI6},
		Scope:                brand.DeclaredScope(),
		GrantTypes:           []string{"authorization_code", "refresh_token"},
		ResponseTypes:        []string{"code"},
		AuthMethod:           "none",
		DPoPBound:            true,
		BrandColor:           brand.BrandColor,
		BackgroundColor:      brand.BackgroundColor,
		EmailTemplateURI:     brand.EmailTemplateURI,
		EmailSubjectTemplate: brand.EmailSubjectTemplate,
		HandleMode:           brand.HandleMode,
		SkipConsentOnSignup:  brand.SkipConsentOnSignup,
	}
	if redirect := brand.SchemeRedirectURI(); redirect != "" {
		d.RedirectURIs = append(d.RedirectURIs, redirect)
	}
	if brand.Branding != nil {
		d.Branding = brand.Branding
	}
	return d.JSON()
}

// CheckClient says what is wrong with the client identity of this build: with the document that has to be hosted,
// with its copy at the address at (the client id when empty), and where the two differ. A build with the
// loopback client id is told what it would need to have the copy at that address for its own. With offline the
// copy is left alone.
func CheckClient(ctx context.Context, cfg config.Config, at string, offline bool) ([]ClientFinding, error) {
	brand := cfg.Brand
	if brand.ClientID == config.Loopback && at == "" {
		f := clientid.Finding{Rule: "loopback", Field: "client_id", Warning: brand.LoopbackRelease, Message: "The client id " + config.LoopbackRefused}
		if brand.LoopbackRelease {
			f.Message = `The client id is "loopback": servers will take every release for a program in development.`
		}
		return []ClientFinding{{Finding: f}}, nil
	}
	if brand.ClientID == config.Loopback {
		brand.ClientID = at
	}
	if at == "" {
		at = brand.ClientID
	}
	document, err := ClientMetadata(brand)
	if err != nil {
		return nil, err
	}
	var findings []ClientFinding
	for _, f := range clientid.Check(brand.ClientID, document) {
		findings = append(findings, ClientFinding{Finding: f})
	}
	if offline {
		return findings, nil
	}
	client := safehttp.New(cfg.Network.Exceptions, brand.Name+"/"+config.Version())
	defer client.Close()
	hosted, problem := clientid.Fetch(ctx, client, at)
	if problem != nil {
		return append(findings, ClientFinding{Hosted: true, Finding: *problem}), nil
	}
	for _, f := range append(clientid.Check(at, hosted), clientid.Compare(document, hosted)...) {
		findings = append(findings, ClientFinding{Hosted: true, Finding: f})
	}
	return findings, nil
}
