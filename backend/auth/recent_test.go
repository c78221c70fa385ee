package auth

import (
	"fmt"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// The tests of this file do not run in parallel: one that waits for its turn would be counted among the
// goroutines of the package (TestCloseLeavesNothingRunning).

func TestRecent(t *testing.T) {
	var r recent
	now := time.Now()
	alice := latchkey.Identifier{Account: "alice.example.net"}
	r.keep(alice, found{as: latchkey.AuthorizationServer{Issuer: "https://pds.example.net"}}, 0, now)
	for name, test := range map[string]struct {
		id   latchkey.Identifier
		at   time.Time
		want bool
	}{
		"at once":            {alice, now, true},
		"just in time":       {alice, now.Add(recentLife - 1), true},
		"too late":           {alice, now.Add(recentLife), false},
		"clock was set back": {alice, now.Add(-time.Second), false},
		"somebody else":      {latchkey.Identifier{Account: "bob.example.net"}, now, false},
		"by its server":      {latchkey.Identifier{Server: "https://alice.example.net"}, now, false},
	} {
		if _, known := r.get(test.id, test.at); known != test.want {
			t.Errorf("%s: %v", name, known)
		}
	}
	// A computer that slept: its clock on the wall went on, the one that runs did not.
	if younger(now.Round(0), now.Add(recentLife), recentLife) {
		t.Error("kept while the computer slept")
	}
	r.purge()
	if _, known := r.get(alice, now); known {
		t.Error("kept after it was forgotten")
	}
	r.keep(alice, found{}, 0, now)
	if _, known := r.get(alice, now); known {
		t.Error("kept although it was asked for before all was forgotten")
	}
}

func TestRecentIsBounded(t *testing.T) {
	var r recent
	now := time.Now()
	id := func(i int) latchkey.Identifier {
		return latchkey.Identifier{Server: fmt.Sprintf("https://%d.example.net", i)}
	}
	for i := range recentMost + 1 {
		r.keep(id(i), found{}, 0, now.Add(time.Duration(i)))
	}
	_, oldest := r.get(id(0), now.Add(time.Second))
	_, next := r.get(id(1), now.Add(time.Second))
	if oldest || !next || len(r.entries) != recentMost {
		t.Errorf("oldest %v, next %v, %d kept", oldest, next, len(r.entries))
	}
}

func TestSkeleton(t *testing.T) {
	for _, pair := range [][2]string{
		{"alice.example.net", "a1ice.example.net"}, {"alice.example.net", "aIice.example.net"}, {"mona.example.net", "rnona.example.net"},
		{"bob.example.net", "b0b.example.net"}, {"alice.example.net", "ali-ce.example.net"}, {"wendy.test", "vvendy.test"},
	} {
		if skeleton(pair[0]) != skeleton(pair[1]) {
			t.Errorf("%s and %s are told apart", pair[0], pair[1])
		}
	}
	if skeleton("alice.example.net") == skeleton("alina.example.net") {
		t.Error("others are taken for each other")
	}
}
