package wire

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"latchkey/backend/clientauth"
	"latchkey/backend/config"
)

// maxKeyFile is far above the size of any honest key file, in bytes.
const maxKeyFile = 64 << 10

// GenerateClientKey makes the file of a new key for a product that proves by one that it is itself, and answers its
// public part as [PublicClientKeys] does. The file is for whoever runs the program alone. One that is there
// already is left alone: its key may be the one that servers know. The error is a [*config.Error].
func GenerateClientKey(path string) ([]byte, error) {
	key, err := clientauth.Generate()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- named by the person
	if errors.Is(err, fs.ErrExist) {
		return nil, &config.Error{Where: path, Why: "is there already, and was left as it is. Name another file for a new key."}
	}
	if err != nil {
		return nil, keyFileError(path, "can't be made", err)
	}
	_, err = file.Write(key)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path) // half a key is none
		return nil, keyFileError(path, "can't be written", err)
	}
	return PublicClientKeys(path)
}

// PublicClientKeys is the public part of the keys in these files, as the JWK set that has to be hosted (RFC 7517
// section 5). The error is a [*config.Error].
func PublicClientKeys(paths ...string) ([]byte, error) {
	var keys []*clientauth.Key
	for _, path := range paths {
		data, err := readKeyFile(path)
		if err != nil {
			return nil, keyFileError(path, "can't be read", err)
		}
		k, err := clientauth.ParseKey(data)
		if err != nil {
			return nil, &config.Error{Where: path, Why: err.Error()}
		}
		keys = append(keys, k)
	}
	return clientauth.PublicSet(keys...)
}

func readKeyFile(path string) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- named by the person
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxKeyFile)) // ParseKey says that one is too large
}

// keyFileError leaves out the path that an error of package os repeats.
func keyFileError(path, what string, err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return &config.Error{Where: path, Why: fmt.Sprintf("%s: %v.", what, err)}
}
