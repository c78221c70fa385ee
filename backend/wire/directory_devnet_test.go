//go:build devnet

package wire_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atcrypto"
	"github.com/bluesky-social/indigo/atproto/atdata"

	latchkey "latchkey/backend"
)

// newDID registers a DID of its own in the network's directory (https://web.plc.directory/spec).
func newDID(t *testing.T, services map[string]any) string {
	t.Helper()
	key, err := atcrypto.GeneratePrivateKeyK256()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	operation := map[string]any{
		"type":                "plc_operation",
		"rotationKeys":        []any{public.DIDKey()},
		"verificationMethods": map[string]any{"atproto": public.DIDKey()},
		"alsoKnownAs":         []any{},
		"services":            services,
		"prev":                nil,
	}
	encode := func() []byte {
		data, err := atdata.MarshalCBOR(operation)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	signature, err := key.HashAndSign(encode())
	if err != nil {
		t.Fatal(err)
	}
	operation["sig"] = base64.RawURLEncoding.EncodeToString(signature)
	hash := sha256.Sum256(encode())
	did := "did:plc:" + strings.ToLower(base32.StdEncoding.EncodeToString(hash[:]))[:24]

	body, err := json.Marshal(operation)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, network.PLC+"/"+did, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(res.Body)
		t.Fatalf("the directory refused the DID: %s %s", res.Status, text)
	}
	return did
}

// The real directory knows these DIDs, but none of them has a server to sign in on.
func TestAccountWithoutUsableServer(t *testing.T) {
	t.Parallel()
	pds := func(endpoint string) map[string]any {
		return map[string]any{"atproto_pds": map[string]any{"type": "AtprotoPersonalDataServer", "endpoint": endpoint}}
	}
	for name, c := range map[string]struct {
		services map[string]any
		want     latchkey.Code
	}{
		"no server":             {map[string]any{}, latchkey.AccountHasNoServer},
		"server without TLS":    {pds("http://pds.example.com"), latchkey.AccountHasNoServer},
		"server is none":        {pds(network.PLC), latchkey.NotAnATProtoServer},
		"nobody answers there":  {pds("https://no-such-host.invalid"), latchkey.ServerUnreachable},
		"in a private network":  {pds("https://127.0.0.1"), latchkey.ServerUnsafe},
		"cloud metadata server": {pds("https://169.254.169.254"), latchkey.ServerUnsafe},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			_, err := h.Login(t.Context(), newDID(t, c.services))
			wantCode(t, err, c.want)
			h.nothingHalfMade(0)
		})
	}
}
