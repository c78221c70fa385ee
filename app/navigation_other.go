//go:build !linux || !production

package app

// holdPage is for WebKitGTK so far.
func holdPage() {}
