package loopback

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// slow is a connection that has begun a request and does not go on.
func slow(t *testing.T, l *listener) net.Conn {
	t.Helper()
	conn := dial(t, l.host)
	if conn == nil {
		t.FailNow()
	}
	if _, err := io.WriteString(conn, "GET /callback?state="); err != nil {
		t.Fatal(err)
	}
	return conn
}

// isOpen looks without waiting.
func isOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// untilClosed waits until the listener ends a connection, which the header time makes it do.
func untilClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a slow connection is never ended")
	}
}

// hostile: 11
func TestSlowConnections(t *testing.T) {
	t.Parallel()
	const crowd = 200
	l := listen(t)
	conns := make([]net.Conn, crowd)
	for i := range conns {
		conns[i] = slow(t, l)
	}
	page := make(chan answer, 1)
	go func() { page <- send(t, l.host, genuine(l.host)) }()
	code, err := l.Wait(t.Context())
	if err != nil || string(code) != "real-code" {
		t.Errorf("delivered %q, %v", string(code), err)
	}
	open := 0
	for _, conn := range conns {
		if isOpen(conn) {
			open++
		}
	}
	if open != crowd {
		t.Errorf("%d of %d slow connections were still open when the real callback was served", open, crowd)
	}
	for _, conn := range conns {
		untilClosed(t, conn)
	}
	l.Finish(t.Context(), &alice, nil)
	if got := <-page; got.status != 200 {
		t.Errorf("the page is %+v", got)
	}
}

// A crowd of forgers and of people who hang on does not keep the real callback waiting: it is served within
// a second. On a computer that is busy with something else it may take three tries.
// hostile: 1, 11
func TestCrowd(t *testing.T) { // not parallel: it looks at the clock
	const forgeries, slowOnes, most = 10_000, 200, time.Second
	took := callbackInCrowd(t, forgeries, slowOnes)
	for range 2 {
		if took < most {
			break
		}
		took = min(took, callbackInCrowd(t, forgeries, slowOnes))
	}
	if took >= most {
		t.Errorf("the real callback took %v", took)
	}
	t.Logf("figure: %d forged callbacks and %d slow connections: the real callback was served after %v", forgeries, slowOnes, took.Round(time.Millisecond))
}

// callbackInCrowd is how long the real callback takes when half of the forgeries have come, from its
// connection to its code.
func callbackInCrowd(t *testing.T, forgeries, slowOnes int) time.Duration {
	t.Helper()
	const forgers = 8
	l := listen(t)
	forged := request("GET", callbackTarget("state", "guess", "iss", issuer, "code", "forged"), l.host)
	var forging sync.WaitGroup
	half := make(chan struct{}, 2*forgers)
	for range forgers {
		forging.Go(func() {
			defer func() { half <- struct{}{} }()
			for i := range forgeries / forgers {
				if i == forgeries/forgers/2 {
					half <- struct{}{}
				}
				if got := send(t, l.host, forged); got.status != 400 {
					t.Errorf("a forgery got %+v", got)
					return
				}
			}
		})
	}
	select {
	case <-half:
	case <-l.callback:
		_ = l.server.Close()
		forging.Wait()
		t.Fatal("a forgery counts as the real callback")
	}
	conns := make([]net.Conn, slowOnes)
	for i := range conns {
		conns[i] = slow(t, l)
	}
	page := make(chan answer, 1)
	began := time.Now()
	go func() { page <- send(t, l.host, genuine(l.host)) }()
	code, err := l.Wait(t.Context())
	took := time.Since(began)
	if err != nil || string(code) != "real-code" {
		t.Errorf("delivered %q, %v", string(code), err)
	}
	forging.Wait()
	for _, conn := range conns {
		_ = conn.Close()
	}
	l.Finish(t.Context(), &alice, nil)
	if got := <-page; got.status != 200 {
		t.Errorf("the page is %+v", got)
	}
	return took
}

