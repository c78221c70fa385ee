package main

import (
	"os"
	"strings"
	"testing"

	"latchkey/backend/config"
)

// A build that can't use a private network says so where one is named, and does its work all the same; the help of
// one that can says how.
func TestPrivateNetworkIsNotIgnored(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	plain := h.run(t, "version")
	file := h.path("network.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(h.run(t, "--help").out, config.Variable(config.NetworkFile)) != config.Development {
		t.Error("development builds, and no others, name the variable in their help")
	}
	h.environment = append(h.environment, config.Variable(config.NetworkFile)+"="+file)
	got := h.run(t, "version")
	if got.status != 0 || got.out != plain.out || plain.err != "" {
		t.Errorf("without the variable %+v, with it %+v", plain, got)
	}
	if want := "latchkey: " + config.Variable(config.NetworkFile) + " is set, but "; strings.HasPrefix(got.err, want) == config.Development || strings.Count(got.err, "\n") > 1 {
		t.Errorf("it says %q", got.err)
	}
}
