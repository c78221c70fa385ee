package profile

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/safehttp"
)

const cid = "bafkreibjfgx2gprinfvicegelk5kosd6y2frmqpqzwqkg7usac74l3t2v4"

var alice = latchkey.Identity{DID: hostile.AliceDID, Handle: hostile.AliceHandle, Server: hostile.PDS}

// newReader makes a reader of a network whose servers answer every call like this.
func newReader(t *testing.T, answer http.HandlerFunc) (*Reader, *hostile.Server) {
	t.Helper()
	network := hostile.New(t)
	network.XRPC = answer
	client := safehttp.New(network.Exceptions(), "test")
	t.Cleanup(client.Close)
	return New(client), network
}

func mustCode(t *testing.T, err error, want latchkey.Code) {
	t.Helper()
	if got := latchkey.CodeOf(err); got != want {
		t.Errorf("got %v, want the code %q", err, want)
	}
}

func record(value string) string { return `{"uri":"at://x","cid":"` + cid + `","value":` + value + `}` }

func TestProfile(t *testing.T) {
	t.Parallel()
	always := func(status int, body string) http.HandlerFunc {
		return hostile.Body(status, "application/json", body)
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   latchkey.Profile
		code   latchkey.Code
	}{
		"whole":             {always(200, record(`{"$type":"app.bsky.actor.profile","displayName":"Alice","avatar":{"$type":"blob","ref":{"$link":"`+cid+`"},"mimeType":"image/png","size":9}}`)), latchkey.Profile{Name: "Alice", Avatar: cid}, ""},
		"name only":         {always(200, record(`{"displayName":" Alice \n B. "}`)), latchkey.Profile{Name: "Alice B."}, ""},
		"script stays text": {always(200, record(`{"displayName":"<img src=x onerror=alert(1)>"}`)), latchkey.Profile{Name: "<img src=x onerror=alert(1)>"}, ""}, // hostile: 57
		"turned around":     {always(200, record(`{"displayName":"\u202eecilA\u2066\u200b"}`)), latchkey.Profile{Name: "ecilA"}, ""},                             // hostile: 28
		"long":              {always(200, record(`{"displayName":"`+strings.Repeat("x", 5000)+`"}`)), latchkey.Profile{Name: strings.Repeat("x", 63) + "…"}, ""},
		"tower of accents":  {always(200, record(`{"displayName":"e`+strings.Repeat(`\u0301`, 99)+`"}`)), latchkey.Profile{Name: "e\u0301\u0301"}, ""},
		"family":            {always(200, record(`{"displayName":"👩‍👧 \u200d"}`)), latchkey.Profile{Name: "👩‍👧"}, ""},
		"avatar is no CID":  {always(200, record(`{"avatar":{"ref":{"$link":"../../etc/passwd?x"}}}`)), latchkey.Profile{}, ""},
		"there is none":     {always(400, `{"error":"RecordNotFound"}`), latchkey.Profile{}, ""},
		"not known":         {http.NotFound, latchkey.Profile{}, ""},
		"empty":             {always(200, `{}`), latchkey.Profile{}, ""},
		"other types":       {always(200, record(`{"displayName":7}`)), latchkey.Profile{}, latchkey.ResponseInvalid},
		"page":              {hostile.Body(200, "text/html", "<html>"), latchkey.Profile{}, latchkey.ResponseInvalid},
		"huge":              {always(200, record(`{"displayName":"`+strings.Repeat("x", 70<<10)+`"}`)), latchkey.Profile{}, latchkey.ResponseInvalid}, // hostile: 19
		"busy":              {always(503, ``), latchkey.Profile{}, latchkey.ServerBusy},
		"refused":           {always(401, ``), latchkey.Profile{}, latchkey.ResponseInvalid},
		"hangs up":          {hostile.HangUp, latchkey.Profile{}, latchkey.ServerUnreachable},
		"redirects":         {redirect, latchkey.Profile{}, latchkey.ResponseInvalid}, // hostile: 18
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, network := newReader(t, test.answer)
			got, err := r.Profile(t.Context(), alice)
			mustCode(t, err, test.code)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if n := network.Requests("xrpc"); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, hostile.Other+"/xrpc/elsewhere", http.StatusFound)
}

// The account's own server is asked, for this account and nothing else.
func TestQuestions(t *testing.T) {
	t.Parallel()
	var asked []string
	r, _ := newReader(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.String())
		if r.Header.Get("Authorization") != "" || r.Header.Get("DPoP") != "" {
			t.Error("the question says who asks")
		}
		http.NotFound(w, r)
	})
	_, _ = r.Profile(t.Context(), alice)
	_, _ = r.Picture(t.Context(), alice, cid)
	want := []string{
		"pds.example.net/xrpc/com.atproto.repo.getRecord?collection=app.bsky.actor.profile&repo=did%3Aplc%3Aaaaaaaaaaaaaaaaaaaaaaaaa&rkey=self",
		"pds.example.net/xrpc/com.atproto.sync.getBlob?cid=" + cid + "&did=did%3Aplc%3Aaaaaaaaaaaaaaaaaaaaaaaaa",
	}
	if strings.Join(asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked %q", asked)
	}
}

