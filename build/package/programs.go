package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// programs are the files that were compiled.
type programs struct {
	window, terminal string // for Linux on amd64
	terminalARM      string // for Linux on arm64, where cgo and so the window does not go
	overlay          string // what they were compiled with
}

// page builds what the window shows.
func page(ctx context.Context) error {
	return quietly(command(ctx, "npm", "--prefix", "frontend", "run", "build"))
}

// compile builds the programs of a release, or with the tag devnet those for this machine. Nothing of where they are
// built gets into them, neither paths nor times, so everybody gets the same. The cache is a folder for what the
// compiler made already, empty for the usual one.
func (p product) compile(ctx context.Context, dir, tags, cache string) (programs, error) {
	overlay, err := p.overlay(dir)
	if err != nil {
		return programs{}, err
	}
	made := programs{
		window:   filepath.Join(dir, p.window()),
		terminal: filepath.Join(dir, p.Command),
		overlay:  overlay,
	}
	type program struct {
		out, source string
		env, tags   []string
	}
	list := []program{
		{made.window, ".", []string{"CGO_ENABLED=1", "GOARCH=amd64"}, []string{"desktop", "production", "webkit2_41", tags}},
		{made.terminal, "./backend/cmd/latchkey", []string{"CGO_ENABLED=0", "GOARCH=amd64"}, []string{tags}},
	}
	if tags == "" {
		made.terminalARM = filepath.Join(dir, "arm64", p.Command)
		list = append(list, program{made.terminalARM, "./backend/cmd/latchkey", []string{"CGO_ENABLED=0", "GOARCH=arm64"}, nil})
	}
	for _, c := range list {
		cmd := command(ctx, "go", append(p.goFlags(overlay, c.tags...), "-o", c.out, c.source)...)
		cmd.Env = append(goEnvironment(cache, "GOOS=linux"), c.env...)
		if err := quietly(cmd); err != nil {
			return programs{}, err
		}
	}
	return made, nil
}

// goFlags are the command line of the compiler, but for what to compile.
func (p product) goFlags(overlay string, tags ...string) []string {
	return []string{"build", "-trimpath", "-buildvcs=false", "-buildmode=pie", "-overlay=" + overlay,
		"-tags=" + strings.Join(tags, ","), "-ldflags=" + p.ldflags()}
}

// goEnvironment is that of the compiler, to which the settings of this machine mean nothing.
func goEnvironment(cache string, more ...string) []string {
	env := append(os.Environ(), "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if cache != "" {
		env = append(env, "GOCACHE="+cache)
	}
	return append(env, more...)
}

// ldflags leave out what debuggers want, and say which version of what it is.
func (p product) ldflags() string {
	return "-s -w -X latchkey/backend/config.version=" + p.version + " -X main.command=" + p.Command
}

// overlay is for builds that are not ours: those of the Makefile's other targets.
func overlay(o options) error {
	p, err := readProduct(o.brand)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	_, err = p.overlay(o.out)
	return err
}

// overlay lets the compiler read the brand in another folder instead of our own, without touching ours
// (go help build, -overlay). It answers the file that says so.
func (p product) overlay(dir string) (string, error) {
	replace := map[string]string{}
	for _, name := range []string{"brand.json", "mark.svg", "icon.png"} {
		ours, err := filepath.Abs(filepath.Join(brandFolder, name))
		if err != nil {
			return "", err
		}
		theirs, err := filepath.Abs(filepath.Join(p.folder, name))
		if err != nil {
			return "", err
		}
		if ours != theirs {
			replace[ours] = theirs
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	// Another go command may be reading the one that is there.
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return "", err
	}
	return file, os.Rename(file+".new", file)
}
