//go:build !linux || bindings

package app

// prepare has nothing to do on systems whose web view needs no help, nor where no window opens.
func prepare() error { return nil }
