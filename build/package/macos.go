package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// minimumMacOS is what Go wants (https://go.dev/wiki/MinimumRequirements); Wails does with less.
const minimumMacOS = "12.0"

// mac is a Mac at work on the application of one product, and on the disk image that people get it in. Only the tools
// of Apple can do that: the window is linked with the system's own libraries, and Apple notarizes it.
type mac struct {
	product
	keys  *appleKeys // nil for an image that nobody signed
	work  string
	app   string // the application, in the folder that becomes the image
	image string
}

// macos makes the disk image for macOS, which alone lies in the folder afterwards. When something fails, nothing does.
func macos(ctx context.Context, o options) (err error) {
	p, err := o.product(ctx)
	if err != nil {
		return err
	}
	keys, err := openAppleKeys(o.keys)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "macos-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := os.RemoveAll(o.out); err != nil {
		return err
	}
	name := p.imageName(keys != nil)
	m := mac{product: p, keys: keys, work: work, app: filepath.Join(work, "content", p.bundleName()), image: filepath.Join(work, name)}
	if err := m.make(ctx); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(o.out, 0o755), copyWhole(m.image, filepath.Join(o.out, name))); err != nil { // #nosec G301 -- for everybody to read
		return err
	}
	_, err = fmt.Fprintf(o.say, "package: %s %s of commit %.12s in %s\n", p.Name, p.version, p.commit, filepath.Join(o.out, name))
	return err
}

// make does one thing after the other. What lies inside is signed before what it lies in; Apple gets what people get.
func (m mac) make(ctx context.Context) error {
	type step struct {
		what string
		do   func() error
	}
	terminal := filepath.Join(m.app, "Contents", "MacOS", m.Command)
	steps := []step{
		{"compiling", func() error { return m.compile(ctx) }},
		{"making the application", func() error { return m.bundle(ctx) }},
		{"signing the terminal face", func() error { return m.sign(ctx, terminal, "--identifier", m.AppID+".terminal") }},
		{"signing the application", func() error { return m.sign(ctx, m.app) }},
		{"verifying the signatures", func() error {
			return quietly(command(ctx, "codesign", "--verify", "--deep", "--strict", "--verbose=2", m.app))
		}},
		{"making the disk image", func() error {
			return quietly(command(ctx, "hdiutil", "create", "-volname", m.Name, "-srcfolder", filepath.Dir(m.app), "-format", "UDZO", m.image))
		}},
	}
	if m.keys != nil {
		steps = append(steps,
			step{"signing the disk image", func() error {
				return quietly(command(ctx, "codesign", "--timestamp", "--sign", m.keys.identity, m.image))
			}},
			step{"notarizing", func() error { return m.notarize(ctx) }},
			step{"stapling", func() error { return quietly(command(ctx, "xcrun", "stapler", "staple", m.image)) }},
			step{"looking for what was stapled", func() error { return quietly(command(ctx, "xcrun", "stapler", "validate", m.image)) }},
			step{"asking this Mac whether it would open the disk image", func() error {
				return quietly(command(ctx, "spctl", "--assess", "--type", "open", "--context", "context:primary-signature", "--verbose=2", m.image))
			}},
		)
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s did not work: %w", s.what, err)
		}
	}
	return nil
}

