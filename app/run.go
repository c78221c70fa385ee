package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"

	"latchkey/backend/config"
)

// Run opens the window and answers the exit status once it was closed: 0, or 1 with a sentence on
// standard error, and on Windows, where nobody sees that, in a box. Nothing but reading the settings happens before the window: generating the
// bindings runs this function too.
func Run(assets fs.FS) int {
	program := filepath.Base(os.Args[0])
	config.WarnIgnored(os.Stderr, program)
	if err := run(assets); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		complain(program, err.Error())
		return 1
	}
	return 0
}

func run(assets fs.FS) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	done, able := handOver(cfg)
	if done {
		return nil
	}
	if err := prepare(); err != nil {
		return err
	}
	a := newApp(cfg)
	a.takesAddresses = able
	if a.isAddress(os.Args[1:]) {
		a.strayed.Store(true) // the window is about to be shown anyway
		a.hand(os.Args[1:])
	}
	slog.SetDefault(a.log) // where libraries log
	return wails.Run(newOptions(a, assets))
}

// The colours behind the page: --paper in frontend/src/styles/tokens.css.
var (
	lightPaper = options.NewRGB(0xfa, 0xf8, 0xf4)
	darkPaper  = options.NewRGB(0x15, 0x16, 0x1a)
)

func newOptions(a *App, assets fs.FS) *options.App {
	return &options.App{
		Title:     a.config.Brand.Name,
		Width:     480,
		Height:    720,
		MinWidth:  360,
		MinHeight: 480,
		// The window appears with its page in it, not white before.
		StartHidden:      true,
		OnDomReady:       func(ctx context.Context) { a.work.Go(func() { a.domReady(ctx) }) },
		BackgroundColour: lightPaper,
		AssetServer: &assetserver.Options{Assets: assets, Middleware: func(next http.Handler) http.Handler {
			return guarded(a.brand(a.avatars(next)))
		}},
		OnStartup: func(ctx context.Context) {
			holdPage()
			a.start(ctx)
		},
		OnShutdown:     a.stop,
		Bind:           []any{a},
		ErrorFormatter: formatError,
		Logger:         quiet{a.log},
		// The page can turn on more: this only leaves less to drop.
		LogLevel:           logger.ERROR,
		LogLevelProduction: logger.ERROR,
		DragAndDrop:        &options.DragAndDrop{DisableWebViewDrop: true},
		// Where there is no session bus this does nothing: that there is one window is wire's promise.
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId:               instanceID(a.config),
			OnSecondInstanceLaunch: func(second options.SecondInstanceData) { a.hand(second.Args) },
		},
		Mac: &mac.Options{OnUrlOpen: func(address string) { a.hand([]string{address}) }},
		Linux: &linux.Options{
			ProgramName: a.config.Brand.ID,
			Icon:        windowIcon(config.Icon()),
			// Accelerated web views stay blank with some drivers.
			WebviewGpuPolicy: linux.WebviewGpuPolicyNever,
		},
	}
}

// instanceID is the same for windows on the same data: there is one at a time.
func instanceID(cfg config.Config) string {
	sum := sha256.Sum256([]byte(cfg.Paths.Database()))
	return cfg.Brand.ID + "-" + hex.EncodeToString(sum[:8])
}
