//go:build devnet

package devnet

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/oauth"
	"latchkey/backend/safehttp"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	network := MustStartEmail(t)
	protocol := newProtocol(t, network)

	t.Run("sign up, sign in", func(t *testing.T) {
		t.Parallel()
		shots := shotsDir(t)
		a := begin(t, network, protocol, "")
		const address = "new.person+tag@example.org"
		pages := a.visit(t, url.Values{"login_hint": {"New.Person+Tag@Example.org"}, "epds_handle_mode": {"picker"}},
			Browser{Email: address, NewHandle: "newcomer", Shots: shots})
		if pages.Email != (Page{}) || !strings.Contains(pages.Code.Text, address) {
			t.Errorf("a hint leads to the code, not to %+v and %+v", pages.Email, pages.Code)
		}
		if text := pages.ChooseHandle.Text; !strings.Contains(text, ".mail.test") || strings.Contains(text, "random") {
			t.Errorf("the handle picker says %q", text)
		}
		if !strings.Contains(pages.Consent.Text, "newcomer.mail.test") {
			t.Errorf("the consent page says %q", pages.Consent.Text)
		}
		mail := mailTo(t, network, address)
		if mail.To != address || mail.Count != 1 || len(mail.Code) != 8 || !strings.Contains(mail.Text, mail.Code) || mail.Subject == "" {
			t.Errorf("the mail is %+v", mail)
		}

		session := a.finish(t)
		if handle := handleOf(t, network, session.DID); handle != "newcomer.mail.test" {
			t.Errorf("the account's handle is %q", handle)
		}
		request := newRequest(t, http.MethodGet, network.EmailProvider+"/.well-known/atproto-did", nil)
		request.Host = "newcomer.mail.test"
		if did := send(t, request); did != session.DID.String() {
			t.Errorf("newcomer.mail.test resolves to %q, want %s", did, session.DID)
		}
		if found := lookup(t, network, "newcomer.mail.test"); found.DID != session.DID || found.Server != network.EmailProvider {
			t.Errorf("by the network file, newcomer.mail.test is %+v", found)
		}
		if status := a.get(t, session, "com.atproto.repo.getRecord?collection=app.bsky.actor.profile&rkey=self&repo="+session.DID.String()); status != http.StatusBadRequest {
			t.Errorf("a new account has a profile: %d", status)
		}
		if status := a.get(t, session, "com.atproto.server.getSession"); status != http.StatusOK {
			t.Errorf("getSession with the tokens: %d", status)
		}
		if err := protocol.Revoke(t.Context(), session, a.keys); err != nil {
			t.Fatal(err)
		}
		if _, err := protocol.Refresh(t.Context(), session, a.keys); latchkey.CodeOf(err) != latchkey.SessionRejected {
			t.Errorf("a refresh after the revocation: %v", err)
		}

		again := begin(t, network, protocol, "")
		pages = again.visit(t, url.Values{"login_hint": {address}}, Browser{Email: address})
		if pages.Code == (Page{}) || pages.ChooseHandle != (Page{}) {
			t.Errorf("the pages of the second sign-in are %+v", pages)
		}
		if did := again.finish(t).DID; did != session.DID {
			t.Errorf("the second sign-in is %s, want %s", did, session.DID)
		}

		for _, hint := range []string{"newcomer.mail.test", session.DID.String()} {
			for _, where := range []struct{ pushed, query string }{{pushed: hint}, {query: hint}} {
				c := begin(t, network, protocol, where.pushed)
				_, body := newForms(t, network).get(c.url + "&" + url.Values{"login_hint": {where.query}}.Encode())
				if !strings.Contains(body, "otp-box") || !strings.Contains(body, hint) || strings.Contains(body, address) {
					t.Errorf("with the hint %+v the page is %s", where, body)
				}
			}
		}
		c := begin(t, network, protocol, "stranger.mail.test")
		if _, body := newForms(t, network).get(c.url); !strings.Contains(body, `id="email"`) {
			t.Errorf("with the hint of a stranger the page is %s", body)
		}
		if mail := mailTo(t, network, address); mail.Count != 6 {
			t.Errorf("%d mails have come, want 6", mail.Count)
		}
	})

	t.Run("random handle", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		const address = "random@example.org"
		pages := a.visit(t, url.Values{"login_hint": {address}, "epds_handle_mode": {"random"}}, Browser{Email: address})
		if pages.ChooseHandle != (Page{}) {
			t.Errorf("there was a choice: %+v", pages.ChooseHandle)
		}
		if handle := handleOf(t, network, a.finish(t).DID); !strings.HasSuffix(handle, ".mail.test") {
			t.Errorf("the handle is %q", handle)
		}
	})

	t.Run("no hint, longest handle", func(t *testing.T) {
		t.Parallel()
		shots := shotsDir(t)
		a := begin(t, network, protocol, "")
		pages := a.visit(t, nil, Browser{Email: "form@example.org", NewHandle: "twenty-letters-long1", Shots: shots})
		if !strings.Contains(pages.Email.Text, "Sign in with your email") {
			t.Errorf("the pages are %+v", pages)
		}
		if !strings.Contains(pages.ChooseHandle.Text, "random") {
			t.Errorf("the handle picker says %q", pages.ChooseHandle.Text)
		}
		if handle := handleOf(t, network, a.finish(t).DID); handle != "twenty-letters-long1.mail.test" {
			t.Errorf("the handle is %q", handle)
		}
	})

	t.Run("refused handles", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		const address = "refused@example.org"
		person := newForms(t, network)
		person.get(a.url + "&" + url.Values{"login_hint": {address}}.Encode())
		if _, body := newForms(t, network).post(a, "choose-handle", "handle", "stranger"); !strings.Contains(body, `id="email"`) {
			t.Errorf("a handle without a code: %s", body)
		}
		if status, body := person.post(a, "code", "code", mailTo(t, network, address).Code); !strings.Contains(body, `id="handle"`) {
			t.Fatalf("the right code: %d %s", status, body)
		}
		if _, body := newForms(t, network).post(a, "choose-handle", "handle", "stranger"); !strings.Contains(body, `id="email"`) {
			t.Errorf("a handle from another browser than that of the code: %s", body)
		}
		for handle, why := range map[string]string{
			"four": "5 to 20", "twenty-one-letters-xx": "5 to 20", "under_score": "5 to 20", "-hyphen": "hyphen", "administrator": "cannot be used",
		} {
			status, body := person.post(a, "choose-handle", "handle", handle)
			if status != http.StatusBadRequest || !strings.Contains(body, why) {
				t.Errorf("the handle %s: %d %s", handle, status, body)
			}
		}
		check := "/auth/check-handle?" + url.Values{"request_uri": {requestURI(t, a)}, "handle": {"Available"}}.Encode()
		if status, body := person.get(person.auth + check); status != http.StatusOK || !strings.Contains(body, `"available":true`) {
			t.Errorf("check-handle: %d %s", status, body)
		}
	})

	t.Run("another code", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		const address = "again@example.org"
		person := newForms(t, network)
		person.get(a.url + "&" + url.Values{"login_hint": {address}}.Encode())
		first := mailTo(t, network, address)
		person.post(a, "resend", "", "")
		second := mailTo(t, network, address)
		if second.Count != 2 || second.Code == first.Code {
			t.Errorf("the second mail is %+v, the first %+v", second, first)
		}
		if status, body := person.post(a, "code", "code", first.Code); status != http.StatusBadRequest || !strings.Contains(body, "Tries left: 4.") {
			t.Errorf("the first code: %d %s", status, body)
		}
		if status, _ := person.post(a, "ping", "", ""); status != http.StatusNoContent {
			t.Errorf("a page that is still open: %d", status)
		}
		if status, body := person.post(a, "code", "code", second.Code); !strings.Contains(body, `id="handle"`) {
			t.Errorf("the second code: %d %s", status, body)
		}
		person.origin = network.EmailProvider
		if status, _ := person.post(a, "resend", "", ""); status != http.StatusForbidden {
			t.Errorf("a form of another origin: %d", status)
		}
	})

	t.Run("unknown request", func(t *testing.T) {
		t.Parallel()
		endpoint := authorizationEndpoint(t, protocol, network)
		for _, query := range []string{"", "?client_id=http%3A%2F%2Flocalhost&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Areq-0"} {
			if status, body := newForms(t, network).get(endpoint + query); status != http.StatusBadRequest || !strings.Contains(body, "has ended") {
				t.Errorf("%q: %d %s", query, status, body)
			}
		}
	})

	t.Run("the same URL twice", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		query := url.Values{"login_hint": {"twice@example.org"}}
		a.visit(t, query, Browser{Email: "twice@example.org", Action: Leave})
		first := mailTo(t, network, "twice@example.org")
		a.visit(t, query, Browser{Email: "twice@example.org"})
		if second := mailTo(t, network, "twice@example.org"); second != first || second.Count != 1 {
			t.Errorf("the second mail is %+v, the first %+v", second, first)
		}
		a.finish(t)
	})

	t.Run("email in the pushed request", func(t *testing.T) {
		t.Parallel()
		_, refusal := newCallback(t).push(t, network.EmailProvider, url.Values{"login_hint": {"someone@example.org"}})
		if !strings.HasPrefix(refusal, "invalid_request: Invalid login_hint") {
			t.Errorf("the answer is %q", refusal)
		}
	})

	t.Run("handle with @ on the URL", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		pages := a.visit(t, url.Values{"login_hint": {"@newcomer.mail.test"}}, Browser{Email: "at@example.org", Action: Leave})
		if !strings.Contains(pages.Email.Text, "not an email address") {
			t.Errorf("the pages are %+v", pages)
		}
	})

	t.Run("wrong codes", func(t *testing.T) {
		t.Parallel()
		shots := shotsDir(t)
		a := begin(t, network, protocol, "")
		query := url.Values{"login_hint": {"wrong@example.org"}, "epds_handle_mode": {"random"}}
		pages := a.visit(t, query, Browser{Email: "wrong@example.org", WrongCodes: 5, Shots: shots})
		if !strings.Contains(pages.Code.Text, "Tries left: 1.") || !strings.Contains(pages.Ended.Text, "Too many wrong codes") {
			t.Errorf("after five wrong codes the pages are %+v", pages)
		}
		if pages := a.visit(t, query, Browser{Email: "wrong@example.org"}); pages.Ended == (Page{}) {
			t.Errorf("the dead request leads to %+v", pages)
		}
		if len(a.queries) != 0 {
			t.Errorf("the program heard of it: %v", <-a.queries)
		}
		if mail := mailTo(t, network, "wrong@example.org"); mail.Count != 1 {
			t.Errorf("%d mails have come", mail.Count)
		}

		b := begin(t, network, protocol, "")
		b.visit(t, query, Browser{Email: "wrong@example.org", WrongCodes: 4})
		b.finish(t)
	})

	t.Run("denial", func(t *testing.T) {
		t.Parallel()
		a := begin(t, network, protocol, "")
		a.visit(t, url.Values{"login_hint": {"denial@example.org"}, "epds_handle_mode": {"random"}},
			Browser{Email: "denial@example.org", Action: Deny})
		got := a.query(t)
		if got.Get("error") != "access_denied" || got.Get("state") != string(a.request.State) || got.Get("iss") != network.EmailProvider {
			t.Errorf("the callback got %v", got)
		}
	})

	t.Run("no mail", func(t *testing.T) {
		t.Parallel()
		if _, err := network.Mail(t.Context(), "nobody@example.org"); !errors.Is(err, ErrNoMail) {
			t.Errorf("the mail to nobody: %v", err)
		}
	})
}

