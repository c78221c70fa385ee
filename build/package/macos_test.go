package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"howett.net/plist"
)

// stub stands in for every tool of a Mac, and for those of any machine: it writes down how it was called, makes a
// file where the tool would, and fails when its turn is number $FAIL.
const stub = `#!/bin/sh
PATH=/usr/bin:/bin
name=${0##*/}
{ printf '%s' "$name"; for word; do printf '\t%s' "$word"; done; echo; } >>"$STUBS/calls"
if [ "$(grep -c . "$STUBS/calls")" = "$FAIL" ]; then echo "the stub says no"; exit 1; fi
for last; do :; done
case "$name $1" in
"git rev-parse") echo 0123456789abcdef ;;
"git log") echo 1700000000 ;;
"go run") echo licences >"$last" ;;
"go build")
	while [ "$1" != -o ]; do shift; done
	mkdir -p "${2%/*}"
	echo "$GOOS/$GOARCH cgo $CGO_ENABLED $CGO_CFLAGS: $CGO_LDFLAGS" >"$2"
	;;
"lipo -create") cat "$4" "$5" >"$3" ;;
"iconutil --convert") ls "$last" >"$4" ;;
"hdiutil create")
	rm -rf "$STUBS/image"
	cp -RP "$5" "$STUBS/image"
	echo "an image" >"$last"
	;;
"xcrun notarytool") if [ "$2" = submit ]; then cat "$STUBS/answer"; else echo "the reasons of Apple"; fi ;;
esac
`

const accepted = `{"id": "2efe2717", "status": "Accepted", "message": "Processing complete"}`

// harbour is a brand that is none of ours, in a folder of its own.
func harbour(t *testing.T, name, clientID string, scheme bool) string {
	t.Helper()
	dir := t.TempDir()
	for _, icon := range []string{"mark.svg", "icon.svg", "icon.png"} {
		data, err := os.ReadFile(filepath.Join(brandFolder, icon))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, icon), string(data))
	}
	write(t, filepath.Join(dir, "brand.json"), fmt.Sprintf(
		`{"name": %q, "id": "harbour", "accent": {"light": "#0b4f6c", "dark": "#6cc5e8"}, "client_id": %q, "scopes": ["atproto"], "email_provider": "", "email_providers": [], "suggestions": "", "scheme_redirect": %v}`, name, clientID, scheme))
	write(t, filepath.Join(dir, "packaging.json"), `{"command": "harbour", "app_id": "test.harbour.Pier", "summary": "Ships & <quays>", "description": ["A pier."],
		"maintainer": "Jo <jo@harbour.test>", "homepage": "https://harbour.test", "keywords": [], "screenshots": []}`)
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stubs puts stubs in the place of all tools, and answers the folder where they write. The keys are in the
// environment.
func stubs(t *testing.T) string {
	t.Helper()
	t.Chdir("../..")
	dir := t.TempDir()
	tools := filepath.Join(dir, "tools")
	if err := os.Mkdir(tools, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"git", "npm", "go", "lipo", "iconutil", "codesign", "hdiutil", "xcrun", "spctl"} {
		if err := os.WriteFile(filepath.Join(tools, name), []byte(stub), 0o700); err != nil { // #nosec G306 -- it is run
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "answer"), accepted)
	write(t, filepath.Join(dir, "notary.p8"), "canary")
	for name, value := range map[string]string{"PATH": tools, "STUBS": dir, "FAIL": "", identityVariable: "Developer ID Application: Jo (HARBOUR123)",
		notaryVariable: filepath.Join(dir, "notary.p8"), notaryIDVariable: "KEY1", notaryIssuerVariable: "issuer-1"} {
		t.Setenv(name, value)
	}
	return dir
}

// calls are what was called since the last time, a line each.
func calls(t *testing.T, dir string) []string {
	t.Helper()
	file := filepath.Join(dir, "calls")
	lines := strings.Split(strings.TrimSpace(read(t, file)), "\n")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	return lines
}

