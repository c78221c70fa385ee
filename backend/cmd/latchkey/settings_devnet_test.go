//go:build devnet

package main

import (
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, "LATCHKEY_NETWROK=network.json")
	got := h.run(t, "whoami", "--json")
	lines := objects(t, got.out)
	if got.status != 1 || len(lines) != 1 || !strings.HasPrefix(got.err, "latchkey: config_invalid: environment: \"LATCHKEY_NETWROK\" ") {
		t.Fatalf("got %+v", got)
	}
	e := lines[0]["error"].(map[string]any)
	if lines[0]["event"] != "failed" || e["code"] != string(latchkey.ConfigInvalid) || !strings.Contains(e["message"].(string), "LATCHKEY_NETWORK") {
		t.Errorf("got %v", lines[0])
	}
}

// doctor says what is wrong with the settings, and what can be said without them.
func TestDoctorWithWrongSettings(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.environment = append(h.environment, "LATCHKEY_SCOPES=nonsense")
	_, findings, troubles := h.diagnose(t)
	mustBe(t, troubles, map[string]latchkey.Code{"config": latchkey.ConfigInvalid})
	if !strings.Contains(findings["config"], "LATCHKEY_SCOPES") || findings["listener"] == "" || findings["system"] == "" {
		t.Errorf("got %v", findings)
	}
}
