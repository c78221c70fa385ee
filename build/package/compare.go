package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// compare is for those who build again what others published: it says of each file that anybody can build whether
// it is the same.
func compare(ctx context.Context, o options) error {
	p, err := readProduct(o.brand)
	if err != nil {
		return err
	}
	if p, err = p.fromSources(ctx, o.version); err != nil {
		return err
	}
	all, err := newRecords(o.published)
	if err != nil {
		return err
	}
	if err := p.same(o.published, o.out, all); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if how := all[name].reproducible; how != "" {
			_, lineErr := fmt.Fprintf(o.say, "%s: reproducible: %s\n", name, how)
			err = errors.Join(err, lineErr)
		}
	}
	return err
}