// compile builds both faces for both processors, and joins them.
func (m mac) compile(ctx context.Context) error {
	overlay, err := m.overlay(m.work)
	if err != nil {
		return err
	}
	if err := page(ctx); err != nil {
		return err
	}
	folder := filepath.Join(m.app, "Contents", "MacOS")
	if err := os.MkdirAll(folder, 0o755); err != nil { // #nosec G301 -- for everybody to use
		return err
	}
	const minimum = "-mmacosx-version-min=" + minimumMacOS
	for _, c := range []struct {
		name, source string
		env, tags    []string
	}{
		// Wails needs this framework, and leaves it to the command that builds to say so.
		{m.window(), ".", []string{"CGO_ENABLED=1", "CGO_CFLAGS=-O2 " + minimum, "CGO_LDFLAGS=-framework UniformTypeIdentifiers " + minimum},
			[]string{"desktop", "production"}},
		{m.Command, "./backend/cmd/latchkey", []string{"CGO_ENABLED=0"}, nil},
	} {
		join := []string{"-create", "-output", filepath.Join(folder, c.name)}
		for _, processor := range []string{"amd64", "arm64"} {
			out := filepath.Join(m.work, processor, c.name)
			cmd := command(ctx, "go", append(m.goFlags(overlay, c.tags...), "-o", out, c.source)...)
			cmd.Env = append(goEnvironment("", "GOOS=darwin", "GOARCH="+processor), c.env...)
			if err := quietly(cmd); err != nil {
				return err
			}
			join = append(join, out)
		}
		if err := quietly(command(ctx, "lipo", join...)); err != nil {
			return err
		}
	}
	return nil
}

// bundle puts everything beside the programs where macOS looks for it, and beside the application the folder that
// people drag it to.
func (m mac) bundle(ctx context.Context) error {
	about, err := m.fill("Info.plist")
	if err != nil {
		return err
	}
	resources := filepath.Join(m.app, "Contents", "Resources")
	copyright, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	// #nosec G301 G306 -- for everybody to read
	if err := errors.Join(os.MkdirAll(resources, 0o755), os.WriteFile(filepath.Join(m.app, "Contents", "Info.plist"), about, 0o644),
		os.WriteFile(filepath.Join(resources, "LICENSE"), copyright, 0o644), os.Symlink("/Applications", filepath.Join(filepath.Dir(m.app), "Applications"))); err != nil {
		return err
	}
	if err := quietly(command(ctx, "go", "run", "./build/licences", filepath.Join(resources, "licences.txt"))); err != nil {
		return err
	}
	set, err := m.iconset()
	if err != nil {
		return err
	}
	return quietly(command(ctx, "iconutil", "--convert", "icns", "--output", filepath.Join(resources, "icon.icns"), set))
}

// iconset writes the icon in the sizes and under the names that iconutil knows. Each picture is that of a size, and of
// half that size on screens with twice as many pixels.
func (m mac) iconset() (string, error) {
	icons, err := m.icons()
	if err != nil {
		return "", err
	}
	set := filepath.Join(m.work, "icon.iconset")
	if err := os.Mkdir(set, 0o700); err != nil {
		return "", err
	}
	for _, icon := range icons {
		for _, size := range []int{16, 32, 128, 256, 512} {
			for name, pixels := range map[string]int{fmt.Sprintf("icon_%dx%[1]d.png", size): size, fmt.Sprintf("icon_%dx%[1]d@2x.png", size): 2 * size} {
				if strings.Contains(icon.path, fmt.Sprintf("/%dx%[1]d/", pixels)) {
					if err := os.WriteFile(filepath.Join(set, name), icon.data, 0o600); err != nil {
						return "", err
					}
				}
			}
		}
	}
	return set, nil
}

// sign signs code for the hardened runtime, which Apple wants. No exception to it is asked for (files/entitlements.plist,
// in which nothing may be explained: the system refuses comments there): Go makes no code while it runs, WebKit does in
// processes of its own, and both faces reach the keychain and the network as any program does that is in no sandbox.
func (m mac) sign(ctx context.Context, path string, more ...string) error {
	entitlements, err := templates.ReadFile("files/entitlements.plist")
	if err != nil {
		return err
	}
	file := filepath.Join(m.work, "entitlements.plist")
	if err := os.WriteFile(file, entitlements, 0o600); err != nil {
		return err
	}
	args := []string{"--force", "--options", "runtime", "--entitlements", file}
	if m.keys != nil {
		args = append(args, "--timestamp", "--sign", m.keys.identity)
	} else {
		args = append(args, "--sign", "-") // ad hoc: processors of Apple run nothing without
	}
	return quietly(command(ctx, "codesign", append(append(args, more...), path)...))
}

