package app

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
)

// avatarPath is where the page finds pictures of accounts. They come this way rather than as data: URLs, so that
// a megabyte does not go through the bridge as text with every event, and so that the picture has headers
// of its own: should a web view ever take one for a document, nothing in it runs.
const avatarPath = "/avatar/"

// avatarOf is the address of a picture for the page, or empty. The CID makes it a new one when the picture
// changes; which picture is served, the service knows.
func avatarOf(did syntax.DID, profile latchkey.Profile) string {
	if profile.Avatar == "" {
		return ""
	}
	return avatarPath + url.PathEscape(did.String()) + "?" + url.QueryEscape(profile.Avatar)
}

// avatars serves pictures in front of the page's own files. The page names a DID and never an address:
// it gets pictures of accounts that were previewed, are signed in or were suggested last.
func (a *App) avatars(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		did, ours := strings.CutPrefix(r.URL.Path, avatarPath)
		pictureOf := (*auth.Service).Avatar
		if !ours {
			did, ours = strings.CutPrefix(r.URL.Path, suggestedPath)
			pictureOf = (*auth.Service).SuggestedAvatar
		}
		if !ours {
			next.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet {
			http.Error(w, "", http.StatusMethodNotAllowed)
			return
		}
		service, err := a.ready()
		if err != nil {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		picture, err := pictureOf(service, r.Context(), syntax.DID(did))
		if err != nil {
			http.Error(w, "", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", picture.Type)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Cache-Control", "no-store") // the service keeps it, as long as it is right
		_, _ = w.Write(picture.Data)
	})
}
