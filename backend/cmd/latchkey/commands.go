package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/wire"
)

// closeTime is how long a command waits at its end for what is still on its way, such as telling the
// server of a sign-out.
const closeTime = 15 * time.Second

// command is what the program is called; the linker sets another name in the packages of another brand.
var command = "latchkey"

// run is the whole program but for the process: the tests start here.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	config.WarnIgnored(stderr, command)
	out := &printer{out: stdout, err: stderr}
	root := newRoot(out)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errTrouble) {
		out.failed(err)
	}
	return exitStatus(err)
}

func newRoot(out *printer) *cobra.Command {
	root := &cobra.Command{
		Use:           command,
		Short:         "Sign in to the AT Protocol, and stay signed in",
		Long:          strings.TrimSpace("Sign in to the AT Protocol, and stay signed in.\n\n" + config.Help),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usage(cobra.NoArgs),
	}
	root.PersistentFlags().BoolVar(&out.json, "json", false, "print one JSON object per line")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	// Without a command cobra shows the help and succeeds; a script that forgot it should notice.
	root.RunE = func(*cobra.Command, []string) error {
		return usageError{errors.New("say what to do: " + command + " login, whoami, accounts, switch, logout, api, vault, doctor, client-metadata, client-key or version")}
	}
	root.AddCommand(loginCommand(out), whoamiCommand(out), accountsCommand(out), switchCommand(out), logoutCommand(out), apiCommand(out), vaultCommand(out), doctorCommand(out), clientMetadataCommand(out), clientKeyCommand(out), versionCommand(out))
	root.SetOut(out.out)
	root.SetErr(out.err)
	// cobra's own commands complain in their own way.
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		for _, shell := range completion.Commands() {
			shell.Args = usage(shell.Args)
		}
	}
	return root
}

// usage makes a complaint about arguments a usage error.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
		}
		return nil
	}
}

// withKeys is for the commands that use the keys of an account: where they lie in a vault, the person is
// asked for its passphrase. The others leave what needs keys for later.
func withKeys(cmd *cobra.Command, options wire.Options, f func(context.Context, *auth.Service) error) error {
	person := newTerminal("Passphrase of your keys: ", "")
	defer person.leave()
	options.Passphrase = person.passphrase
	return with(cmd, options, f)
}

// with runs f with a started service and ends it.
func with(cmd *cobra.Command, options wire.Options, f func(context.Context, *auth.Service) error) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	options.Log = wire.Logger(cmd.ErrOrStderr(), slog.LevelWarn)
	service, closeAll, err := wire.New(cmd.Context(), cfg, options)
	if err != nil {
		return err
	}
	err = f(cmd.Context(), service)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), closeTime)
	defer cancel()
	if closeErr := closeAll(ctx); closeErr != nil {
		options.Log.Warn("not everything was finished", "reason", closeErr)
	}
	return err
}

