package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// ourName is the product's whose sources these are; other brands carry it only in what is about the sources.
var ourName = regexp.MustCompile(`(?i)latchkey`)

// aboutSources is what stays ours under every brand: who has the rights.
var aboutSources = strings.NewReplacer("The Latchkey authors", "")

// borrowed says where in these files our name stands and theirs should. The programs have the import paths of the
// sources in them, and are not looked into.
func borrowed(files []file) error {
	for _, f := range files {
		data := f.data
		if strings.HasSuffix(f.path, ".gz") {
			r, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
			if data, err = io.ReadAll(r); err != nil {
				return fmt.Errorf("%s: %w", f.path, err)
			}
		}
		text := aboutSources.Replace(string(data))
		if strings.HasPrefix(f.path, "usr/bin/") {
			text = ""
		}
		if at := ourName.FindStringIndex(f.path + "\n" + text); at != nil {
			text = f.path + "\n" + text
			return fmt.Errorf("%s has our name in it: %q", f.path, text[max(0, at[0]-60):min(len(text), at[1]+60)])
		}
	}
	return nil
}
