package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/vault"
)

// tools is where programs go that this one builds; git ignores it, and so does the watcher of Wails.
const tools = "build/bin"

// openWindow runs "wails dev" until the window is closed.
func openWindow(ctx context.Context, o options, network *devnet.Network, out io.Writer) error {
	wails, err := install(ctx, out)
	if err != nil {
		return err
	}
	env, err := environment(ctx, o, network)
	if err != nil {
		return err
	}
	if o.account != "" {
		if err := signIn(ctx, o.account, network, env, out); err != nil {
			return err
		}
	}
	say(out, "opening the window; for a browser the page is at http://"+o.address)
	where := "The private network and its accounts are kept in"
	if network == nil {
		where = "Accounts of this window are kept in your keychain and in"
	}
	say(out, fmt.Sprintf("%s %s. Press Ctrl-C to end.", where, o.dir))
	// Wails would tidy go.mod, install and build the front end, and write its JavaScript into the sources with
	// modes of its own; Vite serves the front end, and "make bindings" is there for new methods.
	cmd := exec.Command(wails, "dev", "-m", "-nosyncgomod", "-s", "-skipbindings", "-wailsjsdir", filepath.Join(tools, "unused"),
		"-tags", "devnet", "-devserver", o.address)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := devnet.Run(ctx, cmd, 30*time.Second); err != nil {
		return fmt.Errorf("wails dev: %w", err)
	}
	return nil
}

// install builds the command of Wails, at the version that go.mod asks for.
func install(ctx context.Context, out io.Writer) (string, error) {
	const module = "github.com/wailsapp/wails/v2"
	version, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	dir, err := filepath.Abs(tools)
	if err != nil {
		return "", err
	}
	say(out, "building what shows edits at once (Wails); the first time takes minutes")
	cmd := exec.CommandContext(ctx, "go", "install", module+"/cmd/wails@"+strings.TrimSpace(string(version)))
	cmd.Env = append(os.Environ(), "GOBIN="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the command of Wails could not be built: %w", err)
	}
	return filepath.Join(dir, "wails"), nil
}

// environment is that of the window: which network, and where its data lies.
func environment(ctx context.Context, o options, network *devnet.Network) ([]string, error) {
	data, state := filepath.Join(o.dir, o.network, "data"), filepath.Join(o.dir, o.network, "state")
	env := append(devnet.BrowserEnv(), "XDG_DATA_HOME="+data, "XDG_STATE_HOME="+state)
	if network == nil {
		return append(env, config.Variable(config.NetworkFile)+"="), nil
	}
	// The keys of the private network go to a vault: the developer's keychain is not for them.
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	passphrase := filepath.Join(o.dir, o.network, "passphrase")
	paths := config.Paths{Data: filepath.Join(data, cfg.Brand.ID), State: filepath.Join(state, cfg.Brand.ID)}
	if err := createVault(ctx, paths, passphrase); err != nil {
		return nil, fmt.Errorf("keys could not be kept: %w", err)
	}
	return append(env, config.Variable(config.NetworkFile)+"="+network.NetworkFile(), config.Variable(config.PassphraseFile)+"="+passphrase), nil
}

func createVault(ctx context.Context, paths config.Paths, file string) error {
	// It protects nothing: the keys are good for the private network, which has its passwords in the same folder.
	const passphrase = "the private network"
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(passphrase+"\n"), 0o600); err != nil {
		return err
	}
	v := vault.New(paths.Vault(), paths.Locks(), func(context.Context) (latchkey.Secret, error) { return passphrase, nil })
	defer v.Close()
	if v.Exists() {
		return nil
	}
	return v.Create(ctx)
}

// signIn signs in with the terminal program, unless somebody of that name is signed in since the last time.
func signIn(ctx context.Context, handle string, network *devnet.Network, env []string, out io.Writer) error {
	var person *devnet.Account
	var names []string
	for i, a := range network.Accounts {
		names = append(names, a.Handle)
		if a.Handle == handle {
			person = &network.Accounts[i]
		}
	}
	if person == nil {
		return fmt.Errorf("there is no %s on the private network; ACCOUNT is one of %s", handle, strings.Join(names, ", "))
	}
	say(out, "signing in as "+handle)
	program := filepath.Join(tools, "latchkey-dev")
	// The flags of "wails dev", so that neither of the two builds has to compile what the other one has compiled.
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-gcflags", "all=-N -l", "-tags", "devnet", "-o", program, "./backend/cmd/latchkey")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("the terminal program could not be built: %w", err)
	}
	latchkey := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = append(os.Environ(), env...)
		return cmd
	}
	if err := latchkey("switch", handle).Run(); err == nil && latchkey("api", "com.atproto.server.getSession").Run() == nil {
		return nil
	}
	login := latchkey("login", "--no-browser", "--json", handle)
	login.Stderr = os.Stderr
	return person.SignIn(ctx, login)
}
