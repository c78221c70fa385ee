package devnet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Action is what the person does with an authorization URL.
type Action string

// What a person can do there.
const (
	Approve Action = "approve" // sign in and authorize; what an empty Action means
	Deny    Action = "deny"    // sign in and deny access
	Cancel  Action = "cancel"  // press "Cancel" on the first page
	Leave   Action = "leave"   // look at the first page and go away without deciding
)

// Browser is a person in front of the system browser, played by Chromium without a screen.
type Browser struct {
	Password string
	Handle   string // typed when the page does not know who signs in
	Action   Action
	Shots    string // directory for screenshots; none when empty
	// Profile is a directory that keeps the browser's sessions for the next visit, which may not begin
	// before this one is over. When empty, every visit has a fresh profile.
	Profile string
	// Elsewhere is a browser on another computer: the program's own page can't be loaded there.
	Elsewhere bool

	// Scheme is one whose addresses this person lets pages of Issuer, an origin, hand to the program that is
	// registered for it: the sign-in then ends with that. The browser hands over in the desktop's own way.
	Scheme, Issuer string

	// At the email provider of a network there is no password but a code in the mail.

	Email      string // typed when asked, and picked where the browser is still signed in
	Mail       string // Network.MailBox of the network
	NewHandle  string // chosen for a new account, without its domain; a random one when empty
	WrongCodes int    // how many wrong codes are typed before the right one
}

// Page is what a person sees of a page.
type Page struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	// Address of a page that could not be loaded, whole; that of any other is not told.
	Address string `json:"address"`
}

// Pages are those that a visit passed; the others are empty.
type Pages struct {
	Welcome Page // the first one when nobody knows who signs in
	SignIn  Page
	Consent Page
	Final   Page // what the program shows on 127.0.0.1
	// Stranded is the browser's complaint where it can't load that.
	Stranded Page
	// Handed is what the browser still shows after it has handed the address over, in place of Final.
	Handed Page

	// Those of the email provider.

	Email        Page // which email?
	Code         Page // as it was seen last
	Chooser      Page // the accounts that the browser is still signed in to
	ChooseHandle Page
	Ended        Page // the request is dead, and the program hears nothing of it
}

// Visit opens an authorization URL and returns when the person is done with it: when the program's own
// page has loaded, the page was left, or the request has ended. It gives up after 60 seconds.
func (b Browser) Visit(ctx context.Context, url string) (Pages, error) {
	node, err := findNode()
	if err != nil {
		return Pages{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, node.script("approve"), url)
	cmd.Env = append(os.Environ(), b.settings("")...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// On SIGTERM the script closes Chromium and removes its profile.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return Pages{}, fmt.Errorf("devnet: the visit failed: %w\n%s", err, strings.TrimSpace(stderr.String()))
	}
	return readPages(&stdout)
}

// Env returns the environment variables that make this person the system browser of a child process that
// opens URLs itself. What they saw goes to the file named pages, for ReadPages.
func (b Browser) Env(pages string) ([]string, error) {
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	return append(b.settings(pages), "BROWSER="+node.script("approve")), nil
}

// settings always sets all of them, so that none comes from the environment of the tests.
func (b Browser) settings(out string) []string {
	action := b.Action
	if action == "" {
		action = Approve
	}
	elsewhere := ""
	if b.Elsewhere {
		elsewhere = "1"
	}
	return []string{
		"DEVNET_PASSWORD=" + b.Password,
		"DEVNET_HANDLE=" + b.Handle,
		"DEVNET_ACTION=" + string(action),
		"DEVNET_SHOTS=" + b.Shots,
		"DEVNET_OUT=" + out,
		"DEVNET_PROFILE=" + b.Profile,
		"DEVNET_ELSEWHERE=" + elsewhere,
		"DEVNET_SCHEME=" + b.Scheme,
		"DEVNET_ISSUER=" + b.Issuer,
		"DEVNET_EMAIL=" + b.Email,
		"DEVNET_MAIL=" + b.Mail,
		"DEVNET_NEW_HANDLE=" + b.NewHandle,
		"DEVNET_WRONG_CODES=" + strconv.Itoa(b.WrongCodes),
	}
}

// ReadPages reads what the browser of Env has seen until now; the final page comes last.
func ReadPages(file string) (Pages, error) {
	f, err := os.Open(file)
	if err != nil {
		return Pages{}, fmt.Errorf("devnet: %w", err)
	}
	defer func() { _ = f.Close() }()
	return readPages(f)
}

func readPages(r io.Reader) (Pages, error) {
	var pages Pages
	byName := map[string]*Page{
		"welcome": &pages.Welcome, "sign-in": &pages.SignIn, "consent": &pages.Consent, "final": &pages.Final, "stranded": &pages.Stranded, "handed": &pages.Handed,
		"email": &pages.Email, "code": &pages.Code, "chooser": &pages.Chooser,
		"choose-handle": &pages.ChooseHandle, "ended": &pages.Ended,
	}
	for lines := json.NewDecoder(r); ; {
		var line struct {
			Name string `json:"page"`
			Page
		}
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			return pages, nil
		} else if err != nil {
			return Pages{}, fmt.Errorf("devnet: the browser's account of its visit: %w", err)
		}
		page, ok := byName[line.Name]
		if !ok {
			return Pages{}, fmt.Errorf("devnet: the browser saw a page of an unknown kind, %q", line.Name)
		}
		*page = line.Page
	}
}
