package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bluesky-social/indigo/atproto/atclient"

	latchkey "latchkey/backend"
)

// What arrives at a server is what counts.
func TestNewRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		post bool
		want string // method, path and query, content type, body
	}{
		{"query", []string{"com.atproto.server.getSession"}, false, "GET /xrpc/com.atproto.server.getSession  "},
		{"values", []string{"com.example.x", "b=2", "a=1"}, false, "GET /xrpc/com.example.x?a=1&b=2  "},
		{"a list", []string{"com.example.x", "uris=a", "uris=b"}, false, "GET /xrpc/com.example.x?uris=a&uris=b  "},
		{"JSON values", []string{"com.example.x", "limit=:5", "active=:true"}, false, "GET /xrpc/com.example.x?active=true&limit=5  "},
		{"signs", []string{"com.example.x", "q=a=b&c d+é"}, false, "GET /xrpc/com.example.x?q=a%3Db%26c+d%2B%C3%A9  "},
		{"empty value", []string{"com.example.x", "q="}, false, "GET /xrpc/com.example.x?q=  "},
		{"a DID", []string{"com.example.x", "repo=did:plc:x"}, false, "GET /xrpc/com.example.x?repo=did%3Aplc%3Ax  "},

		{"procedure", []string{"com.example.x"}, true, "POST /xrpc/com.example.x  "},
		{"text", []string{"com.example.x", "a=1", "b=x y"}, true, `POST /xrpc/com.example.x application/json {"a":"1","b":"x y"}`},
		{"numbers and flags", []string{"com.example.x", "a=:1", "b=:true", "c=:null"}, true, `POST /xrpc/com.example.x application/json {"a":1,"b":true,"c":null}`},
		{"large numbers", []string{"com.example.x", "a=:9007199254740993"}, true, `POST /xrpc/com.example.x application/json {"a":9007199254740993}`},
		{"objects", []string{"com.example.x", `a=:{"b":["c",{"d":2}]}`}, true, `POST /xrpc/com.example.x application/json {"a":{"b":["c",{"d":2}]}}`},
		{"a mention", []string{"com.example.x", "text=@alice.test hello"}, true, `POST /xrpc/com.example.x application/json {"text":"@alice.test hello"}`},
		{"a file's name as JSON", []string{"com.example.x", `text=:"@api_test.go"`}, true, `POST /xrpc/com.example.x application/json {"text":"@api_test.go"}`},
		{"a file's name in a query", []string{"com.example.x", "q=@api_test.go"}, false, "GET /xrpc/com.example.x?q=%40api_test.go  "},
		{"text with signs", []string{"com.example.x", `a=x=y"z`}, true, `POST /xrpc/com.example.x application/json {"a":"x=y\"z"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Content-Type"), body)
			}))
			defer server.Close()
			req, err := newRequest(tt.args, tt.post)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := call(t.Context(), atclient.NewAPIClient(server.URL), req, &printer{out: &out}); err != nil || out.String() != tt.want {
				t.Errorf("got %q, %v; want %q", out.String(), err, tt.want)
			}
		})
	}
}

// Files can't be sent yet, which is said before anything else is: their names would arrive instead.
func TestNoFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"a blob":              {[]string{"com.atproto.repo.uploadBlob", "file=@api_test.go"}, "com.atproto.repo.uploadBlob takes a file"},
		"a blob that is not":  {[]string{"com.atproto.repo.uploadBlob", "file=@missing.png"}, "com.atproto.repo.uploadBlob takes a file"},
		"a blob without text": {[]string{"com.atproto.repo.uploadBlob"}, "com.atproto.repo.uploadBlob takes a file"},
		"a repository":        {[]string{"com.atproto.repo.importRepo", "car=@x"}, "com.atproto.repo.importRepo takes a file"},
		"elsewhere":           {[]string{"com.example.x", "file=@api_test.go"}, `write it as JSON: 'file=:"@api_test.go"'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := newRoot(&printer{out: io.Discard, err: io.Discard})
			root.SetArgs(append([]string{"api", "--post"}, test.args...))
			err := root.ExecuteContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || exitStatus(err) != statusUsage {
				t.Errorf("got %v, status %d; want status %d and %q", err, exitStatus(err), statusUsage, test.want)
			}
		})
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		kind   string
		body   string
		out    string
		code   latchkey.Code
	}{
		{"JSON", 200, "application/json", `{"a":1}`, "{\"a\":1}\n", ""},
		{"JSON with a charset", 200, "application/json; charset=utf-8", `{"a":1}`, "{\"a\":1}\n", ""},
		{"something else", 200, "application/vnd.ipld.car", "\x00\x01", "\x00\x01", ""},
		{"nothing", 204, "", "", "", ""},
		{"a refusal", 400, "application/json", `{"error":"InvalidRequest"}`, "{\"error\":\"InvalidRequest\"}\n", latchkey.RequestRefused},
		{"an outage", 503, "text/plain", "busy", "busy", latchkey.RequestRefused},
		{"a redirect", 304, "", "", "", latchkey.RequestRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tt.kind != "" {
					w.Header().Set("Content-Type", tt.kind)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			req, err := newRequest([]string{"com.example.x"}, false)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = call(t.Context(), atclient.NewAPIClient(server.URL), req, &printer{out: &out})
			if out.String() != tt.out || latchkey.CodeOf(err) != tt.code {
				t.Errorf("got %q, %v", out.String(), err)
			}
		})
	}
	t.Run("an answer that breaks off", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}))
		defer server.Close()
		req, err := newRequest([]string{"com.example.x"}, false)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := call(t.Context(), atclient.NewAPIClient(server.URL), req, &printer{out: &out}); latchkey.CodeOf(err) != latchkey.ServerUnreachable {
			t.Errorf("got %q, %v", out.String(), err)
		}
	})
}
