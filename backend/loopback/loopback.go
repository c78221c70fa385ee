// Package loopback is the browser's way back: a listener on 127.0.0.1 that lives for one sign-in
// (RFC 8252 section 7.3), and the page it shows.
//
// Anybody on this machine, and any web page in the person's browser, can knock at its port. So the
// first valid callback wins and everything else gets a bare refusal and changes nothing: the method
// must be GET, the Host ours, the request a navigation, no parameter given twice, and the state the
// one of this attempt. Then the issuer decides (RFC 9207). The page waits for the exchange, so that
// it can tell the truth, and repeats nothing of the request.
package loopback

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	latchkey "latchkey/backend"
)

// Loopback implements [latchkey.Loopback].
type Loopback struct {
	// Product is the name that the page shows.
	Product string
	// Mark is drawn beside it: an SVG of shapes in currentColor.
	Mark string
	// Light and Dark are the colour of both on light paper and on dark, as #rrggbb.
	Light, Dark string
	// HandOn is the address of the product's page that hands browsers on to the listener (package clientid has it), for
	// a product whose servers may not send them here. It learns the port from the state. Empty where they may.
	HandOn string
}

var _ latchkey.Loopback = Loopback{}

const (
	// headerTime is how long a connection may take to say what it wants (hostile: 11).
	headerTime = 5 * time.Second
	// maxHeader bounds the request line and headers together, in bytes (hostile: 12).
	maxHeader = 16 << 10
)

// Listen implements [latchkey.Loopback]: it binds 127.0.0.1, never another address, on a free port or
// on that of redirectURI, which a page that hands on has from the state.
func (l Loopback) Listen(ctx context.Context, state latchkey.Secret, issuer, redirectURI string) (latchkey.Listener, error) {
	port, handOn := "0", ""
	switch redirectURI {
	case "":
		handOn = l.HandOn
	case l.HandOn:
		handOn = l.HandOn
		var ok bool
		if port, _, ok = strings.Cut(string(state), "."); !ok {
			return nil, latchkey.NewError(latchkey.ListenerFailed, errors.New("a state without a port"))
		}
	default:
		u, err := url.Parse(redirectURI)
		if err != nil || u.Hostname() != "127.0.0.1" || u.Port() == "" {
			return nil, latchkey.NewError(latchkey.ListenerFailed, errors.New("not a redirect URI of ours"))
		}
		port = u.Port()
	}
	var binding net.ListenConfig
	socket, err := binding.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, latchkey.NewError(latchkey.ListenerFailed, err)
	}
	if handOn != "" && redirectURI == "" {
		_, port, _ := net.SplitHostPort(socket.Addr().String())
		state = latchkey.Secret(port+".") + state
	}
	li := &listener{
		look:     newLook(l),
		host:     socket.Addr().String(),
		handOn:   handOn,
		start:    "/start/" + rand.Text(),
		state:    string(state),
		issuer:   issuer,
		callback: make(chan callback, 1),
		settled:  make(chan struct{}),
		served:   make(chan struct{}),
	}
	li.server = &http.Server{
		Handler:           li,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // it would log what strangers send
		// net/http answers OPTIONS * by itself otherwise.
		DisableGeneralOptionsHandler: true,
	}
	li.server.SetKeepAlivesEnabled(false)
	go func() {
		defer close(li.served) // ends with Finish, which whoever called Listen must call
		_ = li.server.Serve(socket)
	}()
	return li, nil
}

type callback struct {
	code latchkey.Secret
	err  error
}

type listener struct {
	look look

	host, handOn, start, state, issuer string

	server   *http.Server
	served   chan struct{}
	target   atomic.Pointer[latchkey.Secret]
	first    sync.Once
	callback chan callback // the first valid one

	finish  sync.Once
	settled chan struct{} // closed once page is set
	page    page
}

// RedirectURI implements [latchkey.Listener].
func (l *listener) RedirectURI() string {
	if l.handOn != "" {
		return l.handOn
	}
	return "http://" + l.host + "/callback"
}

// State implements [latchkey.Listener].
func (l *listener) State() latchkey.Secret { return latchkey.Secret(l.state) }

// Link implements [latchkey.Listener]. Its last part is random, so that no web page can guess it.
func (l *listener) Link() string { return "http://" + l.host + l.start }

// SetTarget implements [latchkey.Listener].
func (l *listener) SetTarget(authorizationURL latchkey.Secret) { l.target.Store(&authorizationURL) }

// Wait implements [latchkey.Listener].
func (l *listener) Wait(ctx context.Context) (latchkey.Secret, error) {
	select {
	case c := <-l.callback:
		return c.code, c.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Finish implements [latchkey.Listener].
func (l *listener) Finish(ctx context.Context, account *latchkey.Account, reason *latchkey.Error) {
	l.finish.Do(func() {
		l.page = outcomePage(l.look, account, reason)
		close(l.settled)
		if err := l.server.Shutdown(ctx); err != nil {
			// Whoever still holds a connection has had its time.
			_ = l.server.Close()
		}
		<-l.served
	})
}

// deliver hands the first valid callback to Wait; later ones (a reload, say) only see the page.
func (l *listener) deliver(c callback) {
	l.first.Do(func() { l.callback <- c })
}
