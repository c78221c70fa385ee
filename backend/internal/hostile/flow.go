package hostile

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bluesky-social/indigo/atproto/syntax"
)

type pushed struct {
	issuer string
	key    string
	form   url.Values
}

type code struct {
	pushed
	did syntax.DID
}

// session is what was granted. As on a real PDS, a refresh token works once, and using an old one
// ends the session.
type session struct {
	id              string
	did             syntax.DID
	issuer          string
	clientID, key   string
	scope           string
	access, refresh string
	spent           []string // refresh tokens
	ended           bool     // the access token
}

func (s *Server) next(kind string) string {
	s.serial++
	return fmt.Sprintf("%s-%d", kind, s.serial)
}

// form reads the form of a request. An empty field is a fault of the client.
func (s *Server) form(r *http.Request) url.Values {
	if t := r.Header.Get("Content-Type"); r.Method != http.MethodPost || t != "application/x-www-form-urlencoded" {
		s.tb.Errorf("%s %s with content type %q", r.Method, r.URL.Path, t)
	}
	if err := r.ParseForm(); err != nil {
		s.tb.Errorf("%s: %v", r.URL.Path, err)
	}
	for name, values := range r.PostForm {
		if len(values) != 1 || values[0] == "" {
			s.tb.Errorf("%s: field %s is empty or given twice", r.URL.Path, name)
		}
	}
	return r.PostForm
}

// SchemeRedirect is a redirect URI with a scheme of the product's own, which HonestPush takes too.
const SchemeRedirect = "com.example.app:/callback"

