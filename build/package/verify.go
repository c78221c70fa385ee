package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
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
	var again string
	refused := 0
	for _, s := range []struct {
		done string
		do   func() error
	}{
		{"the sums and their signature hold", func() error { return errors.Join(r.sums(ctx, o.out), r.minisign(ctx, o.out)) }},
		{"the rpm, Arch's package and the repository are signed", func() error {
			return errors.Join(r.rpm(ctx, o.out), r.arch(ctx, o.out), r.apt(ctx, o.out))
		}},
		{"the contents are the same in all of them, and the checkers of distributions find no error", func() error { return r.contents(ctx, o.out) }},
		{"the installers for Windows and the programs in them are signed, time-stamped, and what they should be", func() error { return r.installers(ctx, o.out) }},
		{"a key in a token signs for Windows as well", func() error { return r.token(ctx) }},
		{"installed with wine, run, upgraded, and uninstalled", func() error { return r.onWindows(ctx, o.out) }},
		{"installed with apt from the signed repository, run, and purged", func() error { return r.installed(ctx, o.out) }},
		{"a development build upgraded, with the session kept, and purged", func() error { return r.upgraded(ctx, o, o.say) }},
		{"built again in another folder, with an empty cache", func() (err error) { again, err = r.again(ctx, o); return err }},
		{"that is the same, byte by byte", func() error { return p.same(o.out, again) }},
		{"what was tampered with is refused", func() error {
			other, err := r.forge(ctx, again)
			if err != nil {
				return err
			}
			attacks, err := r.attacks(o.out, other, again)
			if err != nil {
				return err
			}
			if refused, err = r.tamper(ctx, o.out, attacks); err != nil {
				return err
			}
			more, err := r.tamperWindows(ctx)
			refused += more
			return err
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
	if err := r.table(o.out, o.say); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.say, "package: verified %s; tampered with %d times: accepted 0\n", p.release(), refused)
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

// table is for a person.
func (r receiver) table(dir string, out io.Writer) error {
	names := r.packageNames()
	signedBy := map[string]string{names["deb"]: "minisign (sums), OpenPGP (repository)", names["rpm"]: "minisign (sums), OpenPGP", names["archlinux"]: "minisign (sums), OpenPGP (.sig)"}
	for _, architecture := range windowsArchitectures {
		signedBy[r.setupName(architecture)] = "minisign (sums), Authenticode"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "artefact\tsize\tsigned by\tverified\treproducible")
	for _, name := range r.unsigned() {
		info, statErr := os.Stat(filepath.Join(dir, name))
		if statErr != nil {
			return statErr
		}
		by, same := signedBy[name], "yes"
		if by == "" {
			by = "minisign (sums)"
		}
		if name == names["rpm"] {
			same = "yes, but for its signature"
		} else if filepath.Ext(name) == ".exe" {
			same = "yes, with the signatures put back"
		}
		_, lineErr := fmt.Fprintf(w, "%s\t%.1f MB\t%s\tyes\t%s\n", name, float64(info.Size())/1e6, by, same)
		err = errors.Join(err, lineErr)
	}
	return errors.Join(err, w.Flush())
}
