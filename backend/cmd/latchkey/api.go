package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/bluesky-social/indigo/atproto/atclient"
	"github.com/bluesky-social/indigo/atproto/syntax"
	"github.com/spf13/cobra"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/wire"
)

func apiCommand(out *printer) *cobra.Command {
	var account string
	var post bool
	cmd := &cobra.Command{
		Use:   "api NSID [key=value...]",
		Short: "Call a method of the account's server",
		Long: `Call a method of the account's server with its session.

A query is the default. With --post it is a procedure, and the values become its JSON body. A value
that starts with : is JSON itself: limit=:5, active=:true.

Files can't be sent yet: procedures that take one are refused, and so is @ with the name of a file.`,
		Example: "  " + command + " api com.atproto.server.getSession\n  " + command + " api com.atproto.repo.listRecords repo=did:plc:... collection=app.bsky.feed.post",
		Args:    usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := newRequest(args, post)
			if err != nil {
				return usageError{err}
			}
			return withKeys(cmd, wire.Options{NoBrowser: true}, func(ctx context.Context, service *auth.Service) error {
				var names []string
				if account != "" {
					names = []string{account}
				}
				accounts, err := chosen(ctx, service, names, false)
				if err != nil {
					return err
				}
				client, err := service.Client(ctx, accounts[0].DID)
				if err != nil {
					return err
				}
				return call(ctx, client, req, out)
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "the account's handle or DID, if not the current one")
	cmd.Flags().BoolVar(&post, "post", false, "call a procedure instead of a query")
	return cmd
}

// takesFile are the procedures whose body is a file's bytes and no JSON, by their lexicons
// (https://atproto.com/specs/lexicon, "encoding").
var takesFile = map[string]bool{
	"com.atproto.repo.uploadBlob": true,
	"com.atproto.repo.importRepo": true,
	"app.bsky.video.uploadVideo":  true,
}

// isFile reports whether there is a file of this name, as curl and gh would take it after an @.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// newRequest makes a request of the arguments: the method's NSID and its values.
func newRequest(args []string, post bool) (*atclient.APIRequest, error) {
	nsid, err := syntax.ParseNSID(args[0])
	if err != nil {
		return nil, errors.New("the method must be an NSID, such as com.atproto.server.getSession")
	}
	if post && takesFile[nsid.String()] {
		return nil, fmt.Errorf("%s takes a file as its body, which can't be sent from here yet: send it with another program", nsid)
	}
	query, body := url.Values{}, map[string]any{}
	for _, arg := range args[1:] {
		key, text, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not of the form key=value", arg)
		}
		if !post {
			query.Add(key, strings.TrimPrefix(text, ":"))
			continue
		}
		if name, at := strings.CutPrefix(text, "@"); at && isFile(name) {
			return nil, fmt.Errorf("%q would send the file's name and not the file, and files can't be sent yet; if that text is meant, write it as JSON: '%s=:%q'", arg, key, text)
		}
		var value any = text
		if raw, isJSON := strings.CutPrefix(text, ":"); isJSON {
			if !json.Valid([]byte(raw)) {
				return nil, fmt.Errorf("the value of %q is not JSON", key)
			}
			value = json.RawMessage(raw) // as it is: numbers may be larger than a float64 holds
		}
		body[key] = value
	}
	if !post {
		req := atclient.NewAPIRequest(http.MethodGet, nsid, nil)
		req.QueryParams = query
		return req, nil
	}
	if len(body) == 0 {
		return atclient.NewAPIRequest(http.MethodPost, nsid, nil), nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req := atclient.NewAPIRequest(http.MethodPost, nsid, bytes.NewReader(data))
	req.Headers.Set("Content-Type", "application/json")
	return req, nil
}

// call prints the server's answer as it is, a refusal included, so that scripts can read both.
func call(ctx context.Context, client *atclient.APIClient, req *atclient.APIRequest, out *printer) error {
	res, err := client.Do(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(out.out, res.Body); err != nil {
		return latchkey.NewError(latchkey.ServerUnreachable, err)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		_, _ = fmt.Fprintln(out.out)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return latchkey.NewError(latchkey.RequestRefused, fmt.Errorf("HTTP %d", res.StatusCode))
	}
	return nil
}
