package loopback

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	latchkey "latchkey/backend"
)

//go:embed page.css
var style string

//go:embed page.html
var markup string

var tmpl = template.Must(template.New("page").Parse(markup))

// look is what the page has of the brand.
type look struct {
	product, mark, style string
	policy               string // allows the one style of the page, named by its hash, and nothing else
}

func newLook(l Loopback) look {
	style := strings.NewReplacer("{{light}}", l.Light, "{{dark}}", l.Dark).Replace(style)
	sum := sha256.Sum256([]byte(style))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return look{l.Product, l.Mark, style, policy}
}

// page is what the browser shows in the end.
type page struct {
	Product, Title string
	Name           string // of the account; it ends the title
	Reason         string // a sentence, where there is no account
	Mark           template.HTML
	Style          template.CSS
}

func outcomePage(look look, account *latchkey.Account, reason *latchkey.Error) page {
	// #nosec G203 -- package config lets through nothing but shapes and colours
	p := page{Product: look.product, Mark: template.HTML(look.mark), Style: template.CSS(look.style)}
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
