package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// What a network takes that a person uses by hand, and what the programs have in common that start one for them.

// HasDisplay reports whether there is a display for windows.
func HasDisplay() bool {
	return runtime.GOOS != "linux" || os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// Describe writes who is on the network and how they sign in.
func (n *Network) Describe(w io.Writer) error {
	text := "There are these people on the private network:\n\n"
	for _, account := range n.Accounts {
		text += fmt.Sprintf("    %-12s password %s\n", account.Handle, account.Password)
	}
	if n.MailBox != "" {
		text += fmt.Sprintf("\nAny email will do as well. The mail to it can be read at\n\n    %s?to=EMAIL\n", n.MailBox)
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// BrowserEnv keeps XDG_DATA_HOME and XDG_STATE_HOME of a program away from the browser that it opens: with them,
// the desktop might not find the person's browser.
func BrowserEnv() []string {
	if os.Getenv("BROWSER") != "" || os.Getenv("XDG_DATA_HOME") != "" || os.Getenv("XDG_STATE_HOME") != "" {
		return nil // their own choice
	}
	if _, err := exec.LookPath("xdg-open"); err != nil {
		return nil
	}
	return []string{"BROWSER=env -u BROWSER -u XDG_DATA_HOME -u XDG_STATE_HOME xdg-open"}
}

// SignIn runs the terminal program's login --no-browser --json, which cmd is, and has the person visit the page that
// it prints.
func (a Account) SignIn(ctx context.Context, cmd *exec.Cmd) (err error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	defer func() {
		if err != nil {
			_ = cmd.Process.Kill() // it would wait for the browser
		}
		err = errors.Join(err, cmd.Wait())
	}()
	lines := json.NewDecoder(out)
	var line struct {
		Event, URL string
		Account    struct{ DID string }
	}
	if err := lines.Decode(&line); err != nil || line.Event != "open" {
		return errors.Join(fmt.Errorf("devnet: the terminal program said %q instead of a page to open", line.Event), err)
	}
	if _, err := (Browser{Password: a.Password}).Visit(ctx, line.URL); err != nil {
		return err
	}
	if err := lines.Decode(&line); err != nil || line.Event != "signed_in" || line.Account.DID != a.DID {
		return errors.Join(fmt.Errorf("devnet: the terminal program said %q instead of who is signed in", line.Event), err)
	}
	return nil
}
