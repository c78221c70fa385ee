package clientauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bluesky-social/indigo/atproto/atcrypto"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Path is where a server for assertions takes requests, below its origin.
const Path = "/assertion"

// Request is what is asked of such a server, as JSON, with a DPoP proof of the key that the assertion is for.
type Request struct {
	Issuer string `json:"issuer"` // an origin
	// KeyID names the key that the session began with; empty for a new one.
	KeyID string `json:"kid,omitempty"`
}

// Answer is what it answers, as proposal 0010 of the AT Protocol has it.
type Answer struct {
	ClientID  string `json:"client_id"`
	Assertion string `json:"client_assertion"`
}

// Refusal is what it answers otherwise (RFC 6749 section 5.2).
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// Codes of a [Refusal].
const (
	WantsNonce     = "use_dpop_nonce"     // with the nonce in the header DPoP-Nonce (RFC 9449 section 8)
	InvalidProof   = "invalid_dpop_proof" // the proof is not for this request
	InvalidRequest = "invalid_request"
	UnknownKey     = "unknown_key" // there is no key with this id any more
	SlowDown       = "slow_down"   // with status 429, and Retry-After
)

// longest is far above the length of any honest answer, in bytes.
const longest = 16 << 10

// Remote implements [latchkey.ClientAuth] by asking a server that has the key. It is safe for concurrent use.
type Remote struct {
	http     *http.Client
	address  string
	clientID string
	now      func() time.Time

	mu    sync.Mutex
	nonce string // the server's latest
}

var _ latchkey.ClientAuth = (*Remote)(nil)

// NewRemote takes the server's origin, such as https://app.example.com.
func NewRemote(client *safehttp.Client, origin, clientID string) *Remote {
	return &Remote{http: client.HTTP(safehttp.Documents), address: origin + Path, clientID: clientID, now: time.Now}
}

// Assertion implements [latchkey.ClientAuth]. Its errors have the codes ClientUnvouched, where trying again helps,
// ClientRefused and ClientChanged.
func (r *Remote) Assertion(ctx context.Context, issuer string, keys latchkey.Keys, keyID string) (latchkey.Assertion, error) {
	failed := func(code latchkey.Code, cause error) (latchkey.Assertion, error) {
		return latchkey.Assertion{}, latchkey.NewError(code, cause)
	}
	session, err := sessionKey(keys)
	if err != nil {
		return latchkey.Assertion{}, err
	}
	public, err := publicJWK(session)
	if err != nil {
		return failed(latchkey.Internal, err)
	}
	asked, err := json.Marshal(Request{Issuer: issuer, KeyID: keyID})
	if err != nil {
		return failed(latchkey.Internal, err)
	}
	// Once more for another nonce: a server that never has enough must not keep us busy.
	for range 2 {
		text, refusal, err := r.ask(ctx, session, asked)
		if err != nil {
			return failed(latchkey.ClientUnvouched, err)
		}
		switch refusal.Code {
		case "":
		case WantsNonce:
			continue
		case UnknownKey:
			return failed(latchkey.ClientChanged, errors.New("the service for assertions does not have the session's key any more"))
		default:
			return failed(latchkey.ClientRefused, fmt.Errorf("the service for assertions answered %.40q", refusal.Code))
		}
		used, err := check(text, r.clientID, issuer, public.thumbprint())
		switch {
		case err != nil:
			return failed(latchkey.ClientRefused, err)
		case keyID != "" && used != keyID:
			return failed(latchkey.ClientRefused, errors.New("the assertion was made with another key than the session's"))
		}
		return latchkey.Assertion{Text: latchkey.Secret(text), KeyID: used}, nil
	}
	return failed(latchkey.ClientRefused, errors.New("the service for assertions does not accept the DPoP nonce that it gave"))
}

// ask sends one request. An error is one after which trying again may help. What makes no sense is a refusal.
func (r *Remote) ask(ctx context.Context, session *atcrypto.PrivateKeyP256, asked []byte) (assertion string, refusal Refusal, err error) {
	r.mu.Lock()
	nonce := r.nonce
	r.mu.Unlock()
	proof, err := newProof(session, http.MethodPost, r.address, nonce, r.now())
	if err != nil {
		return "", Refusal{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address, bytes.NewReader(asked))
	if err != nil {
		return "", Refusal{}, safehttp.Bare(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("DPoP", proof)
	res, err := r.http.Do(req)
	if err != nil {
		return "", Refusal{}, safehttp.Bare(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", Refusal{}, safehttp.Bare(err)
	}
	if given := res.Header.Get("DPoP-Nonce"); given != "" && len(given) <= 512 {
		r.mu.Lock()
		r.nonce = given
		r.mu.Unlock()
	}
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 {
		return "", Refusal{}, fmt.Errorf("the service for assertions answered with status %d", res.StatusCode)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/json" || len(body) > longest {
		return "", Refusal{Code: fmt.Sprintf("status %d without JSON", res.StatusCode)}, nil
	}
	if res.StatusCode != http.StatusOK {
		if json.Unmarshal(body, &refusal) != nil || refusal.Code == "" {
			refusal.Code = fmt.Sprintf("status %d without a reason", res.StatusCode)
		}
		return "", refusal, nil
	}
	var a Answer
	if json.Unmarshal(body, &a) != nil || a.Assertion == "" {
		return "", Refusal{Code: "no assertion"}, nil
	}
	if a.ClientID != r.clientID {
		return "", Refusal{Code: "an assertion for another client"}, nil
	}
	return a.Assertion, Refusal{}, nil
}

// check refuses an assertion that is not for this client, issuer and key, and answers the id of the key that it says it
// was made with. Its signature is for the issuer to check, who has the public key; its time too, for this computer's
// clock may be the wrong one.
func check(assertion, clientID, issuer, thumbprint string) (keyID string, err error) {
	parts := strings.Split(assertion, ".")
	var head struct {
		Algorithm string `json:"alg"`
		ID        string `json:"kid"`
	}
	var claims assertionClaims
	if len(parts) != 3 || parts[2] == "" || !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) {
		return "", errors.New("the assertion is not a JWT")
	}
	switch {
	case head.Algorithm != "ES256" || head.ID == "" || len(head.ID) > maxKeyID:
		return "", errors.New("the assertion does not name its key")
	case claims.Issuer != clientID || claims.Subject != clientID:
		return "", errors.New("the assertion is for another client")
	case claims.Audience != issuer:
		return "", errors.New("the assertion is for another server")
	case claims.Confirmation.Thumbprint != thumbprint:
		return "", errors.New("the assertion is for another key")
	case claims.ID == "" || claims.Expires <= claims.IssuedAt || claims.Expires-claims.IssuedAt > 600:
		return "", errors.New("the assertion has no id, or lasts too long")
	}
	return head.ID, nil
}
