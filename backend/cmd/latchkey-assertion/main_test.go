package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/backend/clientauth"
)

const metadata = `{"client_id":"https://app.example.com/client.json","client_name":"Harbour Notes","redirect_uris":["https://app.example.com/callback"],` +
	`"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://app.example.com/jwks.json"}`

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// folder has the files of an honest server.
func folder(tb testing.TB) (metadataFile, keyFile string) {
	tb.Helper()
	dir := tb.TempDir()
	key, err := clientauth.Generate()
	must(tb, err)
	metadataFile, keyFile = filepath.Join(dir, "client.json"), filepath.Join(dir, "key.json")
	must(tb, os.WriteFile(metadataFile, []byte(metadata), 0o600))
	must(tb, os.WriteFile(keyFile, key, 0o600))
	return metadataFile, keyFile
}

// listening reads a log until it says where the server listens, and drains it from then on.
func listening(tb testing.TB, log io.Reader) (address string) {
	tb.Helper()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if found := regexp.MustCompile(`msg=listening on=(\S+)`).FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return found[1]
		}
	}
	tb.Fatal("the server does not listen")
	return ""
}

func get(tb testing.TB, address, path string) (status int, body string) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, "http://"+address+path, nil)
	must(tb, err)
	res, err := http.DefaultClient.Do(req)
	must(tb, err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	must(tb, err)
	return res.StatusCode, string(data)
}

// It serves until it is told to end.
func TestServe(t *testing.T) {
	t.Parallel()
	document, key := folder(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log, stderr := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"-listen", "127.0.0.1:0", "-metadata", document, "-key", key}, stderr)
		_ = stderr.Close()
	}()
	address := listening(t, log)
	if code, body := get(t, address, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get(t, address, "/client.json"); code != 200 || body != metadata {
		t.Errorf("%d %s", code, body)
	}
	if code, body := get(t, address, "/jwks.json"); code != 200 || strings.Contains(body, `"d"`) || !strings.Contains(body, `"kid"`) {
		t.Errorf("%d %s", code, body)
	}
	stop()
	if got := <-status; got != statusDone {
		t.Errorf("status %d", got)
	}
}

func TestWrongStart(t *testing.T) {
	t.Parallel()
	document, key := folder(t)
	dir := t.TempDir()
	public := filepath.Join(dir, "public.json")
	must(t, os.WriteFile(public, []byte(metadata), 0o600))
	large := filepath.Join(dir, "large.json")
	must(t, os.WriteFile(large, []byte(strings.Repeat(" ", maxFile+1)), 0o600))
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"nothing":       {nil, statusUsage, "-metadata and -key are needed"},
		"no key":        {[]string{"-metadata", document}, statusUsage, "-metadata and -key are needed"},
		"a word":        {[]string{"-metadata", document, "-key", key, "now"}, statusUsage, "flags only"},
		"no such flag":  {[]string{"-bogus"}, statusUsage, "-bogus"},
		"help":          {[]string{"-help"}, statusDone, "-address-header"},
		"no such file":  {[]string{"-metadata", document, "-key", key + "x"}, statusFailed, "key.jsonx"},
		"no document":   {[]string{"-metadata", document + "x", "-key", key}, statusFailed, "client.jsonx"},
		"a large one":   {[]string{"-metadata", large, "-key", key}, statusFailed, "large.json is too large"},
		"not a key":     {[]string{"-metadata", document, "-key", public}, statusFailed, "public.json has a key of another kind"},
		"the key twice": {[]string{"-metadata", document, "-key", key, "-key", key}, statusFailed, "two keys have the id"},
		"a taken port":  {[]string{"-metadata", document, "-key", key, "-listen", taken.Addr().String()}, statusFailed, "listen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			if got := run(t.Context(), c.args, &stderr); got != c.status || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("status %d, %s", got, stderr.String())
			}
		})
	}
}
