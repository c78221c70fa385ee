package oauth

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/bluesky-social/indigo/atproto/auth/oauth"
	"github.com/golang-jwt/jwt/v5"

	latchkey "latchkey/backend"
)

// proofClaims are the claims of RFC 9449 section 4.2, and no others: an exp (optional in a JWT, and
// not named there) would give a server with another clock one more reason to refuse.
type proofClaims struct {
	jwt.RegisteredClaims        // jti and iat
	Method               string `json:"htm"`
	URL                  string `json:"htu"`
	Nonce                string `json:"nonce,omitempty"`
	TokenHash            string `json:"ath,omitempty"`
}

// proofKey reads the key that proofs are signed with.
func proofKey(keys latchkey.Keys) (*atcrypto.PrivateKeyP256, error) {
	private, err := atcrypto.ParsePrivateMultibase(string(keys.DPoP))
	key, ok := private.(*atcrypto.PrivateKeyP256)
	if err != nil || !ok {
		return nil, latchkey.NewError(latchkey.SealBroken, errors.New("not a DPoP key"))
	}
	return key, nil
}

// newProof makes a DPoP proof for one request, issued at the server's time as far as it is known.
// Where there is an access token, the proof is over exactly the one that is sent with it, whatever
// is refreshed meanwhile. ahead is how far the server's clock was taken to be ahead of ours.
func (c *Client) newProof(key *atcrypto.PrivateKeyP256, method string, u *url.URL, access latchkey.Secret) (proof string, ahead time.Duration, err error) {
	public, err := key.PublicKey()
	if err != nil {
		return "", 0, latchkey.NewError(latchkey.Internal, err)
	}
	jwk, err := public.JWK()
	if err != nil {
		return "", 0, latchkey.NewError(latchkey.Internal, err)
	}
	p := c.peer(u)
	ahead = p.assumed()
	claims := proofClaims{
		RegisteredClaims: jwt.RegisteredClaims{ID: rand.Text(), IssuedAt: jwt.NewNumericDate(c.now().wall.Add(ahead))},
		Method:           method,
		URL:              proofURL(u),
		Nonce:            p.nonce,
	}
	if access != "" {
		claims.TokenHash = oauth.S256CodeChallenge(string(access)) // base64url(SHA-256), as ath is
	}
	// Signed by the key itself and not by a method of the library: its register of methods is global,
	// and what ES256 means there depends on who else is linked in.
	token := &jwt.Token{Header: map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, Claims: claims}
	text, err := token.SigningString()
	if err != nil {
		return "", 0, latchkey.NewError(latchkey.Internal, err)
	}
	signature, err := key.HashAndSign([]byte(text))
	if err != nil {
		return "", 0, latchkey.NewError(latchkey.Internal, err)
	}
	return text + "." + token.EncodeSegment(signature), ahead, nil
}

// proofURL is a URL as a DPoP proof names it: without query and fragment (RFC 9449 section 4.2).
func proofURL(u *url.URL) string {
	bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return bare.String()
}

const (
	wantsNonce   = "use_dpop_nonce"
	invalidProof = "invalid_dpop_proof"
)

// tries bounds how often one request is sent: once more for another nonce, once more for each other
// time, three times at most in all.
type tries struct {
	sent    int
	nonce   bool
	refused []time.Duration // what was assumed of the server's clock, in vain
}

// again tells whether a request whose proof was refused is worth sending once more. Nothing is lost by
// that: the PDS checks the proof, and in it the time before the nonce, before it looks at the
// request, the code or the refresh token (read in the source of @atproto/oauth-provider 0.22.9, and
// observed: both worked afterwards).
func (c *Client) again(t *tries, refusal string, u *url.URL, ahead time.Duration) bool {
	t.sent++
	retry := false
	switch refusal {
	case wantsNonce:
		retry = !t.nonce
		t.nonce = true
	case invalidProof:
		t.refused = append(t.refused, ahead)
		next := c.retime(u, ahead)
		retry = !slices.ContainsFunc(t.refused, func(d time.Duration) bool { return (d - next).Abs() <= closeEnough })
	}
	return retry && t.sent < 3
}

// refusedProof is why an authorization server refused the proof, or empty where it did not. RFC 9449
// sections 5 and 8 answer both with 400; the PDS answers an invalid proof with 401, here as for
// resources (observed). No other answer says that the request was left alone.
func (a answer) refusedProof() string {
	code := a.refusal().code
	switch {
	case a.status == http.StatusBadRequest && (code == wantsNonce || code == invalidProof):
		return code
	case a.status == http.StatusUnauthorized && code == invalidProof:
		return code
	}
	return ""
}
