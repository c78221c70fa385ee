//go:build dev

package app

import "strings"

// policy is the one of policy_release.go, widened by what development mode can't do without ("wails dev" sets the
// tag dev): Vite puts each component's style into the page, tells it over a web socket what was edited, and waits in
// a worker while the program is built anew; neither it nor Wails' own scripts keep to the trusted types of the
// release. The page is the one of Vite's server, which has no policy of its own.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self' 'unsafe-inline'",
	"img-src 'self' data:",
	"connect-src 'self' ws://localhost:* ws://127.0.0.1:* ws://wails.localhost:*",
	"frame-src 'none'",
	"object-src 'none'",
	"worker-src blob:",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
}, "; ")
