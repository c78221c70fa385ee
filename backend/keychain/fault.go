package keychain

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"

	"github.com/zalando/go-keyring"

	latchkey "latchkey/backend"
)

// errNone is in the errors that prove that there is no keychain at all: only then can nothing be
// lost or hidden by keeping keys elsewhere. Whatever we don't understand is not such a proof.
var errNone = errors.New("there is no keychain")

func none(err error) error {
	return latchkey.NewError(latchkey.KeychainUnavailable, fmt.Errorf("%w: %w", errNone, err))
}

// explain gives an error of go-keyring its code; most of its errors are plain texts (observed). It
// may ask the keychain, so it belongs to the turn of the call that failed.
func (k *Keychain) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return latchkey.NewError(latchkey.KeychainItemMissing, err)
	case strings.Contains(err.Error(), "failed to unlock correct collection"):
		// The alias of the default collection is what go-keyring tries when no collection is named
		// login. That fails where there is no default collection, and just so where the default one
		// is locked: KWallet and KeePassXC call theirs something else.
		if strings.Contains(err.Error(), "/aliases/") {
			if _, missing := protect(func() (string, error) { return "", k.collection() }); errors.Is(missing, errNone) {
				return latchkey.NewError(latchkey.KeychainUnavailable, missing)
			}
		}
		return latchkey.NewError(latchkey.KeychainLocked, err)
	case errors.Is(err, errNone):
		return latchkey.NewError(latchkey.KeychainUnavailable, err)
	case systemProof(err):
		return none(err)
	}
	return latchkey.NewError(systemCode(err), err)
}

// securityCode reads how /usr/bin/security ended: go-keyring keeps nothing else of it. Its exit
// status is the last byte of an OSStatus (https://www.osstatus.com; 44, "not found", go-keyring
// knows by itself).
func securityCode(err error) latchkey.Code {
	const (
		authFailed            = 51  // errSecAuthFailed, -25293
		interactionNotAllowed = 36  // errSecInteractionNotAllowed, -25308: over SSH, for one
		userCancelled         = 128 // userCanceledErr, -128
	)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		switch exit.ExitCode() {
		case authFailed, interactionNotAllowed, userCancelled:
			return latchkey.KeychainDenied
		}
	}
	return latchkey.KeychainUnavailable
}

// credentialCode reads an error of the Credential Manager
// (https://learn.microsoft.com/windows/win32/api/wincred/nf-wincred-credreadw).
func credentialCode(err error) latchkey.Code {
	const accessDenied = syscall.Errno(5)
	if errors.Is(err, accessDenied) {
		return latchkey.KeychainDenied
	}
	return latchkey.KeychainUnavailable
}
