//go:build !dev

package app

import "strings"

// policy is what the page may do (Content Security Policy 3): run and show what came with the program, and
// nothing else. The page says the same of itself (frontend/vite.config.ts), but for the last one, which
// counts in a header only. Svelte makes its elements out of HTML through the one trusted type that is named;
// engines that know no trusted types ignore both directives.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self'",
	"connect-src 'self'",
	"frame-src 'none'",
	"object-src 'none'",
	"worker-src 'none'",
	"base-uri 'none'",
	"form-action 'none'",
	"require-trusted-types-for 'script'",
	"trusted-types svelte-trusted-html",
	"frame-ancestors 'none'",
}, "; ")
