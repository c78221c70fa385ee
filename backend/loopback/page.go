package loopback

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"

	latchkey "latchkey/backend"
)

//go:embed page.css
var style string

//go:embed page.html
var markup string

var tmpl = template.Must(template.New("page").Parse(markup))

// contentSecurityPolicy allows the one style of the page, named by its hash, and nothing else.
var contentSecurityPolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// page is what the browser shows in the end.
type page struct {
	Product, Title string
	Name           string // of the account; it ends the title
	Reason         string // a sentence, where there is no account
	Style          template.CSS
}

func outcomePage(product string, account *latchkey.Account, reason *latchkey.Error) page {
	// #nosec G203 -- the style is embedded, not input
	p := page{Product: product, Style: template.CSS(style)}
	if reason != nil || account == nil {
		if reason == nil {
			reason = latchkey.NewError(latchkey.Internal, nil)
		}
		p.Title, p.Reason = "You are not signed in", reason.Message()
		return p
	}
	p.Title, p.Name = "You are signed in as", account.Name()
	return p
}

func (p page) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = tmpl.Execute(w, p) // a browser that went away misses its page, nothing else
}
