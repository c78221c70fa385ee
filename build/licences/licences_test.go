package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func mustWrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	mit, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	const gpl = "This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License " +
		"as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version."
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"one":                  {map[string]string{"LICENSE": string(mit), "README.md": gpl}, []string{"MIT"}},
		"spelled otherwise":    {map[string]string{"licence.md": string(mit)}, []string{"MIT"}},
		"with a notice":        {map[string]string{"LICENSE": string(mit), "NOTICE": "made by somebody"}, []string{"MIT"}},
		"another beside it":    {map[string]string{"COPYING": gpl, "LICENSE": string(mit)}, []string{"GPL-3.0-or-later", "MIT"}},
		"another one after it": {map[string]string{"LICENSE": string(mit) + "\n" + gpl}, []string{"GPL-3.0-or-later", "MIT"}},
		"one of their own":     {map[string]string{"LICENSE": string(mit), "LICENSE.extra": "You may use this on Sundays."}, []string{"MIT", "what stands in LICENSE.extra"}},
		"none":                 {map[string]string{"main.go": string(mit)}, nil},
	} {
		dir := t.TempDir()
		for file, text := range c.files {
			mustWrite(t, filepath.Join(dir, file), text)
		}
		got, text, err := read(dir)
		if err != nil || !slices.Equal(got, c.want) || (text == "") != (len(c.want) == 0) || strings.Contains(c.files["NOTICE"], "somebody") != strings.Contains(text, "somebody") {
			t.Errorf("%s: %q, %v, %d bytes", name, got, err, len(text))
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		part part
		want string
	}{
		"fit":              {part{"a", "v1", []string{"MIT", "Apache-2.0"}, "x", ""}, ""},
		"one is not fit":   {part{"a", "v1", []string{"MIT", "GPL-3.0"}, "x", ""}, "a v1 is under GPL-3.0, which does not go with ours"},
		"a choice":         {part{"a", "v1", spdx("(MIT OR GPL-3.0)"), "x", ""}, "a v1 is under MIT OR GPL-3.0, which does not go with ours"},
		"all of them":      {part{"a", "v1", spdx("(MIT AND AGPL-3.0)"), "x", ""}, "a v1 is under AGPL-3.0, which does not go with ours"},
		"none":             {part{"a", "v1", spdx(""), "x", ""}, "a v1 has no licence that is known here"},
		"nothing to ship":  {part{"a", "v1", []string{"MIT"}, "", ""}, "a v1 has no licence that is known here"},
		"their own":        {part{"a", "v1", []string{"what stands in LICENSE"}, "x", ""}, "a v1 is under what stands in LICENSE, which does not go with ours"},
		"the files of MPL": {part{"a", "v1", []string{"MPL-2.0"}, "x", ""}, ""},
	} {
		got := ""
		if err := judge([]part{{"good", "v1", []string{"ISC"}, "x", ""}, c.part}); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	text := list([]part{{"a", "v1", []string{"MIT", "ISC"}, " the words \n", ""}})
	if !strings.Contains(text, "\na v1: MIT, ISC\n") || !strings.HasSuffix(text, "\na v1\n\nthe words\n") {
		t.Errorf("the list is %s", text)
	}
}

// What is linked on one system only is found from every other.
func TestGoParts(t *testing.T) {
	t.Parallel()
	parts, err := goParts("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the Go standard library", "github.com/danieljoos/wincred", "github.com/godbus/dbus/v5", "modernc.org/sqlite"} {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == want && len(p.licences) > 0 && p.text != "" }) {
			t.Errorf("%s is not listed, or without its licence", want)
		}
	}
	for _, unwanted := range []string{"latchkey", "github.com/google/licensecheck"} {
		if slices.ContainsFunc(parts, func(p part) bool { return p.name == unwanted }) {
			t.Errorf("%s is listed", unwanted)
		}
	}
	if err := judge(parts); err != nil {
		t.Error(err)
	}
}
