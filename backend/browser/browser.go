// Package browser opens pages in the person's own browser, and decides which addresses may be
// opened at all: https anywhere, and http on 127.0.0.1, where our own listener is. Whatever else a
// server may have smuggled in (javascript:, file:, smb: and the like) is refused. It also finds out
// whether the operating system leads a browser back to this program by a scheme of its own.
package browser

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cli/browser"

	latchkey "latchkey/backend"
)

// Browser implements [latchkey.Browser]. It honours BROWSER (a command, or several separated by
// colons as the Debian policy has it), else it asks the desktop: under WSL first that of Windows.
type Browser struct{}

var _ latchkey.Browser = Browser{}

// patience is how long a launcher is watched for a failure. One that still runs by then is the
// browser itself.
const patience = 3 * time.Second

func init() {
	// Launchers write what they like; our own output is for people and scripts.
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
}

// Open implements [latchkey.Browser]. Its error has the code BrowserFailed.
func (Browser) Open(ctx context.Context, address string) error {
	if err := check(address); err != nil {
		return latchkey.NewError(latchkey.BrowserFailed, err)
	}
	return watch(ctx, func() error { return launch(address) })
}

// watch runs what starts a browser, and answers its failure if it fails soon.
func watch(ctx context.Context, run func() error) error {
	failed := make(chan error, 1)
	// The goroutine belongs to the launcher's process and ends with it, at the latest with ours.
	go func() { failed <- run() }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case err := <-failed:
		if err != nil {
			return latchkey.NewError(latchkey.BrowserFailed, err)
		}
	case <-ctx.Done():
	}
	return nil
}

func check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return errors.New("not an address for a browser")
	}
	if u.Scheme == "https" || (u.Scheme == "http" && u.Hostname() == "127.0.0.1") {
		return nil
	}
	return errors.New("not an address for a browser")
}

func launch(address string) error {
	commands := os.Getenv("BROWSER")
	if commands == "" {
		if Here().WSL && openInWindows(address) == nil {
			return nil
		}
		return browser.OpenURL(address)
	}
	err := errors.New("BROWSER names no command")
	for command := range strings.SplitSeq(commands, string(os.PathListSeparator)) {
		fields := strings.Fields(command)
		if len(fields) == 0 {
			continue
		}
		placed := false
		for i, f := range fields {
			if strings.Contains(f, "%s") {
				fields[i], placed = strings.ReplaceAll(f, "%s", address), true
			}
		}
		if !placed {
			fields = append(fields, address)
		}
		// #nosec G204 -- the person's own choice of browser, no shell in between
		if err = exec.Command(fields[0], fields[1:]...).Run(); err == nil {
			return nil
		}
	}
	return err
}

// openInWindows opens an address from WSL. cli/browser comes to think of it only where the tools of a
// Linux desktop are missing, and those, where they are there, find no browser. No shell of either
// side reads the address.
func openInWindows(address string) error {
	err := exec.ErrNotFound
	for _, command := range [][]string{
		{"wslview"},
		{"rundll32.exe", "url.dll,FileProtocolHandler"},
		{"/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler"}, // where the PATH of Windows is not shared
	} {
		// #nosec G204 -- fixed programs, and an address that was checked
		if err = exec.Command(command[0], append(command[1:], address)...).Run(); err == nil {
			return nil
		}
	}
	return err
}
