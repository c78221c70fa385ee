// Package wire builds the service out of the adapters. Both faces and the end-to-end tests start
// here, and so does any other program that wants to sign people in:
//
//	cfg, err := config.Load()
//	...
//	service, closeAll, err := wire.New(ctx, cfg, wire.Options{})
//	...
//	defer closeAll(ctx)
//	account, err := service.Login(ctx, "alice.example.com")
package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/browser"
	"latchkey/backend/config"
	"latchkey/backend/identity"
	"latchkey/backend/loopback"
	"latchkey/backend/profile"
	"latchkey/backend/redact"
	"latchkey/backend/safehttp"
	"latchkey/backend/sqlite"
	"latchkey/backend/vault"
)

// Options are what the faces decide differently.
type Options struct {
	// NoBrowser shows links only and never opens them.
	NoBrowser bool
	// KeepKeysInMemory lets sessions last as long as the program where there is no keychain: for
	// programs that people leave open, and that tell them so.
	KeepKeysInMemory bool
	// Alone is for windows: New waits for another program that is alone on the same data to end, and
	// answers the code AlreadyOpen when it goes on. Programs that are not alone share the data with it.
	Alone bool
	// TakesAddresses says that the program hands over to the service what the operating system hands to it. A
	// sign-in may then come back through the product's own scheme, where that leads to this program.
	TakesAddresses bool
	// Passphrase asks the person for the passphrase of the vault, if there is one and the
	// environment names no file with it. It is called when it is needed, until it was right. Nil
	// means that nobody can be asked.
	Passphrase vault.Passphrase
	// Log gets what people don't need to see, with nothing secret in it (package redact); nil throws it
	// away.
	Log *slog.Logger
}

// aloneTime is how long New waits to be alone: a little longer than a window takes to finish what is on its
// way once it was closed.
const aloneTime = 12 * time.Second

// New opens the database, starts the service and answers how to end both. The error carries one of
// the Storage codes, or AlreadyOpen.
func New(ctx context.Context, cfg config.Config, options Options) (*auth.Service, func(context.Context) error, error) {
	store, err := sqlite.Open(ctx, cfg.Paths.Database(), cfg.Paths.Locks(), cfg.Paths.FormerDatabase())
	if err != nil {
		return nil, nil, err
	}
	leave, err := beAlone(ctx, store, options)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	client := safehttp.New(cfg.Network.Exceptions, cfg.Brand.Name+"/"+config.Version())
	keys, reader := newKeys(cfg, options), profile.New(client)
	rooms := auth.Rooms{
		Directory:   identity.New(client, cfg.Network.PLCURL, cfg.Network.DNSOff),
		Profiles:    reader,
		Suggestions: reader,
		Protocol:    newProtocol(cfg, client, keys.keychain),
		Loopback:    loopback.Loopback{Product: cfg.Brand.Name, Mark: cfg.Mark, Light: cfg.Brand.Accent.Light, Dark: cfg.Brand.Accent.Dark, HandOn: cfg.Brand.HandOnURI()},
		Keychain:    keys,
		Store:       store,
	}
	if !options.NoBrowser {
		rooms.Browser = browser.Browser{}
	}
	service := auth.New(rooms, auth.Settings{
		ClientID:       clientID(cfg.Brand),
		Scopes:         cfg.Brand.Scopes,
		EmailProvider:  cfg.Brand.EmailProvider,
		EmailProviders: cfg.Brand.EmailProviders,
		Remote:         Remote(),
		SchemeRedirect: schemeRedirect(cfg.Brand, options),
		Log:            redacting(options.Log),
	})
	closeAll := func(ctx context.Context) error {
		err := service.Close(ctx)
		client.Close()
		keys.vault.Close()
		leave()
		return errors.Join(err, store.Close())
	}
	if err := service.Start(ctx); err != nil {
		return nil, nil, errors.Join(err, closeAll(ctx))
	}
	return service, closeAll, nil
}

// beAlone takes the lock that programs which want to be alone share. It ends with the process.
func beAlone(ctx context.Context, store *sqlite.DB, options Options) (leave func(), err error) {
	if !options.Alone {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, aloneTime)
	defer cancel()
	leave, err = store.Lock(ctx, "window")
	if latchkey.CodeOf(err) == latchkey.StorageBusy {
		err = latchkey.NewError(latchkey.AlreadyOpen, err)
	}
	return leave, err
}

// Logger is for the programs of this house: it writes what matters from this level on to w, with nothing
// secret in it (package redact).
func Logger(w io.Writer, level slog.Level) *slog.Logger {
	return redacting(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})))
}

func redacting(log *slog.Logger) *slog.Logger {
	if log == nil {
		return nil
	}
	return slog.New(redact.New(log.Handler()))
}

// Remote says that whoever uses this program sits at another computer, as over SSH: no browser that is
// opened here opens in front of them.
func Remote() bool { return browser.Here().Remote() }

// schemeRedirect is what the service asks for the address with the product's own scheme; nil where there is none.
// An installer registers it for the program that it brings, not for one that somebody has unpacked beside it, so it is
// looked for anew at each sign-in.
func schemeRedirect(brand config.Brand, options Options) func(context.Context) string {
	if brand.Scheme() == "" || !options.TakesAddresses {
		return nil
	}
	return func(ctx context.Context) string {
		if !browser.ComesBack(ctx, brand.Scheme()) {
			return ""
		}
		return brand.SchemeRedirectURI()
	}
}

// clientID answers the client id for the scopes of a sign-in, once each of them is one. Those of a hosted client
// have to stand in its document as they are: servers compare them letter by letter (observed).
func clientID(brand config.Brand) func([]string) (string, error) {
	return func(scopes []string) (string, error) {
		for _, scope := range scopes {
			if err := config.CheckScope(scope); err != nil {
				return "", latchkey.NewError(latchkey.ScopeInvalid, err).About(plain(scope))
			}
			if brand.ClientID != config.Loopback && !slices.Contains(brand.Scopes, scope) && !slices.Contains(brand.LaterScopes, scope) {
				return "", latchkey.NewError(latchkey.ScopeUndeclared, nil).About(plain(scope))
			}
		}
		return brand.OAuthClientID(scopes), nil
	}
}

// plain is a scope as it can be shown: what somebody typed may hold anything.
func plain(scope string) string {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, scope)
	if runes := []rune(text); len(runes) > 80 {
		return string(runes[:80]) + "..."
	}
	return text
}
