package assertion

import (
	"fmt"
	"testing"
	"time"
)

func TestNonces(t *testing.T) {
	t.Parallel()
	n, now := newNonces(), time.Unix(1_800_000_000, 0)
	nonce := n.make(now)
	flipped := []byte(nonce)
	flipped[3] ^= 1
	for text, want := range map[string]bool{nonce: true, n.make(now.Add(-fresh + time.Second)): true, n.make(now.Add(-fresh)): false, newNonces().make(now): false, "": false, nonce + "A": false, string(flipped): false, nonce[:20]: false} {
		if n.good(text, now) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

// A proof is remembered for as long as any nonce in it can be good, and not for ever.
func TestReplays(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for step := time.Second; step <= 2*fresh; step += 7 * time.Second {
		p := newReplays()
		p.first("before", now)
		at := now.Add(step) // anywhere in a generation
		if !p.first("one", at) || p.first("one", at) {
			t.Fatal("the first time is not told from the second")
		}
		for later := time.Duration(0); later < fresh; later += 10 * time.Second {
			if p.first("one", at.Add(later)) {
				t.Fatalf("forgotten %v after it was used, %v after another", later, step)
			}
		}
	}
	p := newReplays()
	p.most = 3
	for n := range 5 {
		if got := p.first(fmt.Sprint(n), now); got != (n < 3) {
			t.Errorf("proof %d: %v", n, got)
		}
	}
	if !p.first("0", now.Add(2*fresh)) || len(p.current)+len(p.last) != 1 {
		t.Errorf("%d and %d are remembered", len(p.current), len(p.last))
	}
}
