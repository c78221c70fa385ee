package clientid

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestHandOn(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"code=c&iss=https%3A%2F%2Fpds.acme.com&state=49152.ABC": "http://127.0.0.1:49152/callback?code=c&iss=https%3A%2F%2Fpds.acme.com&state=49152.ABC",
		"error=access_denied&state=1024.A":                      "http://127.0.0.1:1024/callback?error=access_denied&state=1024.A",
		"state=65535.A":                                         "http://127.0.0.1:65535/callback?state=65535.A",
		"state=1024.A%0D%0ALocation:x":                          "http://127.0.0.1:1024/callback?state=1024.A%0D%0ALocation%3Ax",
		"":                                                      "",
		"state=":                                                "",
		"state=ABC":                                             "",
		"state=80.A":                                            "",
		"state=1023.A":                                          "",
		"state=65536.A":                                         "",
		"state=099999.A":                                        "",
		"state=49152":                                           "",
		"state=49152@evil.example.":                             "",
		"state=4915%2e2":                                        "http://127.0.0.1:4915/callback?state=4915.2",
		"state=evil.example":                                    "",
		"state=49152.A&state=49153.B":                           "",
		"state=49152.A;b":                                       "",
	} {
		got, ok := HandOn(query)
		if got != want || ok != (want != "") {
			t.Errorf("%s leads to %q, want %q", query, got, want)
		}
		if u, err := url.Parse(got); ok && (err != nil || u.Hostname() != "127.0.0.1" || u.Path != "/callback" || strings.ContainsAny(got, "\r\n")) {
			t.Errorf("%s leads to %q", query, got)
		}
	}
}

// The page allows its own script and style, says so before they come, and shows a name as text.
func TestHandOnPage(t *testing.T) {
	t.Parallel()
	data, err := HandOnPage(`Acme <b> & "Notes"`)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	policy := strings.Index(page, "Content-Security-Policy")
	for _, tag := range []string{"script", "style"} {
		found := regexp.MustCompile(`(?s)<` + tag + `>(.*)</` + tag + `>`).FindStringSubmatchIndex(page)
		if found == nil || policy < 0 || found[0] < policy {
			t.Fatalf("no %s behind the policy", tag)
		}
		if hash := strings.NewReplacer("+", "&#43;").Replace(sourceHash(page[found[2]:found[3]])); !strings.Contains(strings.ReplaceAll(page, "&#39;", "'"), tag+"-src "+hash) {
			t.Errorf("the policy has not the %s of the page: %s", tag, page[:found[2]])
		}
	}
	if strings.Contains(page, "<b>") || !strings.Contains(page, "Acme &lt;b&gt;") || !strings.Contains(page, `<meta name="referrer" content="no-referrer">`) {
		t.Error(page)
	}
}
