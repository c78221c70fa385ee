package devnet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"latchkey/backend/config"
)

// DesktopOptions of a private desktop session.
type DesktopOptions struct {
	// Dir keeps the home directory, the keyring and the session's log, desktop.log. It is created when
	// missing; a Dir that was used before brings the same keyring back.
	Dir string
	// NoKeyring leaves out the keyring: nothing on the bus keeps keys.
	NoKeyring bool
	// Display adds a screen that nobody sees, for windows and screenshots.
	Display bool
}

// Desktop is a desktop session that shares nothing with the person's own: a D-Bus session bus, an unlocked
// keyring (GNOME Keyring), home and XDG directories, and a screen when asked for.
type Desktop struct {
	dir     string
	runtime string // XDG_RUNTIME_DIR
	display string
	log     *os.File

	// In the order of their start. The bus comes first, so that it is the last to end.
	children []*child
}

// StartDesktop runs a desktop session and returns when its keyring answers, in about a tenth of a second.
// The context bounds the start only; end the session with Close. It also ends, whatever happens, with
// this process.
func StartDesktop(ctx context.Context, options DesktopOptions) (*Desktop, error) {
	if options.Dir == "" {
		return nil, errors.New("devnet: DesktopOptions.Dir is empty; name the directory that keeps the session")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	d := &Desktop{dir: dir}
	if err := d.start(ctx, options); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Desktop) start(ctx context.Context, options DesktopOptions) error {
	for _, sub := range []string{"home", "data", "config", "state", "cache"} {
		if err := os.MkdirAll(filepath.Join(d.dir, sub), 0o700); err != nil {
			return fmt.Errorf("devnet: %w", err)
		}
	}
	var err error
	// Sockets lie here, whose paths may have no more than some hundred bytes; Dir may be deeper than that.
	if d.runtime, err = os.MkdirTemp("", "devnet-"); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	// A file rather than a pipe: services that outlive the bus by a moment would keep a pipe open.
	if d.log, err = os.OpenFile(d.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	steps := []func(context.Context) error{d.startBus}
	if !options.NoKeyring {
		steps = append(steps, d.startKeyring)
	}
	if options.Display {
		// First, because services of the bus learn the screen from the bus.
		steps = slices.Insert(steps, 0, d.startScreen)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return fmt.Errorf("devnet: the private desktop did not start: %w\n%s", err, endOf(d.logFile()))
		}
	}
	return nil
}

// Env returns the whole environment for programs of this session: that of this process, without what
// leads to the person's own session or network.
func (d *Desktop) Env() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return slices.Contains(foreign, key) || strings.HasPrefix(key, config.Variable("")) || strings.HasPrefix(key, "LATCHKEY_")
	})
	env = append(env,
		"HOME="+filepath.Join(d.dir, "home"),
		"XDG_DATA_HOME="+d.DataHome(),
		"XDG_CONFIG_HOME="+filepath.Join(d.dir, "config"),
		"XDG_STATE_HOME="+d.StateHome(),
		"XDG_CACHE_HOME="+filepath.Join(d.dir, "cache"),
		"XDG_RUNTIME_DIR="+d.runtime,
		"DBUS_SESSION_BUS_ADDRESS="+d.BusAddress(),
		"LC_ALL=C.UTF-8", // the windows are driven by their words, which are English then
	)
	if d.display != "" {
		env = append(env, "DISPLAY="+d.display, "GDK_BACKEND=x11")
	}
	return env
}

// foreign are the variables of another session that Env does not set itself.
var foreign = []string{
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "BROWSER", "AT_SPI_BUS_ADDRESS", "GTK_MODULES", "GDK_BACKEND",
	"GNOME_KEYRING_CONTROL", "SSH_AUTH_SOCK", "DESKTOP_STARTUP_ID", "DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE",
	"XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "XDG_SESSION_ID",
}

// DataHome returns XDG_DATA_HOME of the session.
func (d *Desktop) DataHome() string { return filepath.Join(d.dir, "data") }

// StateHome returns XDG_STATE_HOME of the session.
func (d *Desktop) StateHome() string { return filepath.Join(d.dir, "state") }

// BusAddress returns DBUS_SESSION_BUS_ADDRESS of the session. The keyring's library reads it once, at the
// first call of a process.
func (d *Desktop) BusAddress() string {
	return "unix:path=" + filepath.Join(d.runtime, "bus")
}

