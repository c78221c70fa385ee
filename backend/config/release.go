//go:build !devnet

package config

// Development tells development builds (tag devnet) from release builds.
const Development = false

func applyDevelopment(*Config) error { return nil }