// made answers the names of what lies in a folder, which need not be there.
func made(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestDiskImage(t *testing.T) { // not parallel: it sets the environment
	dir := stubs(t)
	o := options{brand: harbour(t, "Pier: Ships/Quays", "https://app.harbour.test/client.json", true), version: "1.2.3-rc.1", keys: "environment", out: filepath.Join(dir, "out"), say: io.Discard}
	if err := macos(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := made(t, o.out); !slices.Equal(got, []string{"harbour-1.2.3-rc.1-macos.dmg"}) {
		t.Errorf("made %q", got)
	}
	const identity = "--timestamp\t--sign\tDeveloper ID Application: Jo (HARBOUR123)\t"
	const hardened = "codesign\t--force\t--options\truntime\t--entitlements\tWORK/entitlements.plist\t" + identity
	notary := "\t--key\t" + filepath.Join(dir, "notary.p8") + "\t--key-id\tKEY1\t--issuer\tissuer-1"
	const app, image = "WORK/content/Pier- Ships-Quays.app", "WORK/harbour-1.2.3-rc.1-macos.dmg"
	want := []string{
		"git\tstatus", "git\trev-parse", "git\tlog",
		"npm\t--prefix\tfrontend\trun\tbuild",
		"go\tbuild", "go\tbuild", "lipo\t-create\t-output\t" + app + "/Contents/MacOS/harbour-window\tWORK/amd64/harbour-window\tWORK/arm64/harbour-window",
		"go\tbuild", "go\tbuild", "lipo\t-create\t-output\t" + app + "/Contents/MacOS/harbour\tWORK/amd64/harbour\tWORK/arm64/harbour",
		"go\trun\t./build/licences", "iconutil\t--convert\ticns",
		hardened + "--identifier\ttest.harbour.Pier.terminal\t" + app + "/Contents/MacOS/harbour",
		hardened + app,
		"codesign\t--verify\t--deep\t--strict\t--verbose=2\t" + app,
		"hdiutil\tcreate\t-volname\tPier: Ships/Quays\t-srcfolder\tWORK/content\t-format\tUDZO\t" + image,
		"codesign\t" + identity + image,
		"xcrun\tnotarytool\tsubmit\t" + image + "\t--wait\t--timeout\t1h\t--output-format\tjson" + notary,
		"xcrun\tstapler\tstaple\t" + image,
		"xcrun\tstapler\tvalidate\t" + image,
		"spctl\t--assess\t--type\topen\t--context\tcontext:primary-signature\t--verbose=2\t" + image,
	}
	got := calls(t, dir)
	if len(got) != len(want) {
		t.Fatalf("%d calls, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	work, _, _ := strings.Cut(got[len(got)-1][strings.LastIndex(got[len(got)-1], "\t")+1:], "/harbour-")
	for i, call := range got {
		call = strings.ReplaceAll(call, work, "WORK")
		// What signs is compared to the end; of other tools it is enough how they begin.
		if same := call == want[i] || !strings.Contains("codesign xcrun spctl hdiutil lipo", strings.Split(call, "\t")[0]) && strings.HasPrefix(call, want[i]+"\t"); !same {
			t.Errorf("call %d:\n%s\nwant\n%s", i+1, call, want[i])
		}
		if strings.Contains(call, "canary") {
			t.Errorf("a key is on the command line: %s", call)
		}
		if strings.HasPrefix(call, "go\tbuild") && !strings.Contains(call, "config.version=1.2.3-rc.1 -X main.command=harbour") {
			t.Errorf("this compiles another version: %s", call)
		}
	}
	if _, err := os.Stat(work); !os.IsNotExist(err) {
		t.Errorf("the folder of the work: %v", err)
	}

	// What lies in the image.
	contents := filepath.Join(dir, "image", "Pier- Ships-Quays.app", "Contents")
	if link, err := os.Readlink(filepath.Join(dir, "image", "Applications")); err != nil || link != "/Applications" {
		t.Errorf("where to drag it: %q, %v", link, err)
	}
	const linked = "cgo 1 -O2 -mmacosx-version-min=12.0: -framework UniformTypeIdentifiers -mmacosx-version-min=12.0\n"
	for name, want := range map[string]string{
		"MacOS/harbour":          "darwin/amd64 cgo 0 : \ndarwin/arm64 cgo 0 : \n",
		"MacOS/harbour-window":   "darwin/amd64 " + linked + "darwin/arm64 " + linked,
		"Resources/LICENSE":      read(t, "LICENSE"),
		"Resources/licences.txt": "licences\n",
		"Resources/icon.icns": "icon_128x128.png\nicon_128x128@2x.png\nicon_16x16.png\nicon_16x16@2x.png\nicon_256x256.png\nicon_256x256@2x.png\n" +
			"icon_32x32.png\nicon_32x32@2x.png\nicon_512x512.png\n",
	} {
		if got := read(t, filepath.Join(contents, name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	checkInfo(t, read(t, filepath.Join(contents, "Info.plist")), map[string]any{
		"CFBundleName": "Pier: Ships/Quays", "CFBundleDisplayName": "Pier: Ships/Quays", "CFBundleIdentifier": "test.harbour.Pier", "CFBundleExecutable": "harbour-window",
		"CFBundleGetInfoString": "Pier: Ships/Quays 1.2.3-rc.1: Ships & <quays>", "CFBundleShortVersionString": "1.2.3", "CFBundleVersion": "1.2.3",
		"CFBundleURLTypes": []any{map[string]any{"CFBundleURLName": "test.harbour.Pier", "CFBundleTypeRole": "Viewer", "CFBundleURLSchemes": []any{"test.harbour.app"}}},
	})
}

// checkInfo reads an Info.plist key by key: these, those that are the same for all, and no other.
func checkInfo(t *testing.T, text string, want map[string]any) {
	t.Helper()
	if !strings.HasPrefix(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist ") {
		t.Errorf("this begins otherwise: %.80s", text)
	}
	for key, value := range map[string]any{
		"CFBundleInfoDictionaryVersion": "6.0", "CFBundlePackageType": "APPL", "CFBundleIconFile": "icon.icns", "CFBundleDevelopmentRegion": "en",
		"CFBundleLocalizations": []any{"en", "de"}, "LSApplicationCategoryType": "public.app-category.social-networking",
		"LSMinimumSystemVersion": "12.0", "NSHighResolutionCapable": true,
	} {
		want[key] = value
	}
	got := map[string]any{}
	format, err := plist.Unmarshal([]byte(text), &got)
	if err != nil || format != plist.XMLFormat {
		t.Fatalf("format %d, %v", format, err)
	}
	for key := range want {
		if !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s is %#v, want %#v", key, got[key], want[key])
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s is there, too: %#v", key, got[key])
		}
	}
}

// Our own brand has neither a scheme nor a version with letters. WebKit tells the page the languages that are in
// here, and they are those that the window has.
func TestInfoOfOurOwn(t *testing.T) {
	t.Chdir("../..")
	p, err := readProduct(brandFolder)
	if err != nil {
		t.Fatal(err)
	}
	p.version = "0.0.0+14.gabcdef0"
	text, err := p.fill("Info.plist")
	if err != nil {
		t.Fatal(err)
	}
	checkInfo(t, string(text), map[string]any{
		"CFBundleName": "Latchkey", "CFBundleDisplayName": "Latchkey", "CFBundleIdentifier": p.AppID, "CFBundleExecutable": p.window(),
		"CFBundleGetInfoString": "Latchkey 0.0.0+14.gabcdef0: " + p.Summary, "CFBundleShortVersionString": "0.0.0", "CFBundleVersion": "0.0.0",
	})
	languages, err := filepath.Glob("frontend/src/strings/??.ts")
	if err != nil || len(languages) != 2 {
		t.Fatalf("the window has the languages %q, %v", languages, err)
	}
	for _, file := range languages {
		if !strings.Contains(string(text), "<string>"+strings.TrimSuffix(filepath.Base(file), ".ts")+"</string>") {
			t.Errorf("the bundle does not have the language of %s", file)
		}
	}
}

// Nothing is asked for that makes the hardened runtime softer; who adds something says why where it is signed.
func TestEntitlements(t *testing.T) {
	t.Parallel()
	data, err := templates.ReadFile("files/entitlements.plist")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if _, err := plist.Unmarshal(data, &got); err != nil || got == nil || len(got) != 0 || strings.Contains(string(data), "<!--") {
		t.Errorf("%v, %v", got, err)
	}
}

// Whatever fails ends it, and leaves nothing behind that could be taken for done.
func TestDiskImageThatFails(t *testing.T) { // not parallel: it sets the environment
	dir := stubs(t)
	o := options{brand: harbour(t, "Pier", "loopback", false), version: "1.2.3", keys: "environment", out: filepath.Join(dir, "out"), say: io.Discard}
	if err := macos(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	whole := calls(t, dir)
	for i := range whole {
		t.Setenv("FAIL", fmt.Sprint(i+1))
		err := macos(t.Context(), o)
		tool, _, _ := strings.Cut(whole[i], "\t")
		if err == nil || !strings.Contains(err.Error(), tool) {
			t.Errorf("%s fails, and it ends with %v", whole[i], err)
		}
		if got := calls(t, dir); len(got) != i+1 {
			t.Errorf("%s fails, and on it goes: %q", whole[i], got[i:])
		}
		if i > 2 { // before, nothing is known of the product
			if got := made(t, o.out); len(got) != 0 {
				t.Errorf("%s fails, and there is %q", whole[i], got)
			}
		}
	}
	t.Setenv("FAIL", "")
	for answer, words := range map[string]string{
		`{"id": "2efe2717", "status": "Invalid"}`: "the reasons of Apple", `{"id": "2efe2717", "status": "In Progress"}`: "In Progress", "{}": `""`, "": "notarytool says",
	} {
		write(t, filepath.Join(dir, "answer"), answer)
		err := macos(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), "notarizing did not work") || !strings.Contains(err.Error(), words) || len(made(t, o.out)) != 0 {
			t.Errorf("Apple answers %q: %v, made %q", answer, err, made(t, o.out))
		}
		if got := calls(t, dir); slices.ContainsFunc(got, func(call string) bool { return strings.Contains(call, "stapler") }) {
			t.Errorf("Apple answers %q, and something gets stapled", answer)
		}
	}
}

// Without keys there is an image to try, whose name says that nobody signed it.
func TestDiskImageUnsigned(t *testing.T) { // not parallel: it sets the environment
	dir := stubs(t)
	o := options{brand: brandFolder, version: "1.2.3", keys: "none", out: filepath.Join(dir, "out"), say: io.Discard}
	if err := macos(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := made(t, o.out); !slices.Equal(got, []string{"latchkey-1.2.3-macos-unsigned.dmg"}) {
		t.Errorf("made %q", got)
	}
	for _, call := range calls(t, dir) {
		if strings.Contains(call, "Developer ID") || strings.Contains(call, "xcrun") || strings.HasPrefix(call, "codesign\t--force") && !strings.Contains(call, "\t--sign\t-\t") {
			t.Errorf("called %s", call)
		}
	}
}

// What is missing is named before anything is made.
func TestDiskImageWithoutKeys(t *testing.T) { // not parallel: it sets the environment
	dir := stubs(t)
	o := options{brand: harbour(t, "Pier", "loopback", false), version: "1.2.3", keys: "environment", out: filepath.Join(dir, "out"), say: io.Discard}
	for _, name := range []string{identityVariable, notaryVariable, notaryIDVariable, notaryIssuerVariable} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "")
			if err := macos(t.Context(), o); err == nil || !strings.Contains(err.Error(), name+" is empty") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Setenv(notaryVariable, filepath.Join(dir, "nowhere.p8"))
	if err := macos(t.Context(), o); err == nil || !strings.Contains(err.Error(), notaryVariable+" names no file") {
		t.Errorf("got %v", err)
	}
	o.brand = brandFolder
	if err := macos(t.Context(), o); err == nil || !strings.Contains(err.Error(), "addresses of an example") {
		t.Errorf("an example: %v", err)
	}
	if got := calls(t, dir); slices.ContainsFunc(got, func(call string) bool { return !strings.HasPrefix(call, "git") }) || len(made(t, o.out)) != 0 {
		t.Errorf("called %q, made %q", got, made(t, o.out))
	}
	if err := do(t.Context(), []string{"macos", o.out}, io.Discard); runtime.GOOS != "darwin" && (err == nil || !strings.Contains(err.Error(), "only a Mac")) {
		t.Errorf("on another system: %v", err)
	}
}

// What is half made is not left, on Linux either: not even the image that was there first.
func TestBuildThatFails(t *testing.T) { // not parallel: it sets the environment
	dir := stubs(t)
	o := options{brand: brandFolder, version: "1.2.3", keys: "none", macos: t.TempDir(), out: filepath.Join(dir, "out"), say: io.Discard}
	write(t, filepath.Join(o.macos, "latchkey-1.2.3-macos-unsigned.dmg"), "an image")
	if err := build(t.Context(), o); err == nil { // the stub of the compiler makes nothing that runs
		t.Fatal("stubs have built a release")
	}
	for i := range calls(t, dir) {
		t.Setenv("FAIL", fmt.Sprint(i+1))
		if err := build(t.Context(), o); err == nil || len(made(t, o.out)) != 0 {
			t.Errorf("call %d fails: %v, and there is %q", i+1, err, made(t, o.out))
		}
		calls(t, dir)
	}
}

// A release that is signed takes an image that is signed, of the same version.
func TestTakeImage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lies, keys, want string }{
		"signed":              {"harbour-1.2.3-macos.dmg", "environment", "harbour-1.2.3-macos.dmg"},
		"unsigned, to try":    {"harbour-1.2.3-macos-unsigned.dmg", "test", "harbour-1.2.3-macos-unsigned.dmg"},
		"unsigned, to ship":   {"harbour-1.2.3-macos-unsigned.dmg", "environment", ""},
		"of another version":  {"harbour-1.2.2-macos.dmg", "environment", ""},
		"none, and none said": {"", "environment", ""},
	} {
		from, to := t.TempDir(), t.TempDir()
		if c.lies != "" {
			write(t, filepath.Join(from, c.lies), "an image")
		} else {
			from = ""
		}
		err := product{packaging: packaging{Command: "harbour"}, version: "1.2.3"}.takeImage(options{macos: from, keys: c.keys, out: to})
		if got := strings.Join(made(t, to), " "); got != c.want || (err == nil) != (c.want != "" || from == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