// HonestPush takes a pushed authorization request (RFC 9126).
func (s *Server) HonestPush(w http.ResponseWriter, r *http.Request) {
	form := s.form(r)
	p, ok := s.proven(w, r, false)
	if !ok {
		return
	}
	if form.Get("response_type") != "code" || form.Get("code_challenge_method") != "S256" ||
		len(form.Get("code_challenge")) != 43 || len(form.Get("state")) < 16 ||
		!slices.Contains(strings.Fields(form.Get("scope")), "atproto") || (form.Get("redirect_uri") != SchemeRedirect && !strings.HasPrefix(form.Get("redirect_uri"), "http://127.0.0.1:")) {
		s.tb.Errorf("unfit pushed request with the fields %v", slices.Sorted(maps.Keys(form)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	uri := "urn:ietf:params:oauth:request_uri:" + s.next("req")
	s.pushed[uri] = pushed{origin(r), p.Key, form}
	JSON(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": 300})
}

// HonestAuthorize is the page in the browser together with the person: it decides at once and
// sends the browser back.
func (s *Server) HonestAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	req, ok := s.pushed[q.Get("request_uri")]
	s.mu.Unlock()
	if !ok || q.Get("client_id") != req.form.Get("client_id") {
		http.Error(w, "no such request", http.StatusBadRequest)
		return
	}
	did, refusal := s.approve(req.form.Get("login_hint"))
	back := url.Values{"state": {req.form.Get("state")}, "iss": {req.issuer}}
	if refusal != "" {
		back.Set("error", refusal)
	} else {
		s.mu.Lock()
		c := s.next("code")
		s.codes[c] = code{req, did}
		s.mu.Unlock()
		back.Set("code", c)
	}
	http.Redirect(w, r, req.form.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (s *Server) approve(hint string) (syntax.DID, string) {
	s.fields.RLock()
	approve := s.Approve
	did, isHandle := s.Handles[syntax.Handle(hint)]
	s.fields.RUnlock()
	switch {
	case approve != nil:
		return approve(hint)
	case isHandle:
		return did, ""
	case hint != "":
		return syntax.DID(hint), ""
	}
	return AliceDID, ""
}

// HonestToken trades codes and refresh tokens.
func (s *Server) HonestToken(w http.ResponseWriter, r *http.Request) {
	form := s.form(r)
	p, ok := s.proven(w, r, false)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch form.Get("grant_type") {
	case "authorization_code":
		c, ok := s.codes[form.Get("code")]
		delete(s.codes, form.Get("code"))
		if !ok || c.key != p.Key || c.form.Get("client_id") != form.Get("client_id") ||
			c.form.Get("redirect_uri") != form.Get("redirect_uri") || c.form.Get("code_challenge") != hash(form.Get("code_verifier")) {
			Refuse(w, http.StatusBadRequest, "invalid_grant", "code")
			return
		}
		se := &session{id: s.next("session"), did: c.did, issuer: origin(r), clientID: form.Get("client_id"), key: p.Key, scope: c.form.Get("scope")}
		s.sessions[se.id] = se
		s.grant(w, se)
	case "refresh_token":
		se := s.sessionOf(form.Get("refresh_token"))
		if se == nil {
			Refuse(w, http.StatusBadRequest, "invalid_grant", "no such session")
			return
		}
		if se.refresh != form.Get("refresh_token") {
			s.replays++
			delete(s.sessions, se.id)
			Refuse(w, http.StatusBadRequest, "invalid_grant", "replayed")
			return
		}
		if se.key != p.Key || se.clientID != form.Get("client_id") {
			delete(s.sessions, se.id)
			Refuse(w, http.StatusBadRequest, "invalid_grant", "another client")
			return
		}
		se.spent = append(se.spent, se.refresh)
		s.grant(w, se)
	default:
		Refuse(w, http.StatusBadRequest, "unsupported_grant_type", "")
	}
}

func (s *Server) grant(w http.ResponseWriter, se *session) {
	se.access, se.refresh, se.ended = s.next("access"), s.next("refresh"), false
	JSON(w, http.StatusOK, map[string]any{
		"token_type": "DPoP", "access_token": se.access, "refresh_token": se.refresh,
		"sub": se.did, "scope": se.scope, "expires_in": int(tokenLifetime.Seconds()),
	})
}

// sessionOf finds the session of a refresh token, be it spent.
func (s *Server) sessionOf(refresh string) *session {
	for _, se := range s.sessions {
		if se.refresh == refresh || slices.Contains(se.spent, refresh) {
			return se
		}
	}
	return nil
}

// HonestRevoke ends the session of a refresh token (RFC 7009), if it is the newest one: a client must
// not rely on a server that remembers the others.
func (s *Server) HonestRevoke(w http.ResponseWriter, r *http.Request) {
	form := s.form(r)
	if _, ok := s.proven(w, r, false); !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if se := s.sessionOf(form.Get("token")); se != nil && se.refresh == form.Get("token") {
		delete(s.sessions, se.id)
	}
	JSON(w, http.StatusOK, map[string]any{})
}

// HonestXRPC answers any call of a session with its DID and the body that was sent.
func (s *Server) HonestXRPC(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.tb.Errorf("%s: %v", r.URL.Path, err)
	}
	p, ok := s.proven(w, r, true)
	if !ok {
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "DPoP ")
	if !ok || p.Ath != hash(token) {
		s.tb.Errorf("%s: the proof is for another token than the one sent", r.URL.Path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, se := range s.sessions {
		if se.access == token && se.key == p.Key && !se.ended {
			JSON(w, http.StatusOK, map[string]any{"did": se.did, "method": r.Method, "body": json.RawMessage(orNull(body))})
			return
		}
	}
	w.Header().Set("WWW-Authenticate", `DPoP error="invalid_token", error_description="ended"`)
	JSON(w, http.StatusUnauthorized, map[string]string{"error": "InvalidToken"})
}

func orNull(body []byte) []byte {
	if len(body) == 0 {
		return []byte("null")
	}
	return body
}

// EndAccess ends all access tokens, as time does.
func (s *Server) EndAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, se := range s.sessions {
		se.ended = true
	}
}

// EndSessions forgets all sessions: refresh tokens are answered with invalid_grant.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// Sessions lists the accounts of the sessions that are alive, sorted.
func (s *Server) Sessions() []syntax.DID {
	s.mu.Lock()
	defer s.mu.Unlock()
	dids := []syntax.DID{}
	for _, se := range s.sessions {
		dids = append(dids, se.did)
	}
	slices.Sort(dids)
	return dids
}

// Replays counts the refresh tokens that were used again. Each of them ended a session.
func (s *Server) Replays() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replays
}
