package clientid

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
)

// A product with a key may not redirect to this computer (see the rule redirect_loopback), so the browser ends on an
// https page of the product's, which hands it on to the listener. The state says on which port that is:
// PORT.RANDOM.
//
// It is safe to send a browser where the state says, because the state says no more than a port of the browser's own
// computer: the host, the path and the scheme are fixed. The listener there takes nothing but the one state that it
// gave out itself, and what the page passes on is of no use to anybody else: the code is bound to a PKCE verifier
// and to a DPoP key which never left the app, and to the product's own key.
var statePort = regexp.MustCompile(`^([1-9][0-9]{3,4})\.`)

// HandOn answers where the page sends a browser that came with this query (without the question mark); false when the
// query names no port that a program of a person can listen on (1024 to 65535).
func HandOn(query string) (address string, ok bool) {
	values, err := url.ParseQuery(query)
	if err != nil || len(values["state"]) != 1 {
		return "", false
	}
	found := statePort.FindStringSubmatch(values.Get("state"))
	if found == nil {
		return "", false
	}
	if port, err := strconv.Atoi(found[1]); err != nil || port < 1024 || port > 65535 {
		return "", false
	}
	return "http://127.0.0.1:" + found[1] + "/callback?" + values.Encode(), true
}

//go:embed handon.html
var handOnMarkup string

//go:embed handon.js
var handOnScript string

//go:embed handon.css
var handOnStyle string

var handOnPage = template.Must(template.New("hand-on").Parse(handOnMarkup))

// HandOnPage is the page for a host that serves files only: its script does what [HandOn] does. A server that
// redirects by itself shows it where HandOn answers false. It allows nothing but its own script and style.
func HandOnPage(product string) ([]byte, error) {
	var out bytes.Buffer
	err := handOnPage.Execute(&out, map[string]any{
		"Product": product,
		"Policy":  "default-src 'none'; script-src " + sourceHash(handOnScript) + "; style-src " + sourceHash(handOnStyle) + "; base-uri 'none'; form-action 'none'",
		"Script":  template.JS(handOnScript), // #nosec G203 -- embedded, not input
		"Style":   template.CSS(handOnStyle), // #nosec G203 -- embedded, not input
	})
	if err != nil {
		return nil, fmt.Errorf("hand-on page: %w", err)
	}
	return out.Bytes(), nil
}

func sourceHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
