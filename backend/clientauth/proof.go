package clientauth

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/golang-jwt/jwt/v5"

	latchkey "latchkey/backend"
)

// Proof is a DPoP proof whose signature is good (RFC 9449 section 4.2). Whether it is for the request that it came
// with is another question.
type Proof struct {
	ID     string `json:"jti"`
	Method string `json:"htm"`
	URL    string `json:"htu"`
	Issued int64  `json:"iat"`
	Nonce  string `json:"nonce,omitempty"`
	// Thumbprint is that of the key that made it (RFC 7638).
	Thumbprint string `json:"-"`
}

// maxProof is far above the length of any honest proof, in bytes.
const maxProof = 4 << 10

// ReadProof reads a DPoP header and checks its signature. Only ES256 is taken, as every client of the AT Protocol
// has it. Errors have nothing of the proof in them.
func ReadProof(header string) (Proof, error) {
	if len(header) > maxProof {
		return Proof{}, errors.New("the proof is too long")
	}
	parts := strings.Split(header, ".")
	if len(parts) != 3 {
		return Proof{}, errors.New("the proof is not a JWT")
	}
	var head struct {
		Type      string          `json:"typ"`
		Algorithm string          `json:"alg"`
		Key       jwk             `json:"jwk"`
		Critical  json.RawMessage `json:"crit"`
	}
	var p Proof
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &p) {
		return Proof{}, errors.New("the proof can't be read")
	}
	k := head.Key
	if head.Type != "dpop+jwt" || head.Algorithm != "ES256" || head.Critical != nil || k.Type != "EC" || k.Curve != "P-256" || k.D != "" {
		return Proof{}, errors.New("the proof is of another kind than ES256 with a public key")
	}
	x, errX := base64url.DecodeString(k.X)
	y, errY := base64url.DecodeString(k.Y)
	signature, errS := base64url.DecodeString(parts[2])
	if errors.Join(errX, errY, errS) != nil || len(x) != number || len(y) != number {
		return Proof{}, errors.New("the proof's key or signature can't be read")
	}
	public, err := atcrypto.ParsePublicUncompressedBytesP256(append(append([]byte{4}, x...), y...))
	if err != nil {
		return Proof{}, errors.New("the proof's key is none")
	}
	// Lenient is about the larger of two signatures that are both good (RFC 7518 section 3.4 allows either).
	if err := public.HashAndVerifyLenient([]byte(parts[0]+"."+parts[1]), signature); err != nil {
		return Proof{}, errors.New("the proof's signature is wrong")
	}
	if p.ID == "" || len(p.ID) > 256 || p.Issued == 0 {
		return Proof{}, errors.New("the proof lacks its id or its time")
	}
	p.Thumbprint = k.thumbprint()
	return p, nil
}

// decodePart reads a part of a JWT: one JSON object.
func decodePart(part string, v any) bool {
	text, err := base64url.DecodeString(part)
	if err != nil || !bytes.HasPrefix(text, []byte("{")) {
		return false
	}
	return json.Unmarshal(text, v) == nil
}

// newProof makes the proof for one request.
func newProof(session *atcrypto.PrivateKeyP256, method, address, nonce string, now time.Time) (string, error) {
	public, err := publicJWK(session)
	if err != nil {
		return "", latchkey.NewError(latchkey.Internal, err)
	}
	claims := jwt.MapClaims{"jti": rand.Text(), "htm": method, "htu": address, "iat": now.Unix()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return signed(session, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": public}, claims)
}

// sessionKey reads the key that a session's proofs are signed with.
func sessionKey(keys latchkey.Keys) (*atcrypto.PrivateKeyP256, error) {
	private, err := atcrypto.ParsePrivateMultibase(string(keys.DPoP))
	key, ok := private.(*atcrypto.PrivateKeyP256)
	if err != nil || !ok {
		return nil, latchkey.NewError(latchkey.SealBroken, errors.New("not a DPoP key"))
	}
	return key, nil
}

// signed is a JWT. It is signed by the key itself and not by a method of the library: its register of methods is
// global, and what ES256 means there depends on who else is linked in.
func signed(key *atcrypto.PrivateKeyP256, header map[string]any, claims jwt.Claims) (string, error) {
	token := &jwt.Token{Header: header, Claims: claims}
	text, err := token.SigningString()
	if err != nil {
		return "", latchkey.NewError(latchkey.Internal, err)
	}
	signature, err := key.HashAndSign([]byte(text))
	if err != nil {
		return "", latchkey.NewError(latchkey.Internal, err)
	}
	return text + "." + token.EncodeSegment(signature), nil
}
