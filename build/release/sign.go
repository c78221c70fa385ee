package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"aead.dev/minisign"
)

// unsigned is the comment that a signature does not cover. It is always the same, so that not even there
// anything can be changed.
const unsigned = "verify with minisign, or with build/release of the sources"

// signSums signs SHA256SUMS, which must be that of the files below root, and checks nothing else.
func signSums(root *os.Root, keyFile, password, release string) error {
	if release == "" || strings.ContainsFunc(release, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("the release needs a name of one line")
	}
	key, err := secretKey(keyFile, password)
	if err != nil {
		return err
	}
	written, err := root.ReadFile(sumsFile)
	if err != nil {
		return err
	}
	if err := compare(root, written); err != nil {
		return err
	}
	message := minisign.NewReader(bytes.NewReader(written))
	if _, err := io.Copy(io.Discard, message); err != nil {
		return err
	}
	return root.WriteFile(signatureFile, message.SignWithComments(key, release, unsigned), 0o644)
}

func secretKey(file, password string) (minisign.PrivateKey, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return minisign.PrivateKey{}, err
	}
	var key minisign.PrivateKey
	if minisign.IsEncrypted(data) {
		key, err = minisign.DecryptKey(password, data)
	} else {
		err = key.UnmarshalText(data)
	}
	if err != nil {
		return minisign.PrivateKey{}, fmt.Errorf("%s does not open as a secret key of minisign; is MINISIGN_PASSWORD right?", file)
	}
	return key, nil
}

// verify proves that the files below root are those that the owner of the key signed as this release.
func verify(root *os.Root, keyFile, release string) error {
	key, err := minisign.PublicKeyFromFile(keyFile)
	if err != nil {
		return fmt.Errorf("%s is no public key of minisign: %w", keyFile, err)
	}
	written, err := proof(root, sumsFile)
	if err != nil {
		return err
	}
	signed, err := proof(root, signatureFile)
	if err != nil {
		return err
	}
	var signature minisign.Signature
	// The library forgives what makes no difference to it, such as line ends.
	if signature.UnmarshalText(signed) != nil || signature.String() != string(signed) || signature.UntrustedComment != unsigned {
		return fmt.Errorf("%s is not as it was signed", signatureFile)
	}
	if signature.KeyID != key.ID() {
		return fmt.Errorf("%s was signed with another key", sumsFile)
	}
	if signature.Algorithm != minisign.HashEdDSA || !minisign.Verify(key, written, signed) {
		return fmt.Errorf("the signature of %s is wrong", sumsFile)
	}
	if signature.TrustedComment != release {
		return fmt.Errorf("this is %q, not %q", signature.TrustedComment, release)
	}
	return compare(root, written)
}

// proof reads one of the two files that prove something; a link proves nothing.
func proof(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is missing, so nothing is proved", name)
	}
	if err != nil {
		return nil, err
	}
	return root.ReadFile(name)
}
