//go:build !windows || bindings

package app

// complain has nothing to add to what stands on standard error.
func complain(_, _ string) {}
