package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// verify does what a careful receiver would do with a release, and what an attacker would, and prints what
// it found.
func verify(ctx context.Context, o options) (err error) {
	p, err := readProduct(o.brand)
	if err != nil {
		return err
	}
	if p, err = p.fromSources(ctx, o.version); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "verify-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	r, err := newReceiver(ctx, p, o.out+"-keys", work)
	if err != nil {
		return err
	}
	all, err := newRecords(o.out)
	if err != nil {
		return err
	}
	shots := filepath.Join(filepath.Dir(o.out), "demo-upgrade")
	var dist, again string
	for _, s := range []struct {
		done string
		do   func() error
	}{
		{"published as the guide says", func() (err error) { dist, err = r.publish(ctx, o.out); return err }},
		{"the sums and their signature hold", func() error { return r.summed(ctx, dist, all) }},
		{"the rpm, Arch's package and the repository are signed", func() error { return r.signatures(ctx, dist, all) }},
		{"the contents are the same in all of them, and the checkers of distributions find no error", func() error { return r.contents(ctx, dist, all) }},
		{"the installers for Windows and the programs in them are signed, time-stamped, and what they should be", func() error { return r.installers(ctx, dist, all) }},
		{"installed with wine, run, upgraded, and uninstalled", func() error { return r.onWindows(ctx, dist, all) }},
		{"installed with apt from the signed repository, the window opened, removed and purged, and what the person had is there", func() error {
			if err := r.installed(ctx, dist, shots); err != nil {
				return err
			}
			return all.verified("installed", r.aptFiles().deb)
		}},
		{"a development build upgraded, with the session kept, and purged", func() error { return r.upgraded(ctx, dist, shots, o.say) }},
		{"a second brand packaged out of its folder, with nothing of ours in it", func() error { return r.secondBrand(ctx, filepath.Join(o.out, "licences.txt")) }},
		{"keys under passwords, made as the guide says, sign, and the wrong password is refused", func() error { return r.locked(ctx) }},
		{"built again in another folder, with an empty cache", func() (err error) { again, err = r.again(ctx, o); return err }},
		{"that is the same, byte by byte", func() error { return p.same(dist, again, all) }},
		{"what was tampered with is refused", func() error { return r.tamper(ctx, dist, again, all) }},
		{"no file is left that nothing looked at", func() error {
			if left := all.unchecked(); len(left) > 0 {
				return fmt.Errorf("these are: %s", strings.Join(left, ", "))
			}
			return nil
		}},
	} {
		began := time.Now()
		if err := s.do(); err != nil {
			return fmt.Errorf("this did not come true: %s\n%w", s.done, err)
		}
		if _, err := fmt.Fprintf(o.say, "%5.1f s  %s\n", time.Since(began).Seconds(), s.done); err != nil {
			return err
		}
	}
	if err := all.table(o.say); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.say, "package: verified %s\n", p.release())
	return err
}

// forge signs a copy of the release with keys of somebody else.
func (r receiver) forge(ctx context.Context, unsigned string) (string, error) {
	dir, folder := filepath.Join(r.work, "forged"), filepath.Join(r.work, "other-keys")
	if err := errors.Join(quietly(command(ctx, "cp", "-a", unsigned, dir)), os.Mkdir(folder, 0o700)); err != nil {
		return "", err
	}
	keys, err := openKeys(ctx, r.product, "test", folder)
	if err != nil {
		return "", err
	}
	return dir, errors.Join(r.sign(ctx, keys, dir), keys.close())
}
