//go:build !linux

package keychain

import "runtime"

// unlocked has nothing to look for: these keychains open no prompt for an item that is not there.
func unlocked() error { return nil }

func systemName() string {
	switch runtime.GOOS {
	case "darwin":
		return "Keychain"
	case "windows":
		return "Credential Manager"
	}
	return ""
}
