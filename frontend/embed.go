// Package frontend carries the built web front end inside the binary.
//
// The sources beside this file (Svelte and TypeScript, see src/main.ts) are built into dist by "npm run build".
// A fresh clone has only dist/.gitkeep: enough to compile and to test everything but the window.
package frontend

import "embed"

// Dist is the built front end; its root holds the one folder "dist".
//
//go:embed all:dist
var Dist embed.FS
