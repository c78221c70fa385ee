package profile

import (
	"bytes"
	"image"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// answering makes a reader of a server that answers every question with this.
func answering(status int, body []byte) *Reader {
	r := New(safehttp.New(safehttp.Exceptions{}, "test"))
	for _, c := range []*http.Client{r.records, r.pictures} {
		c.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
		})
	}
	return r
}

// FuzzProfile: whatever a record says, the name is one short line that stays where it is put, and the
// picture is named by a CID and nothing else.
// hostile: 20, 28, 57
func FuzzProfile(f *testing.F) {
	for _, value := range []string{
		`{"displayName":"Alice","avatar":{"ref":{"$link":"` + cid + `"}}}`, `{"displayName":"\u202eecilA\u2066\u200b"}`, `{"displayName":"e\u0301\u0301\u0301"}`,
		`{"displayName":"👩‍👧 \u200d"}`, `{"displayName":"\ud800<b>\u0000"}`, `{"avatar":{"ref":{"$link":"../../x"}}}`, `[]`,
	} {
		f.Add(200, []byte(record(value)))
	}
	f.Add(400, []byte(`{"error":"RecordNotFound"}`))
	f.Add(503, []byte(``))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, err := answering(status, body).Profile(t.Context(), alice)
		if err != nil {
			if code := latchkey.CodeOf(err); code != latchkey.ResponseInvalid && code != latchkey.ServerBusy || got != (latchkey.Profile{}) {
				t.Errorf("got %+v, %v", got, err)
			}
			return
		}
		if n := utf8.RuneCountInString(got.Name); n > nameMost || !utf8.ValidString(got.Name) || got.Name != strings.TrimSpace(got.Name) {
			t.Errorf("%d characters: %q", n, got.Name)
		}
		marks := 0
		for _, r := range got.Name {
			if unicode.Is(unicode.M, r) {
				marks++
			} else {
				marks = 0
			}
			if marks > 2 || r != '\u200d' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)) {
				t.Errorf("%U in %q", r, got.Name)
			}
		}
		if c, err := syntax.ParseCID(got.Avatar); got.Avatar != "" && (err != nil || c.String() != got.Avatar) {
			t.Errorf("avatar %q", got.Avatar)
		}
	})
}

// FuzzPicture: what is shown as a picture is a PNG, JPEG or WebP of a bearable size, byte by byte as it came.
// hostile: 19, 57
func FuzzPicture(f *testing.F) {
	for _, encode := range []func(*bytes.Buffer, image.Image) error{asPNG, asJPEG, asGIF} {
		f.Add([]byte(encoded(f, encode, 8, 8)))
	}
	f.Add([]byte(webp(f)))
	f.Add([]byte(sized(f, 1<<30, 1)))
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := answering(http.StatusOK, body).Picture(t.Context(), alice, cid)
		if err != nil {
			if code := latchkey.CodeOf(err); code != latchkey.ResponseInvalid || got.Type != "" || got.Data != nil {
				t.Errorf("got %s, %v", got.Type, err)
			}
			return
		}
		config, format, err := image.DecodeConfig(bytes.NewReader(got.Data))
		if err != nil || got.Type != "image/"+format || !bytes.Equal(got.Data, body) {
			t.Errorf("%s, which is %q, %v", got.Type, format, err)
		}
		if format != "png" && format != "jpeg" && format != "webp" || config.Width*config.Height > 1<<22 || config.Width < 1 || config.Height < 1 {
			t.Errorf("%s of %d x %d", format, config.Width, config.Height)
		}
	})
}
