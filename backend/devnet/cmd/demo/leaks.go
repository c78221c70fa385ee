package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
)

// nothingLeaks searches everything that the program wrote (the log, the database, what the web view keeps,
// the keyring's file) for what must be in none of it: the authorization URL, the tokens and keys of the
// account, if one is signed in, and what else a story has, named for what it is.
func (p *play) nothingLeaks(ctx context.Context, account string, more map[string]string) error {
	secret := map[string]string{
		"an authorization URL":            "request_uri=",
		"an escaped authorization URL":    "request_uri%3",
		"a pushed authorization request":  "urn:ietf:params:oauth:request_uri",
		"the login hint of a sign-in URL": "login_hint",
	}
	maps.Copy(secret, more)
	// What must be there proves that the search would find the others.
	plain := "SQLite format 3"
	if account != "" {
		session, err := p.home.session(ctx, account)
		if err != nil {
			return err
		}
		secret["the access token"], secret["the refresh token"] = string(session.Tokens.Access), string(session.Tokens.Refresh)
		secret["the private key"], secret["the sealing key"] = string(session.keys.DPoP), string(session.keys.Sealing[:])
		plain = account
	}
	found, files := false, 0
	// Another process has to read: were this one to open and close the database's files, it would lose
	// the locks that its own connections have on them (https://sqlite.org/howtocorrupt.html, section 2.2).
	err := p.eachFile(ctx, func(name string, data []byte) error {
		files++
		found = found || bytes.Contains(data, []byte(plain))
		for what, text := range secret {
			if bytes.Contains(data, []byte(text)) {
				return fmt.Errorf("%s is readable in %s", what, name)
			}
		}
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("the search is blind: in %d files it did not find %s", files, plain)
	}
	return err
}

// eachFile reads all files of the private desktop.
func (p *play) eachFile(ctx context.Context, look func(name string, data []byte) error) error {
	pack := exec.CommandContext(ctx, "tar", "--create", "--ignore-failed-read", "--warning=none", "--directory", filepath.Join(p.dir, "desktop"), ".")
	out, err := pack.StdoutPipe()
	if err != nil {
		return err
	}
	if err := pack.Start(); err != nil {
		return err
	}
	defer func() {
		// Files that change meanwhile make it end with a complaint.
		_, _ = io.Copy(io.Discard, out)
		_ = pack.Wait()
	}()
	for files := tar.NewReader(out); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := look(header.Name, data); err != nil {
			return err
		}
	}
}