// The rest of what the scripts do has no way in from outside: time that passes, and clients with an https id.
func TestEmailScripts(t *testing.T) {
	t.Parallel()
	node, err := findNode()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), node.binary(), "--test", node.script(filepath.Join("email", "email.test.mjs"))).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEmailSession(t *testing.T) {
	t.Parallel()
	network := MustStartEmail(t)
	protocol := newProtocol(t, network)
	shots := shotsDir(t)
	profile := t.TempDir()
	const one, two = "one@example.org", "two@example.org"
	person := func(address string) Browser {
		return Browser{Email: address, Profile: profile, Shots: filepath.Join(shots, rand.Text())}
	}
	signIn := func(query url.Values, person Browser) (Pages, syntax.DID) {
		t.Helper()
		a := begin(t, network, protocol, "")
		pages := a.visit(t, query, person)
		return pages, a.finish(t).DID
	}
	_, first := signIn(url.Values{"login_hint": {one}, "epds_handle_mode": {"random"}}, person(one))

	pages, did := signIn(url.Values{"login_hint": {strings.ToUpper(one)}}, person(one))
	if !strings.Contains(pages.Chooser.Text, one) || pages.Code != (Page{}) || did != first {
		t.Errorf("with a session: %s, pages %+v", did, pages)
	}
	pages, did = signIn(url.Values{"login_hint": {one}, "prompt": {"login"}}, person(one))
	if pages.Chooser != (Page{}) || pages.Code == (Page{}) || did != first {
		t.Errorf("with prompt=login on the URL: %s, pages %+v", did, pages)
	}
	pages, second := signIn(url.Values{"login_hint": {one}}, person(two))
	if pages.Chooser == (Page{}) || pages.Email == (Page{}) || pages.Code == (Page{}) || second == first {
		t.Errorf("with another account: %s, pages %+v", second, pages)
	}
	pages, did = signIn(nil, person(two))
	if !strings.Contains(pages.Chooser.Text, one) || !strings.Contains(pages.Chooser.Text, two) || did != second {
		t.Errorf("with two sessions and no hint: %s, pages %+v", did, pages)
	}
	if one, two := mailTo(t, network, one), mailTo(t, network, two); one.Count != 2 || two.Count != 1 {
		t.Errorf("%d and %d mails have come, want 2 and 1", one.Count, two.Count)
	}

	query, refusal := newCallback(t).push(t, network.EmailProvider, url.Values{"prompt": {"login"}})
	if refusal != "" {
		t.Fatal(refusal)
	}
	query.Set("login_hint", one)
	visitor := person(one)
	visitor.Action, visitor.Mail = Leave, network.MailBox
	pages, err := visitor.Visit(t.Context(), authorizationEndpoint(t, protocol, network)+"?"+query.Encode())
	if err != nil || pages.Chooser == (Page{}) {
		t.Errorf("with prompt=login in the pushed request: %v, pages %+v", err, pages)
	}

	// The session is the provider's: another program's browser visit to the other PDS leaves it alone.
	other := newCallback(t)
	alice := network.Accounts[0]
	if _, err := (Browser{Password: alice.Password, Profile: profile}).
		Visit(t.Context(), other.authorizationURL(t, network, alice.Handle)); err != nil {
		t.Fatal(err)
	}

	if err := network.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	pages, did = signIn(url.Values{"login_hint": {one}}, person(one))
	if pages.Chooser == (Page{}) || did != first {
		t.Errorf("after a restart: %s, pages %+v", did, pages)
	}
}

