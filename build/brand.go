// Package build holds what a packager edits. brand.json is the product: its name, the id under
// which its data and keys are filed, its OAuth client id ("loopback" until one is hosted), the
// scopes it asks for, the server that signs people in by email ("" for none), those that are offered
// to choose from, and the one that is offered to be asked for accounts while people type ("" for none).
package build

import _ "embed"

// Brand is the brand file as it was at build time; package config reads it.
//
//go:embed brand.json
var Brand []byte
