package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"latchkey/backend/devnet"
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

// installAsGuided does what the guide tells people to do, with our repository alone.
func (m machine) installAsGuided(ctx context.Context) error {
	asked := strings.Join(asRoot(ctx, append([]string{"apt-get", "-y"}, m.options...)...).Args, " ")
	cmd, err := guided(ctx, "install", m.work, "sudo apt-get", asked, "harbour", m.Command)
	if err != nil {
		return err
	}
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return quietly(cmd)
}

// leave purges the package, if it is still there, and the source.
func (m machine) leave(ctx context.Context, file string) error {
	err := errors.Join(m.take(ctx, "purge"),
		quietly(asRoot(ctx, "rm", "-f", file)), quietly(asRoot(ctx, "sh", "-c", "rm -f /var/lib/apt/lists/*"+filepath.Base(m.work)+"*")))
	after, afterErr := output(ctx, "dpkg", "--get-selections")
	if afterErr == nil && after != m.before {
		afterErr = errors.New("something stays installed that was not before; see dpkg --get-selections")
	}
	return errors.Join(err, afterErr)
}

// take removes or purges the package.
func (m machine) take(ctx context.Context, how string) error {
	return quietly(asRoot(ctx, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", how, m.Command))
}

// installed installs the release with apt from its signed repository, runs both of its faces, removes and purges it.
// What the person has stays.
func (r receiver) installed(ctx context.Context, dir, shots string) error {
	return r.onMachine(ctx, dir, func(m machine) error {
		if err := m.installAsGuided(ctx); err != nil {
			return err
		}
		files, err := output(ctx, "dpkg", "--listfiles", r.Command)
		if err != nil {
			return err
		}
		said, err := output(ctx, "/usr/bin/"+r.Command, "version")
		if want := r.Command + " " + r.version; err == nil && said != want {
			err = fmt.Errorf("the installed program says %q, not %q", said, want)
		}
		if err != nil {
			return err
		}
		person := filepath.Join(r.work, "person")
		if err := r.open(ctx, person, shots); err != nil {
			return err
		}
		has, err := contentsOf(filepath.Join(person, "data", r.ID))
		if err != nil {
			return err
		}
		for _, how := range []string{"remove", "purge"} {
			if err := errors.Join(m.take(ctx, how), m.gone(ctx, files, how == "purge")); err != nil {
				return err
			}
			if now, err := contentsOf(filepath.Join(person, "data", r.ID)); err != nil || !maps.Equal(has, now) {
				return errors.Join(err, fmt.Errorf("%s changed what the person had", how))
			}
		}
		return nil
	})
}

// gone wants none of these files to be there anymore. What is shared with other packages are folders only.
func (m machine) gone(ctx context.Context, files string, purged bool) error {
	var err error
	for path := range strings.Lines(files) {
		path = strings.TrimSpace(path)
		info, statErr := os.Lstat(path)
		if statErr == nil && (!info.IsDir() || strings.HasPrefix(path, "/usr/share/doc/")) {
			err = errors.Join(err, fmt.Errorf("%s is left behind", path))
		}
	}
	known, knownErr := output(ctx, "dpkg-query", "--show", "--showformat", "${Package} ", "*")
	if purged && strings.Contains(" "+known+" ", " "+m.Command+" ") {
		err = errors.Join(err, fmt.Errorf("dpkg still knows %s", m.Command))
	}
	return errors.Join(err, knownErr)
}

// open lets somebody who never had the product open its window, on a desktop that keeps its files in dir, and close
// it again.
func (r receiver) open(ctx context.Context, dir, shots string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	desktop, err := devnet.StartDesktop(ctx, devnet.DesktopOptions{Dir: dir, Display: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, desktop.Close()) }()
	window, err := devnet.StartWindow(ctx, desktop, "/usr/bin/"+r.window(), []string{"BROWSER=false"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, window.Close()) }()
	if err := errors.Join(window.WaitFor(ctx, "frame", r.Name), window.WaitFor(ctx, "heading", "Sign in"), os.MkdirAll(shots, 0o700)); err != nil {
		return err
	}
	return errors.Join(window.Screenshot(ctx, filepath.Join(shots, "installed.png")), window.Quit(ctx))
}

// contentsOf are the files below dir and what is in them.
func contentsOf(dir string) (map[string]string, error) {
	files := map[string]string{}
	tree := os.DirFS(dir)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		files[path] = string(data)
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("there is nothing in %s", dir)
	}
	return files, err
}
