//go:build devnet

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"latchkey/backend/config"
)

// The document that is printed, hosted as it is, passes the check; one that lags behind is shown to.
func TestClientMetadataCheck(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	var hosted atomic.Value // string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth-client-metadata.json" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = fmt.Fprint(w, hosted.Load())
	}))
	t.Cleanup(server.Close)
	network := fmt.Sprintf(`{"resolve": {"app.latchkey.internal": %q}, "dns": "off"}`, server.URL)
	must(t, os.WriteFile(h.path("network.json"), []byte(network), 0o600))
	const client = "https://app.latchkey.internal/oauth-client-metadata.json"
	h.environment = append(h.environment, config.Variable(config.NetworkFile)+"="+h.path("network.json"), config.Variable("SCOPES")+"=atproto")
	own := &home{dir: h.dir, environment: append([]string{config.Variable("CLIENT_ID") + "=" + client, config.Variable("NAME") + "=Another Name"}, h.environment...)}

	document := own.run(t, "client-metadata")
	if document.status != 0 || !strings.HasPrefix(document.out, "{\n  \"client_id\": \""+client+"\",\n  \"client_name\": \"Another Name\",\n") {
		t.Fatalf("got %+v", document)
	}
	hosted.Store(document.out)
	for _, args := range [][]string{{"check"}, {"check", client}, {"check", "--offline"}} {
		if got := own.run(t, append([]string{"client-metadata"}, args...)...); got != (outcome{out: " ok  Servers take it.\n"}) {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := own.run(t, "client-metadata", "check", "--json"); got != (outcome{}) {
		t.Errorf("as JSON: %+v", got)
	}
	// A build without an identity is told what it would need: this copy has another name only.
	got := h.run(t, "client-metadata", "check", client)
	if want := "  ?  hosted, client_name: The hosted copy has \"Another Name\", this build \"" + mustLoad(t).Brand.Name + "\".\n ok  Servers take it, with the warnings above.\n"; got != (outcome{out: want}) {
		t.Errorf("got %+v", got)
	}
	hosted.Store(strings.NewReplacer(`"atproto"`, `"atproto atproto"`, `"http://127.0.0.1/callback"`, `"http://127.0.0.1/back"`).Replace(document.out))
	got = own.run(t, "client-metadata", "check")
	for _, want := range []string{"  !  hosted, scope: ", "  !  hosted, redirect_uris: The hosted copy lacks what this build will use: \"http://127.0.0.1/callback\".", "  ?  hosted, redirect_uris: "} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in %q", want, got.out)
		}
	}
	if got.status != 1 || got.err != "" {
		t.Errorf("got %+v", got)
	}
	if got := own.run(t, "client-metadata", "check", "https://app.latchkey.internal/other.json"); got.status != 1 || !strings.Contains(got.out, "404") {
		t.Errorf("got %+v", got)
	}
}
