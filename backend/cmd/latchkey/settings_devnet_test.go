//go:build devnet

package main

import (
	"strings"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
)

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, config.Variable("NETWROK")+"=network.json")
	got := h.run(t, "whoami", "--json")
	lines := objects(t, got.out)
	if got.status != 1 || len(lines) != 1 || !strings.HasPrefix(got.err, "latchkey: config_invalid: environment: \""+config.Variable("NETWROK")+"\" ") {
		t.Fatalf("got %+v", got)
	}
	e := lines[0]["error"].(map[string]any)
	if lines[0]["event"] != "failed" || e["code"] != string(latchkey.ConfigInvalid) || !strings.Contains(e["message"].(string), config.Variable(config.NetworkFile)) {
		t.Errorf("got %v", lines[0])
	}
}

// doctor says what is wrong with the settings, and what can be said without them.
func TestDoctorWithWrongSettings(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, config.Variable("SCOPES")+"=nonsense")
	_, findings, troubles := h.diagnose(t)
	mustBe(t, troubles, map[string]latchkey.Code{"config": latchkey.ConfigInvalid})
	if !strings.Contains(findings["config"], config.Variable("SCOPES")) || findings["listener"] == "" || findings["system"] == "" {
		t.Errorf("got %v", findings)
	}
}
