//go:build !linux && !darwin && !windows

package keychain

import (
	"errors"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

func systemProof(err error) bool { return errors.Is(err, keyring.ErrUnsupportedPlatform) }

func systemCode(error) latchkey.Code { return latchkey.KeychainUnavailable }

func collection() error { return nil }
