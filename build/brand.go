// Package build holds what a packager edits. The folder brand is the product. Its file brand.json has the
// name, the id under which data and keys are filed, the accent colour, the OAuth client id ("loopback" until one is hosted),
// the scopes that are asked for, the server that signs people in by email ("" for none), those that are
// offered to choose from, and the one that is offered to be asked for accounts while people type ("" for
// none). The accent is "light" and "dark", the colours on light and on dark paper; behind text of that colour lies a tint of
// it, which "light_tint" and "dark_tint" may set. The mark in mark.svg is drawn in that colour. The icon is drawn in icon.svg; icon.png is made of it, 512 pixels wide and high.
//
// A package with the client id "loopback" does not start, unless "loopback_release" is true. With a hosted one
// "scheme_redirect" lets the browser come back through a scheme of the product's own, which installers register,
// and the file may have more, all of which "latchkey client-metadata" prints as the document to host: "later_scopes"
// (asked for only when the product needs them), the links "client_uri", "logo_uri", "tos_uri" and "policy_uri",
// what a product with a key of its own needs ("client_key", "assertion_backend", "hand_on", and "jwks" or "jwks_uri"; see
// "A client with a key" in README.md), and for email providers "brand_color", "background_color", "email_template_uri", "email_subject_template",
// "epds_handle_mode", "epds_skip_consent_on_signup" and "branding" ("css", "favicon_url", "favicon_url_dark").
package build

import _ "embed" // for what is below

// Brand is the brand file as it was at build time; package config reads it.
//
//go:embed brand/brand.json
var Brand []byte

// Mark is the drawing that stands beside the name, as SVG; package config reads it.
//
//go:embed brand/mark.svg
var Mark []byte

// Icon is the picture of the window, as PNG.
//
//go:embed brand/icon.png
var Icon []byte
