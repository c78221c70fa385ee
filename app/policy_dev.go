//go:build dev

package app

import "strings"

// policy is the one of policy_release.go, widened by what development mode can't do without ("wails dev" sets the
// tag dev): Vite puts each component's style into the page and tells it over a web socket what was edited, and
// Wails' own scripts make a trusted type of the same name as Svelte's. The page is the one of Vite's server, which
// has no policy of its own.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self'",
	"connect-src 'self' ws://localhost:* ws://127.0.0.1:* ws://wails.localhost:*",
	"frame-src 'none'",
	"object-src 'none'",
	"worker-src 'none'",
	"base-uri 'none'",
	"form-action 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types svelte-trusted-html 'allow-duplicates'",
	"frame-ancestors 'none'",
}, "; ")
