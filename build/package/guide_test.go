// They build the window.

//go:build devnet

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each command of the guide is run: by this test, by verify, or it is one of make, which takes all that stands behind it.
func TestGuide(t *testing.T) {
	t.Chdir("../..")
	blocks, err := guideBlocks()
	if err != nil {
		t.Fatal(err)
	}
	sandbox := t.TempDir()
	here := filepath.Join(sandbox, "sources")
	must(t, os.CopyFS(filepath.Join(here, brandFolder), os.DirFS(brandFolder)))
	run := func(block string) (string, error) {
		cmd, err := guided(t.Context(), block, here)
		must(t, err)
		cmd.Env = append(os.Environ(), "HOME="+sandbox, "PATH="+here+":"+os.Getenv("PATH"))
		cmd.Stderr = nil
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	// What make is told is looked at below.
	must(t, os.WriteFile(filepath.Join(here, "make"), []byte("#!/bin/sh\n"), 0o700)) // #nosec G306 -- it is run
	text, err := os.ReadFile(guideFile)
	must(t, err)
	if n := strings.Count(string(text), "\n```sh"); n != len(blocks) {
		t.Errorf("%d of %d blocks of commands have a name of their own", len(blocks), n)
	}
	for name := range blocks {
		switch name {
		case "brand", "identity", "hosted", "again", "package", "sign", "macos":
		case "machine", "server", "serve": // the tests of package backend/cmd/latchkey run these
		case "applications": // on a Mac
		case "publish", "receive", "keys", "install": // verify runs these
			if !verifyRuns(t, name) {
				t.Errorf("nobody runs %s", name)
			}
		default:
			t.Errorf("nobody knows the commands %s", name)
		}
	}

	if out, err := run("brand"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	folder := filepath.Join(sandbox, "harbour")
	const id = "https://notes.harbour.internal/oauth-client-metadata.json"
	edit := func(name string, change func(map[string]any)) {
		file := filepath.Join(folder, name)
		data, err := os.ReadFile(file)
		must(t, err)
		var keys map[string]any
		must(t, json.Unmarshal(data, &keys))
		change(keys)
		data, err = json.Marshal(keys)
		must(t, err)
		must(t, os.WriteFile(file, data, 0o600))
	}
	edit("brand.json", func(keys map[string]any) {
		if keys["loopback_release"] != true {
			t.Error("there is no loopback_release to take out")
		}
		delete(keys, "loopback_release")
		keys["client_id"] = id
	})
	edit("packaging.json", func(keys map[string]any) { keys["command"] = "harbour" })
	p, err := readProduct(folder)
	must(t, err)
	_, err = p.here(t.Context(), t.TempDir(), filepath.Join(here, "build", "bin"))
	must(t, err)
	if out, err := run("identity"); err != nil || !strings.HasSuffix(out, " ok  Servers take it.\n") {
		t.Errorf("%v\n%s", err, out)
	}
	document, err := os.ReadFile(filepath.Join(folder, "oauth-client-metadata.json"))
	if err != nil || !strings.Contains(string(document), `"client_id": "`+id+`"`) {
		t.Errorf("%v\n%s", err, document)
	}
	// Whatever lay there and is not committed would stop the package.
	if left, err := os.ReadDir(here); err != nil || len(left) != 2 {
		t.Errorf("the sources have %v, %v", left, err)
	}
	// It is not hosted anywhere.
	if out, err := run("hosted"); err == nil || !strings.Contains(out, "  !  hosted, document: The hosted copy can't be fetched.") {
		t.Errorf("%v\n%s", err, out)
	}

	// What people put into their lists is what verify does.
	if want := "\n```\n" + stanza("https://packages.harbour.example.com/apt", "/etc/apt/keyrings/harbour.asc") + "```\n"; !strings.Contains(string(text), want) {
		t.Errorf("the guide does not say %s", want)
	}
}

// verifyRuns looks for a command block in the sources of verify.
func verifyRuns(t *testing.T, block string) bool {
	t.Helper()
	return slices.ContainsFunc([]string{"guide.go", "install.go"}, func(name string) bool {
		source, err := os.ReadFile(filepath.Join("build", "package", name))
		must(t, err)
		return regexp.MustCompile(`(guided\(ctx, |\t{)"` + block + `", `).Match(source)
	})
}

// All that stands behind make in the guide gets to the program.
func TestGuideMake(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(guideFile)
	must(t, err)
	means := map[string]string{"BRAND=../harbour": "-brand '../harbour'", "TEST_KEYS=1": "-keys test", "UNSIGNED=1": "-keys none", "SIGNATURES=../published": "-signatures '../published'", "WITH=../published": "-with '../published'"}
	lines := regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ )*make ([a-z]+)((?: [A-Z_]+=\S+)*)`).FindAllStringSubmatch(string(text), -1)
	if len(lines) != 9 {
		t.Errorf("%d make commands", len(lines))
	}
	for _, m := range lines {
		args := append([]string{"--dry-run", "--no-print-directory", m[1]}, strings.Fields(m[2])...)
		out, err := exec.CommandContext(t.Context(), "make", args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "go run ./build/package ") {
			t.Errorf("make %q: %v\n%s", args, err, out)
		}
		for _, variable := range strings.Fields(m[2]) {
			if means[variable] == "" || !strings.Contains(string(out), means[variable]) {
				t.Errorf("make %q leaves out %s:\n%s", args, variable, out)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