// attempt is a sign-in of a throw-away program.
type attempt struct {
	callback
	network  *Network
	protocol *oauth.Client
	keys     latchkey.Keys
	request  latchkey.AuthorizationRequest
	url      string
}

func begin(t *testing.T, network *Network, protocol *oauth.Client, hint string) *attempt {
	t.Helper()
	return beginAt(t, network, protocol, network.EmailProvider, hint)
}

func beginAt(t *testing.T, network *Network, protocol *oauth.Client, origin, hint string) *attempt {
	t.Helper()
	a := &attempt{callback: newCallback(t), network: network, protocol: protocol}
	server, err := protocol.Discover(t.Context(), origin)
	if err != nil {
		t.Fatal(err)
	}
	if a.keys, err = protocol.NewKeys(); err != nil {
		t.Fatal(err)
	}
	a.request = latchkey.AuthorizationRequest{
		Server:      server,
		ClientID:    "http://localhost?" + url.Values{"redirect_uri": {"http://127.0.0.1/callback"}, "scope": {"atproto"}}.Encode(),
		RedirectURI: a.URL + "/callback",
		Scopes:      []string{"atproto"},
		LoginHint:   hint,
		State:       latchkey.Secret(rand.Text()),
		Verifier:    latchkey.Secret(rand.Text() + rand.Text()),
	}
	pushed, err := protocol.Push(t.Context(), a.request, a.keys)
	if err != nil {
		t.Fatal(err)
	}
	a.url = string(pushed)
	return a
}

