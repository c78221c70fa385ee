package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Proof is a DPoP proof (RFC 9449 section 4.2) whose signature was checked.
type Proof struct {
	Method string `json:"htm"`
	URL    string `json:"htu"`
	Nonce  string `json:"nonce"`
	Ath    string `json:"ath"`
	ID     string `json:"jti"`
	Issued int64  `json:"iat"`
	// Key is the thumbprint of the key (RFC 7638).
	Key string `json:"-"`
}

var base64url = base64.RawURLEncoding

// ReadProof parses and checks the DPoP header of a request. What a careful server refuses is an
// error, but for the nonce, about which the server itself decides.
func ReadProof(r *http.Request) (Proof, error) {
	var p Proof
	all := r.Header.Values("DPoP")
	if len(all) != 1 {
		return p, fmt.Errorf("%d DPoP headers", len(all))
	}
	parts := strings.Split(all[0], ".")
	if len(parts) != 3 {
		return p, errors.New("the proof is no JWT")
	}
	var header struct {
		Type      string `json:"typ"`
		Algorithm string `json:"alg"`
		Key       struct {
			Type  string `json:"kty"`
			Curve string `json:"crv"`
			X     string `json:"x"`
			Y     string `json:"y"`
			D     string `json:"d"`
		} `json:"jwk"`
	}
	if err := errors.Join(decodePart(parts[0], &header), decodePart(parts[1], &p)); err != nil {
		return p, err
	}
	k := header.Key
	if header.Type != "dpop+jwt" || header.Algorithm != "ES256" || k.Type != "EC" || k.Curve != "P-256" || k.D != "" {
		return p, errors.New("not the header of an ES256 proof")
	}
	x, errX := base64url.DecodeString(k.X)
	y, errY := base64url.DecodeString(k.Y)
	signature, errS := base64url.DecodeString(parts[2])
	if errors.Join(errX, errY, errS) != nil || len(signature) != 64 {
		return p, errors.New("unreadable key or signature")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		return p, err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return p, errors.New("wrong signature")
	}
	p.Key = hash(fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":%q,"y":%q}`, k.X, k.Y))
	if p.Method != r.Method || p.URL != "https://"+r.Host+r.URL.EscapedPath() {
		return p, fmt.Errorf("proof for %s %s in a request %s https://%s%s", p.Method, p.URL, r.Method, r.Host, r.URL.EscapedPath())
	}
	if age := time.Since(time.Unix(p.Issued, 0)); p.ID == "" || age > time.Minute || age < -time.Minute {
		return p, errors.New("proof without jti, or not issued now")
	}
	return p, nil
}

func decodePart(part string, v any) error {
	b, err := base64url.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// hash is base64url(SHA-256), as PKCE, ath and thumbprints have it.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64url.EncodeToString(sum[:])
}

// RotateNonce makes the nonces that were handed out invalid.
func (s *Server) RotateNonce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nonce++
}

// proven checks the proof of a request, and answers it unless the proof is good. resource says that
// the refusal is a PDS's (401) and not an authorization server's (400).
func (s *Server) proven(w http.ResponseWriter, r *http.Request, resource bool) (Proof, bool) {
	p, err := ReadProof(r)
	if err != nil {
		s.tb.Errorf("%s: %v", r.URL.Path, err)
		Refuse(w, http.StatusBadRequest, "invalid_dpop_proof", "")
		return p, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := fmt.Sprintf("nonce-%s-%d", r.Host, s.nonce)
	w.Header().Set("DPoP-Nonce", nonce)
	if s.proofs[p.ID] {
		s.tb.Errorf("%s: a proof was used twice", r.URL.Path)
	}
	s.proofs[p.ID] = true
	if p.Nonce == nonce {
		return p, true
	}
	if resource {
		w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce", error_description="nonce wanted"`)
		JSON(w, http.StatusUnauthorized, map[string]string{"error": "use_dpop_nonce"})
	} else {
		Refuse(w, http.StatusBadRequest, "use_dpop_nonce", "nonce wanted")
	}
	return p, false
}
