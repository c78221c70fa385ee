//go:build devnet

package webview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bluesky-social/indigo/atproto/syntax"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/devnet"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/sqlite"
)

// mustSave puts accounts where the window of a desktop finds them; the first one is the one that it shows.
func mustSave(t *testing.T, desktop *devnet.Desktop, accounts []latchkey.Account) {
	t.Helper()
	id := mustBrand(t).ID
	paths := config.Paths{Data: filepath.Join(desktop.DataHome(), id), State: filepath.Join(desktop.StateHome(), id)}
	store, err := sqlite.Open(t.Context(), paths.Database(), paths.Locks())
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range accounts {
		a.LastUsed = time.Now().Add(-time.Duration(i) * time.Hour)
		if err := store.SaveAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func did(i int) syntax.DID { return syntax.DID(fmt.Sprintf("did:plc:%024d", i)) }

// flat is a text as it is read from the screen: blanks are one, and what has no glyph is left out.
func flat(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '\u202e' || r == '\ufeff' {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// mustRead waits until all of these texts are on the screen, letter by letter. A part of what an element says is enough.
func mustRead(t *testing.T, window *devnet.Window, wanted ...string) {
	t.Helper()
	if err := window.Read(patiently(t), func(said []string) error {
		all := make([]string, len(said))
		for i, s := range said {
			all[i] = flat(s)
		}
		var missing []string
		for _, w := range wanted {
			if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, flat(w)) }) {
				missing = append(missing, w)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("%d texts are not on the screen: %q", len(missing), missing)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// mustBrand is the brand of the windows.
func mustBrand(t *testing.T) config.Brand {
	t.Helper()
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Brand
}

// nothingRan checks the window after all of it.
func nothingRan(t *testing.T, window *devnet.Window, c *canary, what string, tried int) {
	t.Helper()
	if err := window.WaitFor(patiently(t), "document web", mustBrand(t).Name); err != nil {
		t.Error(err)
	}
	executed := int(c.visits.Load()) + strings.Count(mustLog(t, window), mark)
	if executed != 0 {
		t.Errorf("%d things ran or were fetched", executed)
	}
	t.Logf("figure: injections %s: tried %d, executed %d", what, tried, executed)
}

// Handles and servers are checked before they are kept; here somebody wrote into the database.
// hostile: 57
func TestInjectionsIntoHandlesServersAndReasons(t *testing.T) {
	t.Parallel()
	c := newCanary(t)
	var accounts []latchkey.Account
	var wanted []string
	all := payloads(slices.Concat(corpus, odd), c)
	for i, p := range all {
		accounts = append(accounts, latchkey.Account{
			DID: did(i), Handle: syntax.Handle(fmt.Sprintf("%d %s", i, p)), Server: fmt.Sprintf("%s %d", p, i),
			Status: latchkey.NeedsSignIn, Reason: latchkey.SessionRejected,
		})
		wanted = append(wanted, fmt.Sprintf("%d %s", i, p), fmt.Sprintf("%s %d", p, i))
	}
	// One that holds them all is shown large, with where it moved to.
	host := strings.Join(payloads(hosts, c), ".")
	whole := strings.Join(all, " | ")
	accounts = slices.Insert(accounts, 0, latchkey.Account{
		DID: did(900), Handle: syntax.Handle(whole), Server: "https://" + host,
		Status: latchkey.NeedsSignIn, Reason: latchkey.AccountMoved,
	})
	wanted = append(wanted, whole, "has moved to "+host, "Sign in on "+host)

	desktop := mustScreen(t)
	mustSave(t, desktop, accounts)
	window := mustOpen(t, desktop, mustBuild(t, "."))
	mustRead(t, window, wanted...)
	nothingRan(t, window, c, "into handles, servers and reasons", 3*len(all)+2*len(hosts))
}

// disguises are pictures that are documents as well.
var disguises = []string{
	`<svg xmlns="http://www.w3.org/2000/svg" onload="RUN"><script>RUN</script><image href="http://ADDRESS/"/></svg>`,
	`<!doctype html><script>RUN</script><img src=//ADDRESS>`,
	"GIF89a/*<script>RUN</script>*/=1;RUN",
	"\x89PNG\r\n\x1a\n<script>RUN</script><img src=//ADDRESS>",
	"\xff\xd8\xff\xe0<script>RUN</script><img src=//ADDRESS>",
	onePixel + "<script>RUN</script><img src=//ADDRESS>",
}

// onePixel is a PNG.
const onePixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x56\xc7\x2f\x0d\x00\x00\x00\x00IEND\xaeB`\x82"

// What accounts call themselves, the pictures that they have, and what servers say when they refuse.
// hostile: 57
func TestInjectionsIntoNamesPicturesAndErrors(t *testing.T) {
	t.Parallel()
	c := newCanary(t)
	names, pictures := payloads(corpus, c), payloads(disguises, c)
	network := hostile.New(t)
	network.XRPC = func(w http.ResponseWriter, r *http.Request) {
		var i int
		if _, err := fmt.Sscanf(r.URL.Query().Get("repo")+r.URL.Query().Get("did"), "did:plc:%d", &i); err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
		if strings.HasSuffix(r.URL.Path, "getBlob") {
			hostile.Body(http.StatusOK, "image/png", pictures[i%len(pictures)])(w, r)
			return
		}
		const cid = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
		hostile.JSON(w, http.StatusOK, map[string]any{"value": map[string]any{
			"displayName": names[i%len(names)], "avatar": map[string]any{"$type": "blob", "ref": map[string]string{"$link": cid}},
		}})
	}
	network.Push = func(w http.ResponseWriter, _ *http.Request) {
		hostile.Refuse(w, http.StatusBadRequest, names[0], strings.Join(names, " "))
	}
	var accounts []latchkey.Account
	for i := range len(names) + 1 {
		a := latchkey.Account{DID: did(i), Handle: syntax.Handle(fmt.Sprintf("h%d.example.net", i)), Server: hostile.PDS, Status: latchkey.Active}
		if i == len(names) {
			a.Status, a.Reason = latchkey.NeedsSignIn, latchkey.SessionRejected
		}
		network.DIDs[a.DID], network.Handles[a.Handle] = hostile.Identity{Handle: a.Handle, Server: a.Server}, a.DID
		accounts = append(accounts, a)
	}
	desktop := mustScreen(t)
	mustSave(t, desktop, accounts)
	window := mustOpen(t, desktop, mustBuild(t, "."), config.Variable(config.NetworkFile)+"="+mustNetworkFile(t, network))
	for i, name := range names {
		if i > 0 {
			if err := window.Press(patiently(t), "push button", fmt.Sprintf("Switch to h%d.example.net", i)); err != nil {
				t.Fatal(err)
			}
		}
		mustRead(t, window, name)
	}
	for _, button := range []string{fmt.Sprintf("Switch to h%d.example.net", len(names)), "Sign in again"} {
		if err := window.Press(patiently(t), "push button", button); err != nil {
			t.Fatal(err)
		}
	}
	mustRead(t, window, latchkey.ServerRefused.Sentence())
	nothingRan(t, window, c, "into names, pictures and errors", 2*len(names)+len(pictures))
}

// What is typed comes back on the screen and goes through the bridge; it is in no log.
// hostile: 57, 63
func TestInjectionsIntoBoxes(t *testing.T) {
	t.Parallel()
	c := newCanary(t)
	desktop := mustScreen(t)
	window := mustOpen(t, desktop, mustBuild(t, "."))
	submit := func(box, text, button, sentence string) {
		t.Helper()
		if err := window.Type(patiently(t), "entry", box, text); err != nil {
			t.Fatal(err)
		}
		if err := window.Press(patiently(t), "push button", button); err != nil {
			t.Fatal(err)
		}
		mustRead(t, window, sentence, text)
	}
	const box, server, email = "Who are you?", "Server's address", "canary-typed@example.org"
	typed := payloads([]string{`<script>RUN</script>`, `"><img src=x onerror=RUN>`, `');RUN//`}, c)
	for _, p := range typed {
		submit(box, p, "Continue", latchkey.InvalidIdentifier.Sentence())
	}
	if err := window.Type(patiently(t), "entry", box, email); err != nil {
		t.Fatal(err)
	}
	for _, p := range typed {
		submit(server, p, "Use this server", latchkey.InvalidIdentifier.Sentence())
	}
	if strings.Contains(mustLog(t, window), "canary-typed") {
		t.Error("what was typed is logged")
	}
	nothingRan(t, window, c, "into boxes", 2*len(typed))
}

// mustNetworkFile leads a development build to a network of ours.
func mustNetworkFile(t *testing.T, network *hostile.Server) string {
	t.Helper()
	file := struct {
		PLC     string            `json:"plc_url"`
		Resolve map[string]string `json:"resolve"`
		CA      string            `json:"ca_file"`
		DNS     string            `json:"dns"`
	}{hostile.PLC, map[string]string{}, "ca.pem", "off"}
	for name, target := range network.Exceptions().Resolve {
		file.Resolve[name] = target.Address
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"network.json": data, "ca.pem": network.Authority()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "network.json")
}