// visit has the person visit the authorization URL, with these parameters added.
func (a *attempt) visit(t *testing.T, query url.Values, person Browser) Pages {
	t.Helper()
	person.Mail = a.network.MailBox
	if person.Shots == "" {
		person.Shots = t.TempDir()
	}
	pages, err := person.Visit(t.Context(), a.url+"&"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// finish takes the callback and exchanges its code.
func (a *attempt) finish(t *testing.T) latchkey.Session {
	t.Helper()
	got := a.query(t)
	if got.Get("state") != string(a.request.State) || got.Get("iss") != a.request.Server.Issuer {
		t.Errorf("the callback got %v", got)
	}
	grant, err := a.protocol.Exchange(t.Context(), a.request, a.keys, latchkey.Secret(got.Get("code")))
	if err != nil {
		t.Fatal(err)
	}
	return latchkey.Session{
		DID:                grant.Subject,
		ClientID:           a.request.ClientID,
		Issuer:             a.request.Server.Issuer,
		Server:             a.request.Server.Issuer, // all of ours are their own
		TokenEndpoint:      a.request.Server.TokenEndpoint,
		RevocationEndpoint: a.request.Server.RevocationEndpoint,
		Tokens:             grant.Tokens,
		AccessEnds:         grant.AccessEnds,
	}
}

// get answers the status of a request with the session's tokens.
func (a *attempt) get(t *testing.T, session latchkey.Session, method string) int {
	t.Helper()
	response, err := a.protocol.Do(t.Context(), session, a.keys, newRequest(t, http.MethodGet, session.Server+"/xrpc/"+method, nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// forms is a browser without scripts.
type forms struct {
	t      *testing.T
	client *http.Client
	auth   string // the auth origin
	origin string // where its forms come from
}

func newForms(t *testing.T, network *Network) *forms {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := url.Parse(authorizationEndpoint(t, newProtocol(t, network), network))
	if err != nil {
		t.Fatal(err)
	}
	auth := "http://" + endpoint.Host
	return &forms{t: t, client: &http.Client{Jar: jar}, auth: auth, origin: auth}
}

func (f *forms) get(url string) (status int, body string) {
	f.t.Helper()
	return f.do(newRequest(f.t, http.MethodGet, url, nil))
}

// post sends one of the forms of the auth origin.
func (f *forms) post(a *attempt, form, name, value string) (status int, body string) {
	f.t.Helper()
	input := url.Values{"request_uri": {requestURI(f.t, a)}, name: {value}}
	request := newRequest(f.t, http.MethodPost, f.auth+"/auth/"+form, strings.NewReader(input.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", f.origin)
	return f.do(request)
}

func (f *forms) do(request *http.Request) (status int, body string) {
	f.t.Helper()
	response, err := f.client.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func requestURI(t *testing.T, a *attempt) string {
	t.Helper()
	at, err := url.Parse(a.url)
	if err != nil {
		t.Fatal(err)
	}
	return at.Query().Get("request_uri")
}

func mailTo(t *testing.T, network *Network, address string) Mail {
	t.Helper()
	mail, err := network.Mail(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func authorizationEndpoint(t *testing.T, protocol *oauth.Client, network *Network) string {
	t.Helper()
	server, err := protocol.Discover(t.Context(), network.EmailProvider)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(server.AuthorizationEndpoint, network.EmailProvider) || server.Issuer != network.EmailProvider {
		t.Errorf("the provider's metadata are %+v", server)
	}
	return server.AuthorizationEndpoint
}

// handleOf asks the directory.
func handleOf(t *testing.T, network *Network, did syntax.DID) string {
	t.Helper()
	var document struct {
		AlsoKnownAs []string
		Service     []struct{ ServiceEndpoint string }
	}
	decode(t, send(t, newRequest(t, http.MethodGet, network.PLC+"/"+did.String(), nil)), &document)
	if len(document.AlsoKnownAs) != 1 || len(document.Service) != 1 || document.Service[0].ServiceEndpoint != network.EmailProvider {
		t.Fatalf("the DID document is %+v", document)
	}
	return strings.TrimPrefix(document.AlsoKnownAs[0], "at://")
}

// newProtocol speaks OAuth as the program does.
func newProtocol(t *testing.T, network *Network) *oauth.Client {
	t.Helper()
	return oauth.New(newClient(t, network))
}

// newClient makes the program's HTTP client, with the exceptions of the network file.
func newClient(t *testing.T, network *Network) *safehttp.Client {
	t.Helper()
	data, err := os.ReadFile(network.NetworkFile())
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Resolve   map[string]string `json:"resolve"`
		PlainHTTP []string          `json:"plain_http"`
	}
	decode(t, string(data), &file)
	plc, err := url.Parse(network.PLC)
	if err != nil {
		t.Fatal(err)
	}
	exceptions := safehttp.Exceptions{Resolve: map[string]safehttp.Target{}, PlainHTTP: map[string]bool{plc.Host: true}}
	for name, address := range file.Resolve {
		address, plain := strings.CutPrefix(address, "http://")
		exceptions.Resolve[name+":443"] = safehttp.Target{Address: address, Plain: plain}
	}
	for _, authority := range file.PlainHTTP {
		exceptions.PlainHTTP[authority] = true
	}
	client := safehttp.New(exceptions, "devnet-test")
	t.Cleanup(client.Close)
	return client
}

// shotsDir keeps the screenshots of a test where DEVNET_TEST_SHOTS says, for a look at them.
func shotsDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DEVNET_TEST_SHOTS"); dir != "" {
		return filepath.Join(dir, filepath.FromSlash(t.Name()))
	}
	return t.TempDir()
}
