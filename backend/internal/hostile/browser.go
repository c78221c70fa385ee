package hostile

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	latchkey "latchkey/backend"
)

// Browser is a person's browser: it opens a link in the background, follows it to the server, where
// Approve decides, and back to the app, and keeps the page that it was shown last.
type Browser struct {
	// Refuse makes Open fail with this error.
	Refuse error
	// Opened, if set, is called with each link instead of following it.
	Opened func(link string)

	client *http.Client
	work   sync.WaitGroup
	mu     sync.Mutex
	opened int
	page   string
}

var _ latchkey.Browser = (*Browser)(nil)

// Browser makes a browser that reaches the network and ends with the test.
func (s *Server) Browser(tb testing.TB) *Browser {
	exceptions := s.Exceptions()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: exceptions.Roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && host != "127.0.0.1" {
				address = s.web.Listener.Addr().String()
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	b := &Browser{client: &http.Client{Transport: transport, Timeout: time.Minute}}
	tb.Cleanup(func() {
		b.work.Wait()
		transport.CloseIdleConnections()
	})
	return b
}

// Open implements [latchkey.Browser].
func (b *Browser) Open(_ context.Context, link string) error {
	b.mu.Lock()
	b.opened++
	b.mu.Unlock()
	if b.Refuse != nil {
		return b.Refuse
	}
	if b.Opened != nil {
		b.Opened(link)
		return nil
	}
	b.Follow(link)
	return nil
}

// InstalledBrowser is the id of the one browser that can be chosen.
const InstalledBrowser = "other.desktop"

// Installed implements [latchkey.Browser].
func (b *Browser) Installed(context.Context) ([]latchkey.BrowserApp, error) {
	return []latchkey.BrowserApp{{ID: InstalledBrowser, Name: "Other"}}, nil
}

// OpenWith implements [latchkey.Browser].
func (b *Browser) OpenWith(_ context.Context, id, link string) error {
	if id != InstalledBrowser {
		return latchkey.NewError(latchkey.BrowserFailed, nil)
	}
	b.Follow(link)
	return nil
}

// Follow opens a link in the background.
func (b *Browser) Follow(link string) {
	b.work.Go(func() {
		res, err := b.client.Get(link)
		if err != nil {
			return // a listener that closed shows no page
		}
		defer func() { _ = res.Body.Close() }()
		page, _ := io.ReadAll(res.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.page = string(page)
	})
}

// Count tells how often Open was called.
func (b *Browser) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opened
}

// Page waits for the pages that were opened, and answers the last one.
func (b *Browser) Page() string {
	b.work.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.page
}

// Visit opens an authorization URL, lets Approve decide, and answers the parameters that the browser
// would carry back to the app.
func (s *Server) Visit(tb testing.TB, address string) url.Values {
	tb.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.Roots(), MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.web.Listener.Addr().String())
		},
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	back, err := res.Location()
	if err != nil {
		tb.Fatalf("authorization page: %s, %v", res.Status, err)
	}
	return back.Query()
}