func encoded(t testing.TB, encode func(*bytes.Buffer, image.Image) error, width, height int) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }
func asGIF(b *bytes.Buffer, i image.Image) error  { return gif.Encode(b, i, nil) }

// webp is one pixel, lossless.
func webp(t testing.TB) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sized is a picture whose header claims another size.
func sized(t testing.TB, width, height uint32) string {
	t.Helper()
	data := []byte(encoded(t, asPNG, 1, 1))
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29])) // of the header's chunk
	return string(data)
}

func TestPicture(t *testing.T) {
	t.Parallel()
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	for name, test := range map[string]struct {
		kind, body string
		want       string // the type
		code       latchkey.Code
	}{
		"PNG":                    {"image/png", encoded(t, asPNG, 8, 8), "image/png", ""},
		"JPEG":                   {"image/jpeg", encoded(t, asJPEG, 8, 8), "image/jpeg", ""},
		"WebP":                   {"image/webp", webp(t), "image/webp", ""},
		"PNG called a page":      {"text/html", encoded(t, asPNG, 8, 8), "image/png", ""},
		"as large as allowed":    {"image/png", encoded(t, asPNG, sideMost, 1), "image/png", ""},
		"SVG":                    {"image/svg+xml", svg, "", latchkey.ResponseInvalid}, // hostile: 57
		"SVG called a PNG":       {"image/png", svg, "", latchkey.ResponseInvalid},     // hostile: 57
		"page called a PNG":      {"image/png", "<html><script>alert(1)</script>", "", latchkey.ResponseInvalid},
		"GIF":                    {"image/gif", encoded(t, asGIF, 8, 8), "", latchkey.ResponseInvalid},
		"nothing":                {"image/png", "", "", latchkey.ResponseInvalid},
		"first bytes only":       {"image/png", "\x89PNG\r\n\x1a\n<script>", "", latchkey.ResponseInvalid},
		"too wide":               {"image/png", sized(t, sideMost+1, 1), "", latchkey.ResponseInvalid},
		"too high":               {"image/png", sized(t, 1, sideMost+1), "", latchkey.ResponseInvalid},
		"decompression bomb":     {"image/png", sized(t, 1<<30, 1<<30), "", latchkey.ResponseInvalid},                               // hostile: 19
		"longer than a megabyte": {"image/png", encoded(t, asPNG, 8, 8) + strings.Repeat("x", 1<<20), "", latchkey.ResponseInvalid}, // hostile: 19
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newReader(t, hostile.Body(200, test.kind, test.body))
			got, err := r.Picture(t.Context(), alice, cid)
			mustCode(t, err, test.code)
			if got.Type != test.want || (test.code == "" && string(got.Data) != test.body) || (test.code != "" && got.Data != nil) {
				t.Errorf("got %s, %d bytes", got.Type, len(got.Data))
			}
		})
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		code   latchkey.Code
	}{
		"redirects": {redirect, latchkey.ResponseInvalid}, // hostile: 18
		"not there": {http.NotFound, latchkey.ResponseInvalid},
		"busy":      {hostile.Body(503, "text/plain", ""), latchkey.ServerBusy},
		"hangs up":  {hostile.HangUp, latchkey.ServerUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, network := newReader(t, test.answer)
			_, err := r.Picture(t.Context(), alice, cid)
			mustCode(t, err, test.code)
			if n := network.Requests("xrpc"); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A server of our own network is not even connected to.
// hostile: 17
func TestPrivateServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connections := make(chan net.Conn, 8)
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections <- conn
		}
	}()
	client := safehttp.New(safehttp.Exceptions{}, "test")
	t.Cleanup(client.Close)
	r, inside := New(client), alice
	inside.Server = "https://" + listener.Addr().String()
	_, err = r.Profile(t.Context(), inside)
	mustCode(t, err, latchkey.ServerUnsafe)
	_, err = r.Picture(t.Context(), inside, cid)
	mustCode(t, err, latchkey.ServerUnsafe)
	// What was connected before is accepted before this one.
	last, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if first := <-connections; first.RemoteAddr().String() != last.LocalAddr().String() {
		t.Error("the server was connected to")
	}
	_ = last.Close()
	_ = listener.Close()
	<-accepting
}

// One byte now and then is given up: limits hold for the whole answer.
// hostile: 19
func TestSlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := roundTrip(func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: dripping{req}, Request: req}, nil
		})
		client := safehttp.New(safehttp.Exceptions{}, "test")
		r := New(client)
		for _, c := range []*http.Client{r.records, r.pictures} {
			c.Transport = slow
		}
		began := time.Now()
		_, err := r.Profile(t.Context(), alice)
		mustCode(t, err, latchkey.ServerUnreachable)
		_, err = r.Picture(t.Context(), alice, cid)
		mustCode(t, err, latchkey.ServerUnreachable)
		if took := time.Since(began); took < 12*time.Second || took > 14*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dripping is a body of one byte a second.
type dripping struct{ req *http.Request }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = 'x'
		return 1, nil
	case <-d.req.Context().Done():
		return 0, d.req.Context().Err()
	}
}

func (dripping) Close() error { return nil }