// notarize sends the image to Apple, and waits. The tool ends well even when Apple has refused it.
func (m mac) notarize(ctx context.Context) error {
	said, err := output(ctx, "xcrun", append([]string{"notarytool", "submit", m.image, "--wait", "--timeout", "1h", "--output-format", "json"}, m.keys.notary...)...)
	if err != nil {
		return err
	}
	var answer struct{ ID, Status string }
	if err := json.Unmarshal([]byte(said), &answer); err != nil {
		return fmt.Errorf("notarytool says %q: %w", said, err)
	}
	if answer.Status == "Accepted" {
		return nil
	}
	reasons, err := output(ctx, "xcrun", append([]string{"notarytool", "log", answer.ID}, m.keys.notary...)...)
	return errors.Join(fmt.Errorf("apple answers %q\n%s", answer.Status, reasons), err)
}

// bundleName is the folder that people see as the application. A slash would part folders, and a colon does in the Finder.
func (p product) bundleName() string {
	return strings.NewReplacer("/", "-", ":", "-").Replace(p.Name) + ".app"
}

// imageName tells an image that nobody signed from one to be published.
func (p product) imageName(signed bool) string {
	if !signed {
		return p.archiveName("macos") + "-unsigned.dmg"
	}
	return p.archiveName("macos") + ".dmg"
}

// versionNumber is the version without what macOS does not take: three numbers are all there may be.
func (p product) versionNumber() string {
	number, _, _ := strings.Cut(p.version, "+")
	number, _, _ = strings.Cut(number, "-")
	return number
}

// takeImage puts what a Mac made among the files of a release: the signed image if the release is signed by the packager,
// and no other.
func (p product) takeImage(o options) error {
	if o.macos == "" {
		return nil
	}
	name := p.imageName(o.keys == "environment")
	if err := copyWhole(filepath.Join(o.macos, name), filepath.Join(o.out, name)); err != nil {
		return fmt.Errorf("the disk image of this product and version, %s, can't be had: %w", name, err)
	}
	return nil
}

// copyWhole copies a file so that it is there whole or not at all.
func copyWhole(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	part := to + ".part"
	if err := os.WriteFile(part, data, 0o644); err != nil { // #nosec G306 -- for everybody to read
		return err
	}
	return os.Rename(part, to)
}

// The variables that name the packager's keys with Apple.
const (
	identityVariable     = "MACOS_IDENTITY" // a certificate "Developer ID Application" in the Mac's keychain, by its name
	notaryVariable       = "NOTARY_KEY"     // file with a key of App Store Connect, .p8
	notaryIDVariable     = "NOTARY_KEY_ID"
	notaryIssuerVariable = "NOTARY_ISSUER"
)

// appleKeys are what signs, and what talks to Apple's notary.
type appleKeys struct {
	identity string
	notary   []string // of notarytool; the key itself stays in its file
}

func openAppleKeys(kind string) (*appleKeys, error) {
	switch kind {
	case "none":
		return nil, nil
	case "environment":
	default:
		return nil, errUsage // nobody can make throw-away ones
	}
	values := map[string]string{}
	for _, name := range []string{identityVariable, notaryVariable, notaryIDVariable, notaryIssuerVariable} {
		if values[name] = os.Getenv(name); values[name] == "" {
			return nil, fmt.Errorf("%s is empty: build/README.md says what to put there; for a disk image that nobody signed say UNSIGNED=1", name)
		}
	}
	if _, err := os.Stat(values[notaryVariable]); err != nil {
		return nil, fmt.Errorf("%s names no file: %w", notaryVariable, err)
	}
	return &appleKeys{identity: values[identityVariable],
		notary: []string{"--key", values[notaryVariable], "--key-id", values[notaryIDVariable], "--issuer", values[notaryIssuerVariable]}}, nil
}
