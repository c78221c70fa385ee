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

// errUntimely is a good proof that was not issued now.
var errUntimely = errors.New("proof not issued now")

// ReadProof parses and checks the DPoP header of a request that came at this time. What a careful
// server refuses is an error, but for the nonce, about which the server itself decides.
func ReadProof(r *http.Request, now time.Time) (Proof, error) {
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
	if p.ID == "" {
		return p, errors.New("proof without jti")
	}
	if now.Sub(time.Unix(p.Issued, 0)).Abs() > time.Minute {
		return p, errUntimely
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

// Untimely counts the proofs that were refused for their time.
func (s *Server) Untimely() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.untimely
}

// proven checks the proof of a request, and answers it unless the proof is good. resource says that
// the refusal is a PDS's (401) and not an authorization server's (400).
func (s *Server) proven(w http.ResponseWriter, r *http.Request, resource bool) (Proof, bool) {
	s.fields.RLock()
	now, honest := time.Now().Add(s.Ahead), s.Ahead == 0 && s.Date == nil
	s.fields.RUnlock()
	p, err := ReadProof(r, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	nonce := fmt.Sprintf("nonce-%s-%d", r.Host, s.nonce)
	w.Header().Set("DPoP-Nonce", nonce)
	if err != nil {
		// A client can't know the time of a server whose clock is wrong, or that lies about it.
		if errors.Is(err, errUntimely) {
			s.untimely++
		}
		if !errors.Is(err, errUntimely) || honest {
			s.tb.Errorf("%s: %v", r.URL.Path, err)
		}
		// As the PDS has it, before the nonce is looked at, and with 401 everywhere (observed).
		w.Header().Set("WWW-Authenticate", `DPoP algs="ES256", error="invalid_dpop_proof"`)
		Refuse(w, http.StatusUnauthorized, "invalid_dpop_proof", err.Error())
		return p, false
	}
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
