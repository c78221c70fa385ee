package keychain

import (
	"errors"
	"syscall"

	latchkey "latchkey/backend"
)

// systemProof tells whether an error proves that no keychain is there: sessions over the network
// have no Credential Manager (ERROR_NO_SUCH_LOGON_SESSION).
func systemProof(err error) bool {
	const noSuchLogonSession = syscall.Errno(1312)
	return errors.Is(err, noSuchLogonSession)
}

func systemCode(err error) latchkey.Code { return credentialCode(err) }

func collection() error { return nil }
