package hostile

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

// JSON answers with a JSON document.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that went away is not the server's business
}

// Refuse answers with an OAuth error response (RFC 6749 section 5.2).
func Refuse(w http.ResponseWriter, status int, code, description string) {
	JSON(w, status, map[string]string{"error": code, "error_description": description})
}

// Body is a handler that always answers the same.
func Body(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// Edit changes the successful JSON answers of a handler. Refusals pass unchanged.
func Edit(honest http.HandlerFunc, change func(answer map[string]any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		honest(recorded, r)
		maps.Copy(w.Header(), recorded.Header())
		var answer map[string]any
		if recorded.Code >= http.StatusMultipleChoices || json.Unmarshal(recorded.Body.Bytes(), &answer) != nil {
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(recorded.Body.Bytes())
			return
		}
		change(answer)
		JSON(w, recorded.Code, answer)
	}
}

// HangUp is a handler that reads the request and closes the connection instead of answering.
func HangUp(_ http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	panic(http.ErrAbortHandler)
}

func origin(r *http.Request) string { return "https://" + r.Host }

// HonestProtectedResource serves the document of a PDS (RFC 9728).
func (s *Server) HonestProtectedResource(w http.ResponseWriter, r *http.Request) {
	if o := origin(r); o == Other || (o != PDS && !s.isServer(o)) {
		http.NotFound(w, r)
		return
	}
	s.fields.RLock()
	issuer := s.Issuer
	s.fields.RUnlock()
	JSON(w, http.StatusOK, map[string]any{"resource": origin(r), "authorization_servers": []string{issuer}})
}

// isServer tells whether some DID document names this origin.
func (s *Server) isServer(origin string) bool {
	s.fields.RLock()
	defer s.fields.RUnlock()
	for _, i := range s.DIDs {
		if i.Server == origin {
			return true
		}
	}
	return false
}

// MetadataOf is the honest metadata of an issuer (RFC 8414), for tests to change.
func MetadataOf(issuer string) map[string]any {
	return map[string]any{
		"issuer":                                           issuer,
		"authorization_endpoint":                           issuer + "/oauth/authorize",
		"token_endpoint":                                   issuer + "/oauth/token",
		"pushed_authorization_request_endpoint":            issuer + "/oauth/par",
		"revocation_endpoint":                              issuer + "/oauth/revoke",
		"response_types_supported":                         []string{"code"},
		"grant_types_supported":                            []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":                 []string{"S256"},
		"token_endpoint_auth_methods_supported":            []string{"none", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"ES256"},
		"scopes_supported":                                 []string{"atproto", "transition:generic"},
		"authorization_response_iss_parameter_supported":   true,
		"require_pushed_authorization_requests":            true,
		"dpop_signing_alg_values_supported":                []string{"ES256"},
		"client_id_metadata_document_supported":            true,
	}
}

// HonestMetadata serves the metadata of the authorization server that was asked.
func (s *Server) HonestMetadata(w http.ResponseWriter, r *http.Request) {
	s.fields.RLock()
	issuer := s.Issuer
	s.fields.RUnlock()
	if origin(r) != issuer && origin(r) != Other {
		http.NotFound(w, r)
		return
	}
	JSON(w, http.StatusOK, MetadataOf(origin(r)))
}

// HonestDIDDocument serves DIDs, as the PLC directory and as hosts of did:web.
func (s *Server) HonestDIDDocument(w http.ResponseWriter, r *http.Request) {
	did := syntax.DID(strings.TrimPrefix(r.URL.Path, "/"))
	if r.URL.Path == "/.well-known/did.json" {
		did = syntax.DID("did:web:" + r.Host)
	}
	s.fields.RLock()
	identity, ok := s.DIDs[did]
	s.fields.RUnlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	JSON(w, http.StatusOK, DocumentOf(did, identity))
}

// DocumentOf is an honest DID document, for tests to change.
func DocumentOf(did syntax.DID, i Identity) map[string]any {
	return map[string]any{
		"id":          did,
		"alsoKnownAs": []string{"at://" + i.Handle.String()},
		"service": []map[string]string{
			{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": i.Server},
		},
	}
}

// HonestHandle serves /.well-known/atproto-did.
func (s *Server) HonestHandle(w http.ResponseWriter, r *http.Request) {
	s.fields.RLock()
	did, ok := s.Handles[syntax.Handle(r.Host)]
	s.fields.RUnlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	Body(http.StatusOK, "text/plain", did.String())(w, r)
}