func (d *Desktop) logFile() string { return filepath.Join(d.dir, "desktop.log") }

// Screenshot writes what is on the screen to a PNG file.
func (d *Desktop) Screenshot(ctx context.Context, file string) error {
	if d.display == "" {
		return errors.New("devnet: this desktop has no screen; set DesktopOptions.Display")
	}
	return d.screenshot(ctx, file)
}

// screenshot takes settings of ImageMagick in addition.
func (d *Desktop) screenshot(ctx context.Context, file string, settings ...string) error {
	cmd := d.command(ctx, "import", append([]string{"-silent", "-window", "root"}, append(settings, "png:"+file)...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("devnet: no screenshot; if import is missing, run: make setup: %w\n%s", err, out)
	}
	return nil
}

// Close ends the session and waits until its processes are gone. It leaves Dir alone.
func (d *Desktop) Close() error {
	for _, c := range slices.Backward(d.children) {
		c.stop()
	}
	d.children = nil
	var err error
	if d.log != nil {
		err = d.log.Close()
		d.log = nil
	}
	if d.runtime != "" {
		err = errors.Join(err, os.RemoveAll(d.runtime))
	}
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	return nil
}

func (d *Desktop) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.Env()
	return cmd
}

// run starts a process that lives as long as the session.
func (d *Desktop) run(cmd *exec.Cmd) (*child, error) {
	cmd.Env = d.Env()
	cmd.Stdout, cmd.Stderr = d.log, d.log
	c, err := startChild(cmd)
	if err == nil {
		d.children = append(d.children, c)
	}
	return c, err
}

// startScreen runs an X server, which says on the given descriptor which display number it found.
func (d *Desktop) startScreen(ctx context.Context) error {
	return d.saying(ctx, func(number string) { d.display = ":" + number },
		// Without -noreset the server forgets everything, and GTK dies of it, whenever its only client leaves.
		"Xvfb", "-displayfd", "3", "-noreset", "-nolisten", "tcp", "-screen", "0", "640x800x24")
}

// The bus starts nothing on demand but the accessibility bus: no portal, no second keyring.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>%s</listen>
  <servicedir>%s</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

func (d *Desktop) startBus(ctx context.Context) error {
	services := filepath.Join(d.runtime, "services")
	if err := os.Mkdir(services, 0o700); err != nil {
		return err
	}
	const accessibility = "org.a11y.Bus.service"
	if err := os.Symlink("/usr/share/dbus-1/services/"+accessibility, filepath.Join(services, accessibility)); err != nil {
		return err
	}
	config := filepath.Join(d.runtime, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, d.BusAddress(), services), 0o600); err != nil {
		return err
	}
	return d.saying(ctx, func(string) {}, "dbus-daemon", "--config-file="+config, "--nofork", "--print-address=3")
}

// saying runs a process that writes one line to descriptor 3 when it is ready.
func (d *Desktop) saying(ctx context.Context, use func(line string), name string, args ...string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command(name, args...)
	cmd.ExtraFiles = []*os.File{w} // descriptor 3
	_, err = d.run(cmd)
	_ = w.Close() // the child has its own; when that ends, so does the pipe
	if err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = r.SetReadDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { _ = r.SetReadDeadline(time.Now()) })()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		} else if errors.Is(err, io.EOF) {
			err = errors.New("it ended before it was ready")
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	use(strings.TrimSpace(line))
	return nil
}

// startKeyring unlocks a keyring with a password of its own.
func (d *Desktop) startKeyring(ctx context.Context) error {
	// In the foreground, or the daemon would leave us behind and live on.
	cmd := exec.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	// All of the input is the password; none would mean no keyring.
	cmd.Stdin = strings.NewReader(keyringPassword)
	keyring, err := d.run(cmd)
	if err != nil {
		return err
	}
	return keyring.await(ctx, func(ctx context.Context) error {
		out, err := d.command(ctx, "gdbus", "wait", "--session", "--timeout", "30", "org.freedesktop.secrets").CombinedOutput()
		if err != nil {
			return fmt.Errorf("the keyring does not answer; if gdbus is missing, run: make setup: %w\n%s", err, out)
		}
		return nil
	})
}
