package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// machine is this one, on which packages get installed and purged again.
type machine struct {
	receiver
	before  string   // what was installed
	options []string // of apt-get, for our repository alone
}

// asRoot prepares a command that changes the machine.
func asRoot(ctx context.Context, args ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	return command(ctx, args[0], args[1:]...)
}

// onMachine lets f install from the repository in dir, and leaves the machine as it was.
func (r receiver) onMachine(ctx context.Context, dir string, f func(machine) error) (err error) {
	m := machine{receiver: r}
	if m.before, err = output(ctx, "dpkg", "--get-selections"); err != nil {
		return err
	}
	if strings.Contains("\n"+m.before, "\n"+r.Command+"\t") {
		return fmt.Errorf("%s is installed here already; remove it, or verify on another machine", r.Command)
	}
	// Where apt reads all its lists, so that the dependencies are found as well.
	file := "/etc/apt/sources.list.d/" + r.Command + "-verify.sources"
	own := filepath.Join(r.work, "this.sources")
	options, err := r.source(ctx, dir, own)
	if err != nil {
		return err
	}
	// #nosec G302 -- apt's own user reads what is in here
	if err := errors.Join(os.Chmod(r.work, 0o755), quietly(asRoot(ctx, "cp", own, file))); err != nil {
		return err
	}
	m.options = append(options, "-o", "Dir::Etc::SourceList="+file, "-o", "APT::Get::List-Cleanup=0")
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		err = errors.Join(err, m.leave(ctx, file))
	}()
	if err := m.refresh(ctx); err != nil {
		return err
	}
	return f(m)
}

// refresh reads the list of our repository alone.
func (m machine) refresh(ctx context.Context) error {
	return quietly(asRoot(ctx, append(append([]string{"apt-get"}, m.options...), "update")...))
}

func (m machine) install(ctx context.Context, version string) error {
	return quietly(asRoot(ctx, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends", "install", m.Command+"="+version))
}

// leave purges the package and the source.
func (m machine) leave(ctx context.Context, file string) error {
	err := errors.Join(quietly(asRoot(ctx, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "purge", m.Command)),
		quietly(asRoot(ctx, "rm", "-f", file)), quietly(asRoot(ctx, "sh", "-c", "rm -f /var/lib/apt/lists/*"+filepath.Base(m.work)+"*")))
	after, afterErr := output(ctx, "dpkg", "--get-selections")
	if afterErr == nil && after != m.before {
		afterErr = errors.New("something stays installed that was not before; see dpkg --get-selections")
	}
	for _, path := range []string{"/usr/bin/" + m.Command, "/usr/bin/" + m.window(), "/usr/share/doc/" + m.Command, "/usr/share/applications/" + m.AppID + ".desktop"} {
		if _, statErr := os.Lstat(path); statErr == nil {
			err = errors.Join(err, fmt.Errorf("%s is left behind", path))
		}
	}
	return errors.Join(err, afterErr)
}

// installed installs the release with apt from its signed repository, and runs the terminal face.
func (r receiver) installed(ctx context.Context, dir string) error {
	return r.onMachine(ctx, dir, func(m machine) error {
		if err := m.install(ctx, r.debianVersion()); err != nil {
			return err
		}
		said, err := output(ctx, "/usr/bin/"+r.Command, "version")
		if want := r.Command + " " + r.version; err == nil && said != want {
			err = fmt.Errorf("the installed program says %q, not %q", said, want)
		}
		return err
	})
}

// upgraded makes two development builds of the same package, installs the older one, signs in on the
// private network, upgrades it under the closed window, and is still signed in.
func (r receiver) upgraded(ctx context.Context, o options, say io.Writer) error {
	dir := filepath.Join(r.work, "development")
	both := []product{r.product, r.product}
	both[0].version, both[1].version = "1.0.0-dev", "1.0.1-dev"
	var debs []string
	for _, p := range both {
		out := filepath.Join(r.work, "development-"+p.version)
		if err := build(ctx, options{brand: o.brand, version: p.version, tags: "devnet", keys: "none", linuxOnly: true, out: out, say: io.Discard}); err != nil {
			return err
		}
		debs = append(debs, filepath.Join(out, p.packageNames()["deb"]))
	}
	keyFolder := filepath.Join(r.work, "development-keys")
	if err := os.Mkdir(keyFolder, 0o700); err != nil {
		return err
	}
	keys, err := openKeys(ctx, r.product, "test", keyFolder)
	if err != nil {
		return err
	}
	defer func() { _ = keys.close() }()
	r.keys = dir + "-keys"
	if err := errors.Join(both[0].repository(ctx, keys, dir, debs...), keys.publish(ctx, r.keys)); err != nil {
		return err
	}
	demo := filepath.Join(r.work, "demo")
	if err := quietly(command(ctx, "go", "build", "-tags", "devnet", "-o", demo, "./backend/devnet/cmd/demo")); err != nil {
		return err
	}
	return r.onMachine(ctx, dir, func(m machine) error {
		if err := m.install(ctx, both[0].debianVersion()); err != nil {
			return err
		}
		upgrade := filepath.Join(r.work, "upgrade")
		words := "apt-get -q -y --no-install-recommends install " + r.Command + "=" + both[1].debianVersion()
		if os.Geteuid() != 0 {
			words = "sudo -n " + words
		}
		if err := os.WriteFile(upgrade, []byte("#!/bin/sh\nexec "+words+"\n"), 0o700); err != nil { // #nosec G306 -- it is run
			return err
		}
		play := command(ctx, demo, "-headless", "-story", "upgrade", "-window", "/usr/bin/"+r.window(), "-cli", "/usr/bin/"+r.Command,
			"-upgrade", upgrade, "-dir", filepath.Join(filepath.Dir(o.out), "demo-upgrade"))
		play.Stdout = say
		if err := play.Run(); err != nil {
			return fmt.Errorf("the story of an upgrade: %w", err)
		}
		said, err := output(ctx, "/usr/bin/"+r.Command, "version")
		if err == nil && said != r.Command+" "+both[1].version {
			err = fmt.Errorf("after the upgrade it is %q", said)
		}
		return err
	})
}
