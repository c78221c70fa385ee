//go:build !linux || bindings

package app

import "latchkey/backend/config"

// handOver leaves it to Wails and the system: before the service begins, they end a second program that was started,
// and on macOS they start none.
func handOver(config.Config) (done, able bool) { return false, true }
