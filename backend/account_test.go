package latchkey

import (
	"strings"
	"testing"
	"time"
)

func TestEndsSoon(t *testing.T) {
	t.Parallel()
	ends := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		account Account
		now     time.Time
		want    bool
	}{
		"long before":             {Account{Status: Active, SessionEnds: ends}, ends.Add(-13 * 24 * time.Hour), false},
		"exactly 48 hours before": {Account{Status: Active, SessionEnds: ends}, ends.Add(-48 * time.Hour), false},
		"just less":               {Account{Status: Active, SessionEnds: ends}, ends.Add(-48*time.Hour + time.Nanosecond), true},
		"at the end":              {Account{Status: Active, SessionEnds: ends}, ends, true},
		"after the end":           {Account{Status: Active, SessionEnds: ends}, ends.Add(time.Hour), true},
		"end not known":           {Account{Status: Active}, ends, false},
		"needs a sign-in anyway":  {Account{Status: NeedsSignIn, Reason: SessionRejected, SessionEnds: ends}, ends, false},
	} {
		if got := test.account.EndsSoon(test.now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	if why := (Account{Status: Active, Reason: AccountMoved}).Why(); why != nil {
		t.Errorf("active: %v", why)
	}
	for name, test := range map[string]struct {
		account Account
		says    string
	}{
		"moved":            {Account{Status: NeedsSignIn, Reason: AccountMoved, Server: "https://new.example.com"}, "moved to new.example.com."},
		"moved, who knows": {Account{Status: NeedsSignIn, Reason: AccountMoved}, "moved to another server."},
		"rejected":         {Account{Status: NeedsSignIn, Reason: SessionRejected, Server: "https://new.example.com"}, SessionRejected.Sentence()},
	} {
		why := test.account.Why()
		if why == nil || why.Code != test.account.Reason || !strings.Contains(why.Message(), test.says) {
			t.Errorf("%s: %v", name, why)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	const did = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
	if name := (Account{DID: did, Handle: "alice.example.com"}).Name(); name != "alice.example.com" {
		t.Error(name)
	}
	if name := (Account{DID: did}).Name(); name != did {
		t.Error(name)
	}
}
