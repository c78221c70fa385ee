package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"
)

// keySet is a JSON Web Key Set, with all that may stand in it.
type keySet struct {
	Keys []map[string]string `json:"keys"`
}

func readKeySet(t *testing.T, text string) keySet {
	t.Helper()
	var set keySet
	must(t, json.Unmarshal([]byte(text), &set))
	for _, k := range set.Keys {
		if len(k) != 7 || k["kty"] != "EC" || k["crv"] != "P-256" || k["alg"] != "ES256" || k["use"] != "sig" || len(k["x"]) != 43 || len(k["y"]) != 43 || k["kid"] == "" {
			t.Errorf("a key that is not one, or not public: %v", k)
		}
	}
	return set
}

func TestClientKey(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	file, another := h.path("key.json"), h.path("another.json")
	made := h.run(t, "client-key", "generate", "--out", file)
	if made.status != 0 || !strings.Contains(made.err, file) || strings.Contains(made.out+made.err, `"d"`) {
		t.Fatalf("got %+v", made)
	}
	set := readKeySet(t, made.out)
	data, err := os.ReadFile(file) // #nosec G304 -- of this test
	must(t, err)
	var private map[string]string
	must(t, json.Unmarshal(data, &private))
	if len(set.Keys) != 1 || private["kid"] != set.Keys[0]["kid"] || private["d"] == "" || strings.Contains(made.out+made.err, private["d"]) {
		t.Errorf("the file has %s, and %+v was printed", data, made)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	// What is there is never overwritten.
	again := h.run(t, "client-key", "generate", "--out", file)
	if now, err := os.ReadFile(file); again.status != 1 || again.out != "" || !strings.Contains(again.err, file+": is there already") || err != nil || string(now) != string(data) { // #nosec G304 -- of this test
		t.Errorf("got %+v, %v", again, err)
	}
	if got := h.run(t, "client-key", "generate", "--out", h.path("no/such/key.json")); got.status != 1 || !strings.Contains(got.err, "can't be made") || strings.Count(got.err, "key.json") != 1 {
		t.Errorf("got %+v", got)
	}
	second := objects(t, h.run(t, "client-key", "generate", "--out", another, "--json").out)
	if len(second) != 1 || second[0]["event"] != "client_key_made" || second[0]["path"] != another {
		t.Fatalf("got %v", second)
	}

	one, both := h.run(t, "client-key", "jwks", file), h.run(t, "client-key", "jwks", file, another)
	if one.status != 0 || one.err != "" || one.out != made.out {
		t.Errorf("got %+v, want what generate printed", one)
	}
	if keys := readKeySet(t, both.out).Keys; len(keys) != 2 || keys[0]["kid"] != private["kid"] || keys[1]["kid"] == private["kid"] {
		t.Errorf("got %v", keys)
	}
	if lines := objects(t, h.run(t, "client-key", "jwks", file, "--json").out); len(lines) != 1 || lines[0]["keys"] == nil {
		t.Errorf("got %v", lines)
	}
	public := h.path("public.json")
	must(t, os.WriteFile(public, []byte(made.out), 0o600))
	for path, want := range map[string]string{public: "is a set of keys", h.path("none.json"): "can't be read", h.dir: "can't be read"} {
		if got := h.run(t, "client-key", "jwks", path); got.status != 1 || got.out != "" || !strings.Contains(got.err, "latchkey: config_invalid: "+path+": ") || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
