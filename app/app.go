// Package app is the window: the methods that the page calls, the events that it hears, and the life
// of the window itself. It knows nothing of the protocol, the database or the keychain; all of that
// is the service's.
//
// The page is not trusted with anything: no method takes a URL to open, no answer or event holds a
// token, a key or the authorization URL, and nothing that the page emits is listened to.
package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// closeTime is how long the program stays after its window was closed, to finish what is on its way.
const closeTime = 10 * time.Second

// App has the bound methods. Each waits until the service has started; when that failed, each
// rejects with the reason.
type App struct {
	config config.Config
	log    *slog.Logger

	started  chan struct{} // closed by start
	work     sync.WaitGroup
	window   context.Context
	service  *auth.Service
	closeAll func(context.Context) error
	failure  error

	takesAddresses bool                 // others can hand over to this program
	handed         chan latchkey.Secret // addresses; empty when the program was started once more
	resumed        chan struct{}        // closed when a sign-in of an earlier run waits again, or there is none
	resume         sync.Once
	ended          chan struct{} // closed by stop
	strayed        atomic.Bool   // a stray address has had its effect since the last sign-in

	// shown is the account that the page shows, so that Logout means that one: the terminal may
	// have made another one current meanwhile.
	shown atomic.Value // syntax.DID

	// What Wails does for us, and tests do without a window.
	emit            func(ctx context.Context, event string, payload ...any)
	toFront         func(ctx context.Context)
	copyToClipboard func(ctx context.Context, text string) error
	paint           func(ctx context.Context, theme string)
}

func newApp(cfg config.Config) *App {
	return &App{
		config:  cfg,
		log:     wire.Logger(os.Stderr, slog.LevelWarn),
		started: make(chan struct{}),
		handed:  make(chan latchkey.Secret, maxHanded),
		resumed: make(chan struct{}),
		ended:   make(chan struct{}),
		emit:    runtime.EventsEmit,
		// Showing alone leaves a window behind others.
		toFront: func(ctx context.Context) {
			runtime.WindowUnminimise(ctx)
			runtime.WindowShow(ctx)
		},
		copyToClipboard: runtime.ClipboardSetText,
		paint:           paint,
	}
}

// start opens the service once the window exists.
func (a *App) start(window context.Context) {
	defer close(a.started)
	a.window = window
	a.work.Go(a.receive)
	a.service, a.closeAll, a.failure = wire.New(window, a.config, wire.Options{
		Log: a.log, KeepKeysInMemory: true, Alone: true, TakesAddresses: a.takesAddresses,
	})
	if a.failure != nil {
		a.log.Error("the service did not start", "reason", a.failure)
		return
	}
	a.service.Subscribe(a.forward)
	// Both end with the service.
	a.work.Go(func() { a.service.Follow(window) })
	a.work.Go(func() {
		// A sign-in that waited when the program ended goes on; its events tell the page.
		defer a.hasResumed()
		if _, err := a.show(a.service.Resume(window)); err != nil && latchkey.CodeOf(err) != latchkey.NoSignIn {
			a.log.Info("the sign-in that waited did not succeed", "reason", err)
		}
	})
}

// stop ends the service after the window was closed.
func (a *App) stop(context.Context) {
	<-a.started
	close(a.ended)
	if a.closeAll == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = a.closeAll(ctx) //nolint:contextcheck // that of the window has ended
	a.work.Wait()
}

// forward hands an event of the service to the page. When a sign-in ends the window comes to the
// front: the browser's turn is over, unless the person has just cancelled here.
func (a *App) forward(e latchkey.Event) {
	switch e.Kind {
	case latchkey.SignInProgress:
	case latchkey.NoticesChanged:
		a.emit(a.window, "notices", newNotices(e.Notices))
		return
	default:
		a.emit(a.window, "account", AccountEvent{Kind: string(e.Kind), Account: newAccount(*e.Account)})
		return
	}
	a.emit(a.window, "sign-in", newSignIn(*e.SignIn))
	a.strayed.Store(false)
	if e.SignIn.Phase != latchkey.Resolving {
		a.hasResumed()
	}
	if e.SignIn.Phase == latchkey.Done || e.SignIn.Phase == latchkey.Failed && e.SignIn.Err.Code != latchkey.Cancelled {
		a.toFront(a.window)
	}
}

func (a *App) hasResumed() { a.resume.Do(func() { close(a.resumed) }) }

func (a *App) ready() (*auth.Service, error) {
	<-a.started
	return a.service, a.failure
}

// Login signs in a handle, a DID, a server's address or an email. It answers with the account, or
// with the reason why not; meanwhile the event "sign-in" tells how far it is.
func (a *App) Login(identifier string) (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.Login(a.window, identifier))
}

