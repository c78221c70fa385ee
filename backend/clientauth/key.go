package clientauth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
)

// Key is a private key of the product, with the id that servers know it by. It does not print itself.
type Key struct {
	private    *atcrypto.PrivateKeyP256
	public     jwk
	thumbprint string
}

// jwk is a JSON Web Key for ES256 (RFC 7517; RFC 7518 section 6.2).
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	D         string `json:"d,omitempty"`
	ID        string `json:"kid,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
}

const (
	// maxKeyFile is far above what a P-256 key takes; a chain of certificates (x5c) has no use here.
	maxKeyFile = 4 << 10
	maxKeyID   = 200
	// number is the length in bytes of a coordinate, and of the private number.
	number = 32
)

var base64url = base64.RawURLEncoding.Strict()

// Generate makes the file of a new key: a private JWK whose id is its thumbprint (RFC 7638).
func Generate() ([]byte, error) {
	private, err := atcrypto.GeneratePrivateKeyP256()
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	k, err := publicJWK(private)
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	k.D, k.ID, k.Algorithm, k.Use = base64url.EncodeToString(private.Bytes()), k.thumbprint(), "ES256", "sig"
	return indented(k)
}

// ParseKey reads the file of a key. The error is the end of a sentence that begins with the file's name, and has
// nothing of the file in it.
func ParseKey(data []byte) (*Key, error) {
	wrong := func(why string) (*Key, error) { return nil, errors.New(why) }
	if len(data) > maxKeyFile {
		return wrong("is too large for the file of a key.")
	}
	// encoding/json takes null for any type.
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return wrong("is not a JSON Web Key, which begins with a brace.")
	}
	var file struct {
		jwk
		Keys json.RawMessage `json:"keys"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&file); err != nil {
		return wrong("is not a JSON Web Key: its JSON can't be read.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return wrong("has something behind the closing brace.")
	}
	k := file.jwk
	switch {
	case file.Keys != nil:
		return wrong("is a set of keys: one private key is wanted.")
	case k.Type != "EC" || k.Curve != "P-256":
		return wrong(`has a key of another kind: "kty" must be "EC" and "crv" must be "P-256".`)
	case k.D == "":
		return wrong(`has only the public part of a key: "d" is missing.`)
	case k.ID == "" || len(k.ID) > maxKeyID || strings.ContainsFunc(k.ID, func(r rune) bool { return !unicode.IsPrint(r) }):
		return wrong(`must name its key, in at most 200 printable letters: that is "kid".`)
	case k.Algorithm != "" && k.Algorithm != "ES256":
		return wrong(`has a key for another algorithm: "alg" must be "ES256".`)
	case k.Use != "" && k.Use != "sig":
		return wrong(`has a key for another use: "use" must be "sig".`)
	}
	secret, err := base64url.DecodeString(k.D)
	if err != nil || len(secret) != number {
		return wrong(`has a private part that is none: "d" must be 32 bytes in base64url.`)
	}
	private, err := atcrypto.ParsePrivateBytesP256(secret)
	if err != nil {
		return wrong(`has a private part that is none: "d" is out of range.`)
	}
	public, err := publicJWK(private)
	if err != nil {
		return wrong(`has a private part that is none: "d" has no public part.`)
	}
	if public.X != k.X || public.Y != k.Y {
		return wrong(`has a public part that belongs to another key: "x" and "y" must be those of "d".`)
	}
	thumbprint := public.thumbprint()
	public.ID, public.Algorithm, public.Use = k.ID, "ES256", "sig"
	return &Key{private: private, public: public, thumbprint: thumbprint}, nil
}

// ID is the id that servers know the key by.
func (k *Key) ID() string { return k.public.ID }

// Thumbprint is the key's own name for itself (RFC 7638).
func (k *Key) Thumbprint() string { return k.thumbprint }

// PublicSet is the public part of keys, as the JWK set that has to be hosted (RFC 7517 section 5).
func PublicSet(keys ...*Key) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.public)
	}
	return indented(set)
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, latchkey.NewError(latchkey.Internal, err)
	}
	return append(text, '\n'), nil
}

// publicJWK writes coordinates whole: indigo's own leave out leading zeros, which RFC 7518 section 6.2.1.2 forbids.
func publicJWK(private *atcrypto.PrivateKeyP256) (jwk, error) {
	public, err := private.PublicKey()
	if err != nil {
		return jwk{}, err
	}
	point := public.UncompressedBytes() // 4, x, y (SEC 1, section 2.3.3)
	return jwk{
		Type:  "EC",
		Curve: "P-256",
		X:     base64url.EncodeToString(point[1 : 1+number]),
		Y:     base64url.EncodeToString(point[1+number:]),
	}, nil
}

// thumbprint is the one of RFC 7638 section 3. X and Y are base64url, which JSON writes as it is.
func (k jwk) thumbprint() string {
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + k.X + `","y":"` + k.Y + `"}`))
	return base64url.EncodeToString(sum[:])
}
