package wire

import (
	"context"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/sqlite"
)

// Of two programs that want to be alone the second waits until the first has ended; others share the data.
// hostile: 66
func TestAlone(t *testing.T) { // not parallel: it sets the environment
	cfg := newConfig(t)
	store, err := sqlite.Open(t.Context(), cfg.Paths.Database(), cfg.Paths.Locks())
	must(t, err)
	defer func() { must(t, store.Close()) }()
	window := Options{NoBrowser: true, Alone: true}
	wantOpen := func(want latchkey.Code) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // a lock that is free is had at once
		defer cancel()
		leave, err := beAlone(ctx, store, window)
		if got := latchkey.CodeOf(err); got != want {
			t.Errorf("to be alone: %q (%v), want %q", got, err, want)
		}
		if err == nil {
			leave()
		}
	}
	_, closeTerminal, err := New(t.Context(), cfg, Options{NoBrowser: true})
	must(t, err)
	wantOpen("")
	_, closeFirst, err := New(t.Context(), cfg, window)
	must(t, err)
	wantOpen(latchkey.AlreadyOpen)
	second := make(chan error, 1)
	var closeSecond func(context.Context) error
	go func() {
		var err error
		_, closeSecond, err = New(t.Context(), cfg, window)
		second <- err
	}()
	must(t, closeTerminal(t.Context()))
	must(t, closeFirst(t.Context()))
	must(t, <-second)
	wantOpen(latchkey.AlreadyOpen)
	must(t, closeSecond(t.Context()))
	wantOpen("")
}
