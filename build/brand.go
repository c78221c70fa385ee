// Package build holds what a packager edits. The folder brand is the product. Its file brand.json has the
// name, the id under which data and keys are filed, the OAuth client id ("loopback" until one is hosted),
// the scopes that are asked for, the server that signs people in by email ("" for none), those that are
// offered to choose from, and the one that is offered to be asked for accounts while people type ("" for
// none). Its icon is drawn in icon.svg; icon.png is made of it, 512 pixels wide and high.
package build

import _ "embed" // for what is below

// Brand is the brand file as it was at build time; package config reads it.
//
//go:embed brand/brand.json
var Brand []byte

// Icon is the picture of the window, as PNG.
//
//go:embed brand/icon.png
var Icon []byte
