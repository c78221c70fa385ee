//go:build !linux

package keychain

// reachable has nothing to look for: these keychains are part of the system.
func reachable() error { return nil }