func loginCommand(out *printer) *cobra.Command {
	var noBrowser bool
	var provider string
	var scopes []string
	cmd := &cobra.Command{
		Use:   "login IDENTIFIER",
		Short: "Sign in with a handle, a DID, a server's address or an email",
		Long: `Sign in with a handle, a DID, a server's address or an email.

It opens your browser and waits for it. With --no-browser, and by itself over SSH or in a container,
it prints the address instead: open it in any browser, on any computer. The last page loads on this
computer only; where it does not, copy its address and paste it at the terminal.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			remote := !noBrowser && wire.Remote()
			last := newTerminal("Address of the last page: ", "")
			defer last.leave()
			return withKeys(cmd, wire.Options{NoBrowser: noBrowser || remote}, func(ctx context.Context, service *auth.Service) error {
				id, _ := latchkey.ParseIdentifier(args[0]) // Login says what is wrong with it
				otherEmail := false
				var waiting sync.Once
				defer service.Subscribe(func(e latchkey.Event) {
					if e.Kind == latchkey.SignInProgress {
						otherEmail = e.SignIn.OtherEmail
						out.progress(*e.SignIn, id.Email != "", service.AuthorizationURL)
						if e.SignIn.Phase == latchkey.Waiting && (noBrowser || remote) {
							waiting.Do(func() { go last.askAddress(ctx, out, remote, service.Paste) })
						}
					}
				})()
				if provider != "" {
					if _, err := service.ChooseEmailProvider(ctx, provider); err != nil {
						return err
					}
				}
				account, err := service.Login(ctx, args[0], scopes...)
				last.leave()
				if err != nil {
					return err
				}
				out.signedIn(account, otherEmail)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&provider, "email-provider", "", "the server that signs you in by email; it is remembered")
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a permission to ask for beyond the usual ones; can be given again")
	cmd.Flags().BoolVar(&noBrowser, "no-browser", false, "print the address instead of opening a browser")
	return cmd
}

func whoamiCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "whoami",
		Short: "Show who is signed in",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, wire.Options{NoBrowser: true}, func(ctx context.Context, service *auth.Service) error {
				account, err := service.Whoami(ctx)
				if err != nil {
					return err
				}
				out.account(account)
				return nil
			})
		},
	}
}

func accountsCommand(out *printer) *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use:   "accounts",
		Short: "List all accounts on this computer, the current one first",
		Long: `List all accounts on this computer, the current one first.

With --watch it stays, and tells what changes, whichever program changes it, until it is interrupted.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return with(cmd, wire.Options{NoBrowser: true}, func(ctx context.Context, service *auth.Service) error {
				if watch {
					return watchAccounts(ctx, service, out)
				}
				accounts, err := service.Accounts(ctx)
				if err != nil {
					return err
				}
				for _, a := range accounts {
					out.account(a)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "stay, and tell what changes")
	return cmd
}

func watchAccounts(ctx context.Context, service *auth.Service, out *printer) error {
	accounts, err := service.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		out.change("listed", a)
	}
	if notices := service.Notices(); len(notices) > 0 {
		out.notices(notices)
	}
	defer service.Subscribe(func(e latchkey.Event) {
		switch {
		case e.Account != nil:
			out.change(string(e.Kind), *e.Account)
		case e.Kind == latchkey.NoticesChanged:
			out.notices(e.Notices)
		}
	})()
	service.Follow(ctx)
	return nil
}

func switchCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "switch ACCOUNT",
		Short: "Make another account the current one",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return with(cmd, wire.Options{NoBrowser: true}, func(ctx context.Context, service *auth.Service) error {
				account, err := service.Find(ctx, args[0])
				if err != nil {
					return err
				}
				if account, err = service.Switch(ctx, account.DID); err != nil {
					return err
				}
				out.account(account)
				return nil
			})
		},
	}
}

func logoutCommand(out *printer) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "logout [ACCOUNT | --all]",
		Short: "Sign out the current account, the one named, or all",
		Long: `Sign out the current account, the one named, or all.

The window goes on offering to sign in to it again, until somebody presses Forget there.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && len(args) > 0 {
				return usageError{errors.New("name an account or say --all, not both")}
			}
			return withKeys(cmd, wire.Options{NoBrowser: true}, func(ctx context.Context, service *auth.Service) error {
				accounts, err := chosen(ctx, service, args, all)
				if err != nil {
					return err
				}
				for _, a := range accounts {
					if err := service.Logout(ctx, a.DID); err != nil {
						return err
					}
					out.signedOut(a)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "sign out all accounts")
	return cmd
}

func chosen(ctx context.Context, service *auth.Service, args []string, all bool) ([]latchkey.Account, error) {
	if all {
		return service.Accounts(ctx)
	}
	var account latchkey.Account
	var err error
	if len(args) == 1 {
		account, err = service.Find(ctx, args[0])
	} else {
		account, err = service.Whoami(ctx)
	}
	return []latchkey.Account{account}, err
}

func versionCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of this program",
		Args:  usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			out.version(config.Version())
			return nil
		},
	}
}
