package app

import (
	_ "embed" // for what is below
	"net/http"
)

//go:embed brand.css
var brandStyle string

// brand serves what the page has of the brand, in front of the page's own files: the style sheet with the accent, which
// the page waits for, and the mark that it names.
func (a *App) brand(next http.Handler) http.Handler {
	served := map[string]struct{ kind, text string }{
		"/brand.css": {"text/css; charset=utf-8", a.config.Brand.Accent.Fill(brandStyle)},
		"/mark.svg":  {"image/svg+xml", a.config.Mark},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ours := served[r.URL.Path]
		if !ours {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", file.kind)
		_, _ = w.Write([]byte(file.text)) // a page that went away misses it, nothing else
	})
}
