// Command licences lists the licences of everything that is linked into our programs or bundled into the
// page of the window, on all three systems, and refuses what may not be shipped with a program under the
// MIT licence:
//
//	licences FILE
//	licences -materials FILE -product NAME@VERSION FILE
//
// FILE gets the list and the full texts, which have to be shipped, too; a summary is printed. The file of
// materials gets the list for machines (CycloneDX, https://cyclonedx.org/). It is run at the root of the
// sources, with the npm packages of the front end in place. What only builds or tests us is not looked at.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	materials := flag.String("materials", "", "file that gets the list for machines")
	product := flag.String("product", "", "what it is the list of: NAME@VERSION")
	flag.Parse()
	if flag.NArg() != 1 || (*materials == "") != (*product == "") {
		fmt.Fprintln(os.Stderr, "licences: name the file to write, and a product if you name a file of materials")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *materials, *product, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "licences: %v\n", err)
		os.Exit(1)
	}
}

func run(file, materials, product string, out io.Writer) error {
	modules, err := goParts(".")
	if err != nil {
		return err
	}
	packages, err := npmParts("frontend")
	if err != nil {
		return err
	}
	parts := append(modules, packages...)
	if err := os.WriteFile(file, []byte(list(parts)), 0o644); err != nil { // #nosec G306 -- for everybody to read
		return err
	}
	if materials != "" {
		if err := writeMaterials(materials, product, parts); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "licences: %d Go parts, %d npm parts: %s\n", len(modules), len(packages), summary(parts))
	return errors.Join(err, judge(parts))
}

// part is something that others made and we ship.
type part struct {
	name, version string
	licences      []string // SPDX identifiers; all of them hold
	text          string
	url           string // a package URL (https://github.com/package-url/purl-spec)
}

// fit are the licences that a program under the MIT licence may be shipped with: those that ask for no
// more than their text, and the Mozilla Public License, which asks for the source of its own files only.
// The sources of what we ship are public where the list says that they come from.
var fit = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unlicense", "Zlib", "blessing"}

// judge says which parts may not be shipped, and which have no licence that can be told.
func judge(parts []part) error {
	var all error
	for _, p := range parts {
		if len(p.licences) == 0 || p.text == "" {
			all = errors.Join(all, fmt.Errorf("%s %s has no licence that is known here", p.name, p.version))
		}
		for _, licence := range p.licences {
			if !slices.Contains(fit, licence) {
				all = errors.Join(all, fmt.Errorf("%s %s is under %s, which does not go with ours", p.name, p.version, licence))
			}
		}
	}
	return all
}

func list(parts []part) string {
	var text strings.Builder
	text.WriteString("This program contains parts that others made. Their licences follow the list.\n\n")
	for _, p := range parts {
		fmt.Fprintf(&text, "%s %s: %s\n", p.name, p.version, strings.Join(p.licences, ", "))
	}
	for _, p := range parts {
		fmt.Fprintf(&text, "\n%s\n%s %s\n\n%s\n", strings.Repeat("-", 80), p.name, p.version, strings.TrimSpace(p.text))
	}
	return text.String()
}

func summary(parts []part) string {
	count := map[string]int{}
	for _, p := range parts {
		count[strings.Join(p.licences, " and ")]++
	}
	var words []string
	for licences, n := range count {
		words = append(words, fmt.Sprintf("%s %d", licences, n))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