// LoginWithEmail signs in through the email provider.
func (a *App) LoginWithEmail(email string) (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.LoginWithEmail(a.window, email))
}

// AccountForEmail answers an account that was signed in with this address before, or null.
func (a *App) AccountForEmail(email string) (*Account, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	account, err := service.AccountForEmail(a.window, email)
	if latchkey.CodeOf(err) == latchkey.AccountUnknown {
		return nil, nil
	}
	view := newAccount(account)
	return &view, err
}

// EmailProviders answers which server signs people in by email, and which are offered.
func (a *App) EmailProviders() (EmailProviders, error) {
	service, err := a.ready()
	if err != nil {
		return EmailProviders{}, err
	}
	chosen, err := service.ChosenEmailProvider(a.window)
	return EmailProviders{Chosen: chosen, Known: append([]string{}, a.config.Brand.EmailProviders...)}, err
}

// ChooseEmailProvider makes a server, given by its address, the email provider, and answers its origin.
func (a *App) ChooseEmailProvider(address string) (string, error) {
	service, err := a.ready()
	if err != nil {
		return "", err
	}
	return service.ChooseEmailProvider(a.window, address)
}

// Cancel ends the sign-in in progress: its Login rejects with the code cancelled.
func (a *App) Cancel() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.Cancel()
}

// Whoami answers the current account without asking any server.
func (a *App) Whoami() (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.Whoami(a.window))
}

// Accounts answers everybody who signed in here, the current account first.
func (a *App) Accounts() ([]Account, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	accounts, err := service.Accounts(a.window)
	return newAccounts(accounts), err
}

// Switch makes the account with this DID the current one, and the one that the page shows.
func (a *App) Switch(did string) (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.Switch(a.window, syntax.DID(did)))
}

// Renew signs in once more to the account with this DID: its session begins anew.
func (a *App) Renew(did string) (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.Renew(a.window, syntax.DID(did)))
}

// Raise signs in once more to the account that the page shows and asks for these scopes as well. The
// session that it has is replaced only when the new one is there.
func (a *App) Raise(scopes []string) (Account, error) {
	service, err := a.ready()
	if err != nil {
		return Account{}, err
	}
	did, err := a.shownAccount()
	if err != nil {
		return Account{}, err
	}
	return a.show(service.Renew(a.window, did, scopes...))
}

// Check asks the server of the account that the page shows whether all is well. What it finds arrives as
// events; not to reach the server is no error here.
func (a *App) Check() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	did, err := a.shownAccount()
	if err != nil {
		return err
	}
	service.Check(a.window, did)
	return nil
}

// Notices answers what holds for the whole program right now.
func (a *App) Notices() ([]Notice, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	return newNotices(service.Notices()), nil
}

func (a *App) shownAccount() (syntax.DID, error) {
	did, ok := a.shown.Load().(syntax.DID)
	if !ok {
		return "", latchkey.NewError(latchkey.NotSignedIn, nil)
	}
	return did, nil
}

func (a *App) show(account latchkey.Account, err error) (Account, error) {
	if err == nil {
		a.shown.Store(account.DID)
	}
	return newAccount(account), err
}

// Logout signs out the account that the page shows.
func (a *App) Logout() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	did, err := a.shownAccount()
	if err != nil {
		return err
	}
	return service.Logout(a.window, did)
}

// LogoutAll signs out all accounts.
func (a *App) LogoutAll() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.LogoutAll(a.window)
}

// Attempt answers the sign-in in progress, or null: a page that was reloaded asks for it.
func (a *App) Attempt() (*SignIn, error) {
	service, err := a.ready()
	if err != nil {
		return nil, err
	}
	signIn, err := service.SignIn()
	if latchkey.CodeOf(err) == latchkey.NoSignIn {
		return nil, nil
	}
	view := newSignIn(signIn)
	return &view, err
}

// OpenBrowser opens the page of the sign-in in progress again.
func (a *App) OpenBrowser() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	return service.OpenBrowser(a.window)
}

// CopyLink puts the link of the sign-in in progress into the clipboard.
func (a *App) CopyLink() error {
	service, err := a.ready()
	if err != nil {
		return err
	}
	signIn, err := service.SignIn()
	if err != nil {
		return err
	}
	if signIn.Link == "" {
		return latchkey.NewError(latchkey.NoSignIn, nil)
	}
	if err := a.copyToClipboard(a.window, signIn.Link); err != nil {
		return latchkey.NewError(latchkey.Internal, errors.New("the clipboard took nothing"))
	}
	return nil
}

// Product answers what this product is called, and what it asks for at each sign-in.
func (a *App) Product() Product {
	return Product{Name: a.config.Brand.Name, Version: config.Version(), Scopes: append([]string{}, a.config.Brand.Scopes...)}
}
