package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// programs are what we ship, with the tags of the window's release build.
var programs = []string{"list", "-deps", "-tags=desktop,production,webkit2_41", "-json=Module", ".", "./backend/cmd/latchkey"}

// goParts are the modules that any package of our programs comes from, and Go itself.
func goParts(root string) ([]part, error) {
	folders := map[string]string{}
	versions := map[string]string{}
	for _, system := range []string{"linux", "windows", "darwin"} {
		cmd := exec.Command("go", programs...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", system, err)
		}
		for packages := json.NewDecoder(bytes.NewReader(out)); ; {
			var p struct {
				Module *struct {
					Path, Version, Dir string
					Main               bool
				}
			}
			if err := packages.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			if p.Module != nil && !p.Module.Main {
				folders[p.Module.Path], versions[p.Module.Path] = p.Module.Dir, p.Module.Version
			}
		}
	}
	goRoot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	const standard = "the Go standard library"
	folders[standard], versions[standard] = strings.TrimSpace(string(goRoot)), runtime.Version()
	var parts []part
	for _, path := range slices.Sorted(maps.Keys(folders)) {
		p := part{name: path, version: versions[path], url: "pkg:golang/" + path + "@" + versions[path]}
		if path == standard {
			p.url = "pkg:golang/std@" + strings.TrimPrefix(runtime.Version(), "go")
		}
		if p.licences, p.text, err = read(folders[path]); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// licenceFile is what the files are called that say under which licence a module is; noticeFile are those
// that have to be shipped with it.
var (
	licenceFile = regexp.MustCompile(`(?i)^(?:un)?(?:licen[cs]e|copying)(?:[-_.].*)?$`)
	noticeFile  = regexp.MustCompile(`(?i)^(?:copyright|notice)(?:[-_.].*)?$`)
)

// certain is how much of a licence file has to be the words of licences, in percent; the rest are names.
const certain = 70

// known are the licence files in words of their own that a person has read, by their sum: a text that
// changes is read again.
var known = map[string]string{
	"932d089b730ac5f0702c405dc8e8370b6391c49d617d721746193c5ed2d7d4ff": "MIT",          // indigo: or Apache-2.0, as one likes
	"f597097efe3d97021f89170746bd3a0fb9a8b6fb26b82043ed68a4e0283bee6c": "BSD-3-Clause", // libc: parts from Go and musl, all MIT or BSD
	"5ae5bee3072a841376451b48d8cfcec7188e10543926d5870828d36c8a750dc5": "BSD-3-Clause", // memory: where its logo comes from, which we don't ship
	"8438c9c89b849131ead81d5435cb97fcf052df5b0b286dda8a2d4c29e6cb3fd0": "blessing",     // sqlite: public domain
}

// read finds out the licences of a module by the words of its licence files.
func read(folder string) (licences []string, text string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, "", err
	}
	for _, entry := range entries {
		isLicence := licenceFile.MatchString(entry.Name())
		if entry.IsDir() || !isLicence && !noticeFile.MatchString(entry.Name()) {
			continue
		}
		words, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, "", err
		}
		text += string(words) + "\n"
		if !isLicence {
			continue
		}
		found := licensecheck.Scan(words)
		if id, ok := known[fmt.Sprintf("%x", sha256.Sum256(words))]; ok {
			licences = append(licences, id)
		} else if found.Percent < certain {
			licences = append(licences, "what stands in "+entry.Name())
		}
		for _, match := range found.Match {
			if !match.IsURL {
				licences = append(licences, match.ID)
			}
		}
	}
	slices.Sort(licences)
	return slices.Compact(licences), text, nil
}

// bundle builds the page and lets Vite write down what went into it: of all that npm installs, that is
// what we ship.
const bundle = `import { build } from 'vite'
await build({ logLevel: 'error', build: { outDir: process.argv[1], emptyOutDir: true, license: { fileName: 'licences.json' } } })`

func npmParts(frontend string) ([]part, error) {
	dir, err := os.MkdirTemp("", "licences-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.Command("node", "--input-type=module", "--eval", bundle, dir) // #nosec G204 -- a folder of ours
	cmd.Dir = frontend
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the page: %w\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "licences.json"))
	if err != nil {
		return nil, err
	}
	var packages []struct{ Name, Version, Identifier, Text string }
	if err := json.Unmarshal(data, &packages); err != nil {
		return nil, err
	}
	var parts []part
	for _, p := range packages {
		parts = append(parts, part{p.Name, p.Version, spdx(p.Identifier), p.Text, "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + p.Version})
	}
	if len(parts) == 0 {
		return nil, errors.New("nothing that others made is in the page, which can't be")
	}
	return parts, nil
}

// spdx are the licences of an expression that asks for all of them; another expression is its own answer,
// which a person has to look at.
func spdx(expression string) []string {
	if expression == "" {
		return nil
	}
	return strings.Split(strings.Trim(expression, "()"), " AND ")
}
