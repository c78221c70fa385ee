// Package profile reads what accounts say of themselves in public: the name to show and the picture of
// the record app.bsky.actor.profile/self. It asks the account's own server, so that no third party learns
// who signs in here (https://atproto.com/specs/repository, com.atproto.repo.getRecord and
// com.atproto.sync.getBlob).
//
// Suggestions while typing do ask a third party, which learns what is typed, and pictures come from where
// that one says: they are for people who have switched them on.
//
// Whoever owns the account wrote all of it, and whoever owns the server can change it: texts are made
// harmless and pictures are looked at before anybody sees them.
package profile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // so that the header of such a picture can be read
	_ "image/png"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/bluesky-social/indigo/atproto/syntax"
	_ "golang.org/x/image/webp" // the same

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// Limits of what is fetched. An image of the record is at most 1,000,000 bytes (its lexicon).
var (
	records  = safehttp.Limits{Body: 64 << 10, Total: 3 * time.Second}
	pictures = safehttp.Limits{Body: 1 << 20, Total: 10 * time.Second}
)

const (
	// nameMost is how many characters of a name are shown; the lexicon has 64.
	nameMost = 64
	// sideMost is how many pixels a picture may be wide or high: shown, it takes 4 bytes for each.
	sideMost = 2048
)

// Reader implements [latchkey.Profiles] and [latchkey.Suggestions].
type Reader struct {
	client                         *safehttp.Client
	records, pictures, suggestions *http.Client
}

var _ latchkey.Profiles = (*Reader)(nil)

// New makes a reader.
func New(client *safehttp.Client) *Reader {
	return &Reader{client: client, records: client.HTTP(records), pictures: client.HTTP(pictures), suggestions: client.HTTP(suggestions)}
}

// Profile implements [latchkey.Profiles].
func (r *Reader) Profile(ctx context.Context, id latchkey.Identity) (latchkey.Profile, error) {
	body, status, err := get(ctx, r.records, id.Server+"/xrpc/com.atproto.repo.getRecord?"+url.Values{
		"repo": {id.DID.String()}, "collection": {"app.bsky.actor.profile"}, "rkey": {"self"},
	}.Encode())
	if err != nil {
		return latchkey.Profile{}, err
	}
	if status == http.StatusBadRequest || status == http.StatusNotFound {
		return latchkey.Profile{}, nil // RecordNotFound: most accounts of other apps have none
	}
	if status != http.StatusOK {
		return latchkey.Profile{}, refused(status)
	}
	var record struct {
		Value struct {
			DisplayName string `json:"displayName"`
			Avatar      struct {
				Ref struct {
					Link string `json:"$link"`
				} `json:"ref"`
			} `json:"avatar"`
		} `json:"value"`
	}
	if err := json.Unmarshal(body, &record); err != nil {
		return latchkey.Profile{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("not a profile"))
	}
	profile := latchkey.Profile{Name: plain(record.Value.DisplayName)}
	if cid, err := syntax.ParseCID(record.Value.Avatar.Ref.Link); err == nil {
		profile.Avatar = cid.String()
	}
	return profile, nil
}

// Picture implements [latchkey.Profiles].
func (r *Reader) Picture(ctx context.Context, id latchkey.Identity, avatar string) (latchkey.Picture, error) {
	return r.picture(ctx, id.Server+"/xrpc/com.atproto.sync.getBlob?"+url.Values{
		"did": {id.DID.String()}, "cid": {avatar},
	}.Encode())
}

// picture fetches one that can be shown. What the server says of the type does not matter: the content
// must be a PNG, a JPEG or a WebP by its first bytes and by its header. An SVG is a document with scripts, so
// it is none of them.
func (r *Reader) picture(ctx context.Context, address string) (latchkey.Picture, error) {
	body, status, err := get(ctx, r.pictures, address)
	if err != nil {
		return latchkey.Picture{}, err
	}
	if status != http.StatusOK {
		return latchkey.Picture{}, refused(status)
	}
	kind := http.DetectContentType(body)
	switch kind {
	case "image/png", "image/jpeg", "image/webp":
	default:
		return latchkey.Picture{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("not a picture that is shown"))
	}
	// The header alone: decoding all of it is what a decompression bomb waits for.
	config, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || "image/"+format != kind {
		return latchkey.Picture{}, latchkey.NewError(latchkey.ResponseInvalid, errors.New("a picture without its header"))
	}
	if config.Width < 1 || config.Height < 1 || config.Width > sideMost || config.Height > sideMost {
		return latchkey.Picture{}, latchkey.NewError(latchkey.ResponseInvalid, fmt.Errorf("a picture of %d x %d", config.Width, config.Height))
	}
	return latchkey.Picture{Type: kind, Data: body}, nil
}

func get(ctx context.Context, client *http.Client, address string) (body []byte, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, latchkey.NewError(latchkey.Internal, safehttp.Bare(err))
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, 0, failed(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err = io.ReadAll(res.Body); err != nil {
		return nil, 0, failed(err)
	}
	return body, res.StatusCode, nil
}

func failed(err error) error {
	err = safehttp.Bare(err)
	return latchkey.NewError(safehttp.Code(err), err)
}

func refused(status int) error {
	code := latchkey.ResponseInvalid
	if status == http.StatusTooManyRequests || status >= 500 {
		code = latchkey.ServerBusy
	}
	return latchkey.NewError(code, fmt.Errorf("HTTP %d", status))
}

// plain is a name as it can stand in a line: on one line, without marks that turn the direction of the
// text around it, without towers of accents that reach into the lines above, and not longer than a name is.
func plain(name string) string {
	const joiner = '\u200d' // holds the parts of an emoji together
	var out []rune
	marks := 0
	for _, r := range name {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case r == unicode.ReplacementChar, r != joiner && !unicode.IsGraphic(r):
			continue
		}
		if unicode.Is(unicode.M, r) {
			if marks++; marks > 2 {
				continue
			}
		} else {
			marks = 0
		}
		out = append(out, r)
	}
	out = []rune(strings.Join(strings.Fields(string(out)), " "))
	if len(out) > nameMost {
		out = append(out[:nameMost-1], '…')
	}
	return strings.Trim(string(out), " \u200d")
}
