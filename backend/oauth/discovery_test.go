package oauth

import (
	"net/http"
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	const withPort = "https://pds.example.net:8443"
	for name, test := range map[string]struct {
		server string
		net    func(*hostile.Server)
		want   latchkey.AuthorizationServer
	}{
		"its own issuer":       {server: hostile.PDS, want: serverOf(hostile.PDS)},
		"with a slash":         {server: hostile.PDS + "/", want: serverOf(hostile.PDS)},
		"with a default port":  {server: hostile.PDS + ":443", want: serverOf(hostile.PDS)},
		"another issuer":       {server: hostile.PDS, net: func(n *hostile.Server) { n.Issuer = hostile.Other }, want: serverOf(hostile.Other)},
		"authorization server": {server: hostile.Other, want: alone(hostile.Other)},
		"authorization server that answers anything with a page": {
			server: hostile.PDS,
			net:    func(n *hostile.Server) { n.ProtectedResource = hostile.Body(200, "text/html", "<html>") },
			want:   alone(hostile.PDS),
		},
		"port": {
			server: withPort,
			net: func(n *hostile.Server) {
				n.Issuer = withPort
				n.DIDs[hostile.AliceDID] = hostile.Identity{Handle: hostile.AliceHandle, Server: withPort}
			},
			want: func() latchkey.AuthorizationServer { as := serverOf(withPort); as.Server = withPort; return as }(),
		},
		"approval on another origin": { // as an ePDS has it
			server: hostile.PDS,
			net:    metadata("authorization_endpoint", "https://auth.pds.example.net/oauth/authorize"),
			want: func() latchkey.AuthorizationServer {
				as := serverOf(hostile.PDS)
				as.AuthorizationEndpoint = "https://auth.pds.example.net/oauth/authorize"
				return as
			}(),
		},
		"no revocation": {
			server: hostile.PDS,
			net:    metadata("revocation_endpoint", nil),
			want: func() latchkey.AuthorizationServer {
				as := serverOf(hostile.PDS)
				as.RevocationEndpoint = ""
				return as
			}(),
		},
		"more than is needed": {server: hostile.PDS, net: metadata("dpop_signing_alg_values_supported", []string{"RS256", "ES256", "ES256K"}), want: serverOf(hostile.PDS)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			if test.net != nil {
				test.net(net)
			}
			got, err := newClient(t, net).Discover(t.Context(), test.server)
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

// alone is an authorization server that no PDS named.
func alone(issuer string) latchkey.AuthorizationServer {
	as := serverOf(issuer)
	as.Server = ""
	return as
}

// metadata changes a field of the authorization server's metadata; nil removes it.
func metadata(field string, value any) func(*hostile.Server) {
	return func(n *hostile.Server) {
		n.Metadata = hostile.Edit(n.HonestMetadata, func(doc map[string]any) { set(doc, field, value) })
	}
}

// resource changes a field of the protected-resource document; nil removes it.
func resource(field string, value any) func(*hostile.Server) {
	return func(n *hostile.Server) {
		n.ProtectedResource = hostile.Edit(n.HonestProtectedResource, func(doc map[string]any) { set(doc, field, value) })
	}
}

func set(doc map[string]any, field string, value any) {
	doc[field] = value
	if value == nil {
		delete(doc, field)
	}
}

func TestDiscoverRefuses(t *testing.T) {
	t.Parallel()
	type test struct {
		net  func(*hostile.Server)
		want latchkey.Code
	}
	tests := map[string]test{
		"another resource":     {resource("resource", hostile.Other), latchkey.ResponseInvalid},
		"no resource":          {resource("resource", nil), latchkey.ResponseInvalid},
		"two servers":          {resource("authorization_servers", []string{hostile.PDS, hostile.Other}), latchkey.ResponseInvalid},
		"no server":            {resource("authorization_servers", nil), latchkey.ResponseInvalid},
		"issuer with path":     {resource("authorization_servers", []string{hostile.PDS + "/as"}), latchkey.ResponseInvalid},          // hostile: 21
		"issuer with slash":    {resource("authorization_servers", []string{hostile.PDS + "/"}), latchkey.ResponseInvalid},            // hostile: 21
		"issuer with query":    {resource("authorization_servers", []string{hostile.PDS + "?a=b"}), latchkey.ResponseInvalid},         // hostile: 21
		"issuer default port":  {resource("authorization_servers", []string{hostile.PDS + ":443"}), latchkey.ResponseInvalid},         // hostile: 21
		"issuer without TLS":   {resource("authorization_servers", []string{"http://pds.example.net"}), latchkey.ResponseInvalid},     // hostile: 21
		"issuer with user":     {resource("authorization_servers", []string{"https://me@pds.example.net"}), latchkey.ResponseInvalid}, // hostile: 21
		"issuer in capitals":   {resource("authorization_servers", []string{"https://PDS.example.net"}), latchkey.ResponseInvalid},    // hostile: 21
		"says another issuer":  {metadata("issuer", hostile.Other), latchkey.IssuerMismatch},                                          // hostile: 21
		"says it with a slash": {metadata("issuer", hostile.PDS+"/"), latchkey.IssuerMismatch},                                        // hostile: 21
		"says it with a path":  {metadata("issuer", hostile.PDS+"/as"), latchkey.IssuerMismatch},                                      // hostile: 21
		"says no issuer":       {metadata("issuer", nil), latchkey.IssuerMismatch},                                                    // hostile: 21
		"other has none":       {func(n *hostile.Server) { n.Issuer = "https://www.example.org"; n.Metadata = http.NotFound }, latchkey.NotAnATProtoServer},

		// hostile: 24
		"no PAR demanded":       {metadata("require_pushed_authorization_requests", false), latchkey.ServerUnfit},
		"no PAR":                {metadata("pushed_authorization_request_endpoint", nil), latchkey.ServerUnfit},
		"no token endpoint":     {metadata("token_endpoint", nil), latchkey.ServerUnfit},
		"no page":               {metadata("authorization_endpoint", nil), latchkey.ServerUnfit},
		"no S256":               {metadata("code_challenge_methods_supported", []string{"plain"}), latchkey.ServerUnfit},
		"no iss":                {metadata("authorization_response_iss_parameter_supported", false), latchkey.ServerUnfit},
		"no word of iss":        {metadata("authorization_response_iss_parameter_supported", nil), latchkey.ServerUnfit},
		"no ES256":              {metadata("dpop_signing_alg_values_supported", []string{"RS256"}), latchkey.ServerUnfit},
		"unsigned proofs":       {metadata("dpop_signing_alg_values_supported", []string{"ES256", "none"}), latchkey.ServerUnfit},
		"no DPoP":               {metadata("dpop_signing_alg_values_supported", nil), latchkey.ServerUnfit},
		"no codes":              {metadata("response_types_supported", []string{"token"}), latchkey.ServerUnfit},
		"no refresh":            {metadata("grant_types_supported", []string{"authorization_code"}), latchkey.ServerUnfit},
		"no atproto":            {metadata("scopes_supported", []string{"openid"}), latchkey.ServerUnfit},
		"no public clients":     {metadata("token_endpoint_auth_methods_supported", []string{"private_key_jwt"}), latchkey.ServerUnfit},
		"no client documents":   {metadata("client_id_metadata_document_supported", false), latchkey.ServerUnfit},
		"unregistered requests": {metadata("require_request_uri_registration", false), latchkey.ServerUnfit},
	}
	// hostile: 22, 23
	for _, field := range []string{"authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint", "revocation_endpoint"} {
		for _, bad := range []string{
			"http://pds.example.net/x", "file:///etc/passwd", "javascript:alert(1)", "smb://pds.example.net/x", "https://me:you@pds.example.net/x",
			"https://pds.example.net/x#y", "https:///x", "https:pds.example.net", "//pds.example.net/x", "/oauth/x", "https://pds.example.net:x/", "x",
		} {
			tests[field+" "+bad] = test{metadata(field, bad), latchkey.ResponseInvalid}
		}
	}
	// hostile: 20
	deep := strings.Repeat("[", 200_000)
	for name, handler := range map[string]http.HandlerFunc{
		"list":         hostile.Body(200, "application/json", `[]`),
		"null":         hostile.Body(200, "application/json", `null`),
		"text":         hostile.Body(200, "application/json", `"issuer"`),
		"nothing":      hostile.Body(200, "application/json", ``),
		"deep":         hostile.Body(200, "application/json", deep),
		"deep inside":  hostile.Body(200, "application/json", `{"issuer":`+deep),
		"cut":          hostile.Body(200, "application/json", `{"issuer":"https://pds.exa`),
		"page":         hostile.Body(200, "text/html", `<html>`),
		"no type":      hostile.Body(200, "", `{}`),
		"strange type": hostile.Body(200, ";;;", `{}`),
		"gone":         hostile.Body(404, "text/plain", "gone"),
		"forbidden":    hostile.Body(403, "application/json", `{"error":"no"}`),
		"created":      hostile.Body(201, "application/json", `{}`),
	} {
		tests[name] = test{func(n *hostile.Server) { n.ProtectedResource, n.Metadata = handler, handler }, latchkey.NotAnATProtoServer}
		tests[name+", metadata alone"] = test{func(n *hostile.Server) { n.Metadata = handler }, latchkey.NotAnATProtoServer}
	}
	for name, handler := range map[string]struct {
		http.HandlerFunc
		want latchkey.Code
	}{
		"busy":      {hostile.Body(503, "text/plain", "later"), latchkey.ServerBusy},    // hostile: 32
		"too often": {hostile.Body(429, "application/json", `{}`), latchkey.ServerBusy}, // hostile: 32
		"broken":    {hostile.Body(500, "text/html", `<html>`), latchkey.ServerBusy},
		"hangs up":  {hostile.HangUp, latchkey.ServerUnreachable},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, hostile.Other+r.URL.Path, http.StatusFound)
		}, latchkey.ResponseInvalid}, // hostile: 18
		"huge": {hostile.Body(200, "application/json", `{"x":"`+strings.Repeat("a", 600<<10)), latchkey.ResponseInvalid}, // hostile: 19
	} {
		tests[name] = test{func(n *hostile.Server) { n.ProtectedResource = handler.HandlerFunc }, handler.want}
		tests[name+", metadata alone"] = test{func(n *hostile.Server) { n.Metadata = handler.HandlerFunc }, handler.want}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			net := hostile.New(t)
			test.net(net)
			_, err := newClient(t, net).Discover(t.Context(), hostile.PDS)
			mustCode(t, err, test.want)
			mustBeRefused(t, err)
		})
	}
}

func TestDiscoverTakesOriginsOnly(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	c := newClient(t, net)
	for _, address := range []string{"", "pds.example.net", "http://pds.example.net", hostile.PDS + "/path", hostile.PDS + "?", "file:///x", "https://u@pds.example.net"} {
		_, err := c.Discover(t.Context(), address)
		mustCode(t, err, latchkey.NotAnATProtoServer)
	}
	if all := net.AllRequests(); len(all) != 0 {
		t.Errorf("requests: %v", all)
	}
}

// Both documents are asked for at the same time: neither waits for the other.
func TestDiscoverAsksForBothAtOnce(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	first, second := make(chan struct{}), make(chan struct{})
	net.ProtectedResource = func(w http.ResponseWriter, r *http.Request) {
		close(first)
		<-second
		net.HonestProtectedResource(w, r)
	}
	net.Metadata = func(w http.ResponseWriter, r *http.Request) {
		close(second)
		<-first
		net.HonestMetadata(w, r)
	}
	if _, err := newClient(t, net).Discover(t.Context(), hostile.PDS); err != nil {
		t.Error(err)
	}
}