// An exchange may take longer than a connection has for its headers. The browser that waits for the
// outcome gets its page all the same.
func TestPageAfterALongExchange(t *testing.T) {
	t.Parallel()
	l := listen(t)
	page := make(chan answer, 1)
	go func() { page <- send(t, l.host, genuine(l.host)) }()
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	// One after the other: when the second is ended, the callback is past its header time for sure.
	untilClosed(t, slow(t, l))
	untilClosed(t, slow(t, l))
	l.Finish(t.Context(), &alice, nil)
	if got := <-page; got.status != 200 || !strings.Contains(got.body, "alice.test") {
		t.Errorf("the page is %+v", got)
	}
}

// A browser that goes away while the exchange runs is not waited for.
func TestBrowserGoesAway(t *testing.T) {
	t.Parallel()
	l := listen(t)
	conn := dial(t, l.host)
	if _, err := io.WriteString(conn, genuine(l.host)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	l.Finish(t.Context(), &alice, nil)
}

// hostile: 15
func TestFinish(t *testing.T) {
	t.Parallel()
	t.Run("nobody waits", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		l.Finish(context.Background(), nil, latchkey.NewError(latchkey.Cancelled, nil))
		if conn, err := net.Dial("tcp4", l.host); err == nil {
			_ = conn.Close()
			t.Error("it still listens")
		}
	})
	t.Run("twice and at once", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		page := make(chan answer, 1)
		go func() { page <- send(t, l.host, genuine(l.host)) }()
		if _, err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.Finish(t.Context(), &alice, nil)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { l.Finish(t.Context(), nil, latchkey.NewError(latchkey.Cancelled, nil)) })
		}
		all.Wait()
		if got := <-page; !strings.Contains(got.body, "signed in as alice.test") {
			t.Errorf("a later outcome reached the page: %+v", got)
		}
	})
	t.Run("somebody stays for ever", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		other, conn := slow(t, listen(t)), slow(t, l)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		l.Finish(ended, nil, latchkey.NewError(latchkey.TimedOut, nil))
		untilClosed(t, conn)
		if !isOpen(other) {
			t.Error("the connection was left to its header time")
		}
	})
}

// hostile: 15
func TestNothingIsLeft(t *testing.T) { // not parallel: it counts what the process has
	const attempts = 1000
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	descriptors := countDescriptors(t)
	for i := range attempts {
		l, err := Loopback{Product: product}.Listen(t.Context(), state, issuer, "")
		if err != nil {
			t.Fatal(err)
		}
		host := l.(*listener).host
		var conn net.Conn
		if i%3 > 0 {
			conn, err = net.Dial("tcp4", host)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, []string{"", "GET /callback", genuine(host)}[i%3]); err != nil {
				t.Fatal(err)
			}
		}
		switch i % 3 {
		case 0: // abandoned
			if _, err := l.Wait(ended); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			l.Finish(t.Context(), nil, latchkey.NewError(latchkey.TimedOut, nil))
		case 1: // abandoned, with somebody who hangs on
			l.Finish(ended, nil, latchkey.NewError(latchkey.Cancelled, nil))
		case 2: // done
			if _, err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.Finish(t.Context(), &alice, nil)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
	// Handlers end a moment after their connections.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		goroutines, left := serving(), countDescriptors(t)-descriptors
		if goroutines == 0 && left <= 0 {
			t.Logf("figure: %d abandoned, cancelled and finished attempts: goroutines left 0, descriptors left 0", attempts)
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d attempts left %d goroutines and %d descriptors", attempts, goroutines, left)
		}
	}
}

// serving counts the goroutines that serve or wait for connections.
func serving() int {
	stacks := make([]byte, 16<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "net/http.") || strings.Contains(stack, "loopback.(*listener)") || strings.Contains(stack, "loopback.Loopback") {
			n++
		}
	}
	return n
}
