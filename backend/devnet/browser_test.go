//go:build devnet

package devnet

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBrowser(t *testing.T) {
	t.Parallel()
	network := MustStart(t)
	alice, bob := network.Accounts[0], network.Accounts[1]

	t.Run("approve", func(t *testing.T) {
		shots := t.TempDir()
		callback := newCallback(t)
		pages, err := Browser{Password: alice.Password, Shots: shots}.Visit(t.Context(), callback.authorizationURL(t, network, alice.Handle))
		if err != nil {
			t.Fatal(err)
		}
		if query := callback.query(t); !query.Has("code") || query.Get("iss") != network.PDS {
			t.Errorf("the callback got %v", query)
		}
		if pages.Welcome != (Page{}) || !strings.Contains(pages.SignIn.Text, "Enter your password") {
			t.Errorf("with a hint, the pages were %+v", pages)
		}
		if !strings.Contains(pages.Consent.Text, "alice.test") || !strings.Contains(pages.Consent.Text, "identify you") {
			t.Errorf("the consent page says %q", pages.Consent.Text)
		}
		if want := (Page{Title: "Done", Text: "You may close this page."}); pages.Final != want {
			t.Errorf("the final page is %+v, want %+v", pages.Final, want)
		}
		for _, name := range []string{"sign-in", "consent", "final"} {
			if _, err := os.Stat(filepath.Join(shots, name+".png")); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("as BROWSER, without a hint", func(t *testing.T) {
		callback := newCallback(t)
		file := filepath.Join(t.TempDir(), "pages")
		env, err := Browser{Password: bob.Password, Handle: bob.Handle}.Env(file)
		if err != nil {
			t.Fatal(err)
		}
		child := exec.CommandContext(t.Context(), "sh", "-c", `"$BROWSER" "$1"`, "sh", callback.authorizationURL(t, network, ""))
		child.Env = append(os.Environ(), env...)
		if out, err := child.CombinedOutput(); err != nil || len(out) != 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		if query := callback.query(t); !query.Has("code") {
			t.Errorf("the callback got %v", query)
		}
		pages, err := ReadPages(file)
		if err != nil {
			t.Fatal(err)
		}
		if pages.Welcome == (Page{}) || !strings.Contains(pages.Consent.Text, "bob.test") || pages.Final == (Page{}) {
			t.Errorf("the pages were %+v", pages)
		}
	})
	for _, action := range []Action{Deny, Cancel} {
		t.Run(string(action), func(t *testing.T) {
			callback := newCallback(t)
			pages, err := Browser{Password: alice.Password, Action: action}.Visit(t.Context(), callback.authorizationURL(t, network, alice.Handle))
			if err != nil {
				t.Fatal(err)
			}
			if query := callback.query(t); query.Get("error") != "access_denied" || query.Get("iss") != network.PDS {
				t.Errorf("the callback got %v", query)
			}
			if pages.Final.Title != "Done" {
				t.Errorf("the pages were %+v", pages)
			}
		})
	}
	t.Run("leave", func(t *testing.T) {
		callback := newCallback(t)
		pages, err := Browser{Action: Leave}.Visit(t.Context(), callback.authorizationURL(t, network, alice.Handle))
		if err != nil {
			t.Fatal(err)
		}
		if pages.SignIn == (Page{}) || pages.Final != (Page{}) || len(callback.queries) != 0 {
			t.Errorf("the pages were %+v", pages)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		callback := newCallback(t)
		pages, err := Browser{Password: alice.Password, Elsewhere: true}.Visit(t.Context(), callback.authorizationURL(t, network, alice.Handle))
		if err != nil {
			t.Fatal(err)
		}
		if pages.Final != (Page{}) || len(callback.queries) != 0 || !strings.Contains(pages.Stranded.Text, "can’t be reached") {
			t.Errorf("the pages were %+v", pages)
		}
		if address, err := url.Parse(pages.Stranded.Address); err != nil || "http://"+address.Host != callback.URL || !address.Query().Has("code") {
			t.Errorf("it ended on %q: %v", pages.Stranded.Address, err)
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		shots := t.TempDir()
		_, err := Browser{Password: "wrong", Shots: shots}.Visit(t.Context(), newCallback(t).authorizationURL(t, network, alice.Handle))
		if err == nil || !strings.Contains(err.Error(), "Wrong identifier or password") {
			t.Errorf("a wrong password: %v", err)
		}
		if _, err := os.Stat(filepath.Join(shots, "failure.png")); err != nil {
			t.Error(err)
		}
	})
	t.Run("nobody listens for the callback", func(t *testing.T) {
		callback := newCallback(t)
		at := callback.authorizationURL(t, network, alice.Handle)
		callback.Close()
		_, err := Browser{Password: alice.Password, Shots: t.TempDir()}.Visit(t.Context(), at)
		if err == nil || !strings.Contains(err.Error(), "ERR_CONNECTION_REFUSED") {
			t.Errorf("no listener: %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := (Browser{}).Visit(ctx, newCallback(t).authorizationURL(t, network, alice.Handle)); err == nil {
			t.Error("a cancelled visit succeeded")
		}
	})
}

// callback is the program's side of a sign-in, as far as a browser can tell.
type callback struct {
	*httptest.Server
	queries chan url.Values
}

func newCallback(t *testing.T) callback {
	t.Helper()
	c := callback{queries: make(chan url.Values, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		c.queries <- r.URL.Query()
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>Done</title><p>You may close this page.</p>")
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c callback) query(t *testing.T) url.Values {
	t.Helper()
	select {
	case query := <-c.queries:
		return query
	default:
		t.Fatal("the browser never came back")
		return nil
	}
}

// authorizationURL pushes an authorization request and answers where its browser starts.
func (c callback) authorizationURL(t *testing.T, network *Network, hint string) string {
	t.Helper()
	query, refusal := c.push(t, network.PDS, url.Values{"login_hint": {hint}})
	if refusal != "" {
		t.Fatalf("the pushed request: %s", refusal)
	}
	return network.PDS + "/oauth/authorize?" + query.Encode()
}

// push pushes an authorization request as a loopback client does, and answers the parameters of the
// authorization URL or the description of the server's refusal.
func (c callback) push(t *testing.T, server string, others url.Values) (query url.Values, refusal string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	challenge := sha256.Sum256([]byte(rand.Text()))
	client := "http://localhost?" + url.Values{"redirect_uri": {"http://127.0.0.1/callback"}, "scope": {"atproto"}}.Encode()
	form := url.Values{
		"client_id":             {client},
		"response_type":         {"code"},
		"redirect_uri":          {c.URL + "/callback"},
		"scope":                 {"atproto"},
		"state":                 {rand.Text()},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(challenge[:])},
		"code_challenge_method": {"S256"},
	}
	for name, values := range others {
		if values[0] != "" {
			form[name] = values
		}
	}
	endpoint := server + "/oauth/par"
	nonce := ""
	for range 2 { // the first answer brings the nonce
		request := newRequest(t, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("DPoP", dpopProof(t, key, endpoint, nonce))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var pushed struct {
			RequestURI string `json:"request_uri"`
			Error      string `json:"error"`
			Why        string `json:"error_description"`
		}
		err = json.NewDecoder(response.Body).Decode(&pushed)
		_ = response.Body.Close()
		switch {
		case err != nil:
			t.Fatal(err)
		case pushed.Error == "use_dpop_nonce":
			nonce = response.Header.Get("DPoP-Nonce")
		case pushed.Error != "":
			return nil, pushed.Error + ": " + pushed.Why
		default:
			return url.Values{"client_id": {client}, "request_uri": {pushed.RequestURI}}, ""
		}
	}
	t.Fatal("the PDS keeps asking for a nonce")
	return nil, ""
}

// dpopProof signs a proof of possession for one POST (RFC 9449, section 4.2).
func dpopProof(t *testing.T, key *ecdsa.PrivateKey, endpoint, nonce string) string {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	header := fmt.Sprintf(`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":%q,"y":%q}}`,
		encode(point[1:33]), encode(point[33:]))
	claims := fmt.Sprintf(`{"jti":%q,"htm":"POST","htu":%q,"iat":%d`, rand.Text(), endpoint, time.Now().Unix())
	if nonce != "" {
		claims += fmt.Sprintf(`,"nonce":%q`, nonce)
	}
	var proof bytes.Buffer
	proof.WriteString(encode([]byte(header)) + "." + encode([]byte(claims+"}")))
	digest := sha256.Sum256(proof.Bytes())
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	proof.WriteString("." + encode(signature))
	return proof.String()
}
