package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// The two files of the proof.
const (
	sumsFile      = "SHA256SUMS"
	signatureFile = "SHA256SUMS.minisig"
)

// sum is a line of SHA256SUMS: the sum in hexadecimal digits, two spaces, and the path of the file.
type sum struct{ digest, name string }

func (s sum) String() string { return s.digest + "  " + s.name + "\n" }

// sums are those of all files below root, in the order of their paths, but for the proof itself.
func sums(root *os.Root) ([]sum, error) {
	var all []sum
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() || name == sumsFile || name == signatureFile:
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no file of its own", name)
		case strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) }):
			return fmt.Errorf("%q has a name that can't be written down", name)
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		digest := sha256.New()
		if _, err := io.Copy(digest, f); err != nil {
			return err
		}
		all = append(all, sum{fmt.Sprintf("%x", digest.Sum(nil)), name})
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("there are no files")
	}
	return all, err
}

func text(all []sum) []byte {
	var lines strings.Builder
	for _, s := range all {
		lines.WriteString(s.String())
	}
	return []byte(lines.String())
}

func writeSums(root *os.Root) error {
	all, err := sums(root)
	if err != nil {
		return err
	}
	return root.WriteFile(sumsFile, text(all), 0o644)
}

// compare tells how the files below root differ from what was written down of them. What was written
// down is not parsed but made anew and compared, so that there is one way only to write it.
func compare(root *os.Root, written []byte) error {
	all, err := sums(root)
	if err != nil {
		return err
	}
	if bytes.Equal(written, text(all)) {
		return nil
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(written)) {
		digest, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		listed[name] = digest
	}
	for _, s := range all {
		switch digest, ok := listed[s.name]; {
		case !ok:
			return fmt.Errorf("%s is not listed in %s", s.name, sumsFile)
		case digest != s.digest:
			return fmt.Errorf("%s is not the file that was signed", s.name)
		}
		delete(listed, s.name)
	}
	for name := range listed {
		return fmt.Errorf("%q is listed in %s and missing", name, sumsFile)
	}
	return fmt.Errorf("%s is not as this program writes it", sumsFile)
}
