package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// records are what verify found out about each file of a release, by its path below the folder. Nothing stands in
// the table but what a check has marked when it went well.
type records map[string]*record

type record struct {
	size         int64
	signed       []string // whose signatures were checked
	verified     []string // what else was checked
	reproducible string
}

// newRecords has a record of each file below dir.
func newRecords(dir string) (records, error) {
	all := records{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = &record{size: info.Size()}
		return err
	})
	return all, err
}

// signed marks files whose signature of this kind was checked.
func (all records) signed(by string, names ...string) error {
	return all.mark(names, func(r *record) { r.signed = append(r.signed, by) })
}

// verified marks files that were looked at in this way.
func (all records) verified(how string, names ...string) error {
	return all.mark(names, func(r *record) { r.verified = append(r.verified, how) })
}

// reproduced marks files that came out the same when they were built again: "yes", or how far.
func (all records) reproduced(how string, names ...string) error {
	return all.mark(names, func(r *record) { r.reproducible = how })
}

func (all records) mark(names []string, mark func(*record)) error {
	for _, name := range names {
		r, ok := all[name]
		if !ok {
			return fmt.Errorf("%s was checked, and is not among what was published", name)
		}
		mark(r)
	}
	return nil
}

// unchecked are the files that no check has marked.
func (all records) unchecked() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool {
		return len(all[name].signed)+len(all[name].verified) > 0
	})
}

// table is for a person.
func (all records) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "artefact\tsize\tsigned by\tverified\treproducible")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		_, lineErr := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", name, size(r.size), listed(r.signed), listed(r.verified), listed([]string{r.reproducible}))
		err = errors.Join(err, lineErr)
	}
	return errors.Join(err, w.Flush())
}

func listed(words []string) string {
	if text := strings.Join(words, ", "); text != "" {
		return text
	}
	return "-"
}

func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 100_000:
		return fmt.Sprintf("%.1f KB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}
