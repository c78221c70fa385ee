package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/unix"
)

// trial installs and uninstalls on a Windows.
type trial struct {
	receiver
	wine
	setup  string // the installer of the release
	folder string // with what it should install
	before map[string]bool
}

// onWindows installs the release with wine, as a person does it and as a script, over an older version and
// while the program runs, and wants nothing to be left behind. The window needs the WebView2 runtime, which
// wine has not: it is not opened.
func (r receiver) onWindows(ctx context.Context, dir string, all records) (err error) {
	w, err := newWine(ctx, filepath.Join(r.work, "wine"))
	defer func() { err = errors.Join(err, w.close()) }()
	if err != nil {
		return err
	}
	t := trial{receiver: r, wine: w, setup: filepath.Join(dir, r.setupName("amd64")), folder: r.unpacked("amd64")}
	witness, err := t.witness(ctx)
	if err != nil {
		return err
	}
	// This wine writes down where people's folders are when a program asks first.
	if err := w.done(ctx, filepath.Join(t.folder, t.Command+".exe"), "version"); err != nil {
		return err
	}
	if t.before, err = w.state(ctx); err != nil {
		return err
	}
	if err := t.scheme(ctx, witness); err != nil {
		return fmt.Errorf("a scheme: %w", err)
	}
	// A Path longer than the 1,024 characters that the strings of NSIS have.
	path := strings.Repeat(`%USERPROFILE%\a folder\bin;`, 100) + `C:\last`
	if err := w.done(ctx, "reg", "add", `HKCU\Environment`, "/v", "Path", "/t", "REG_EXPAND_SZ", "/d", path, "/f"); err != nil {
		return err
	}
	const runtime = `HKLM\Software\WOW6432Node\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}`
	if err := w.done(ctx, "reg", "add", runtime, "/v", "pv", "/d", "120.0.0.0", "/f"); err != nil {
		return err
	}
	if t.before, err = w.state(ctx); err != nil {
		return err
	}
	if err := t.release(ctx, dir, path); err != nil {
		return fmt.Errorf("the release: %w", err)
	}
	if err := t.upgrade(ctx, witness); err != nil {
		return fmt.Errorf("an upgrade: %w", err)
	}
	return all.verified("installed", r.setupName("amd64"))
}

// programs is the folder where programs go unless a person chooses another.
func (t trial) programs() string {
	return filepath.Join(t.person, "AppData", "Local", "Programs", t.Command)
}

func (t trial) uninstallKey() string {
	return `HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Uninstall\` + t.AppID
}

// uninstall does what Windows does when a person uninstalls without being asked.
func (t trial) uninstall(ctx context.Context) error {
	entry, err := t.values(ctx, t.uninstallKey())
	if err != nil {
		return err
	}
	program, flag, ok := strings.Cut(strings.TrimPrefix(entry["QuietUninstallString"], `"`), `" `)
	if !ok || flag != "/S" {
		return fmt.Errorf("to uninstall, it says %q", entry["QuietUninstallString"])
	}
	// It goes on as a copy of itself.
	return errors.Join(t.done(ctx, program, flag), t.wait(ctx))
}

// clean wants everything to be as it was before.
func (t trial) clean(ctx context.Context) error {
	after, err := t.state(ctx)
	return errors.Join(err, sameState(t.before, after))
}

// installedIn compares a folder with what should be in it.
func (t trial) installedIn(folder string, others ...string) error {
	var want []string
	for _, name := range t.installedNames() {
		one, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(t.folder, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(one, other) {
			return fmt.Errorf("%s is not the release's", name)
		}
		want = append(want, name)
	}
	return onlyThese(folder, append(want, others...))
}

// onlyThese wants a folder to have these files and no others.
func onlyThese(folder string, names []string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	slices.Sort(found)
	slices.Sort(names)
	if !slices.Equal(found, names) {
		return fmt.Errorf("%s has %q, and should have %q", folder, found, names)
	}
	return nil
}

// release installs the release, looks at it, and uninstalls it.
func (t trial) release(ctx context.Context, dir, path string) error {
	if err := errors.Join(t.done(ctx, t.setup, "/S"), t.installedIn(t.programs())); err != nil {
		return err
	}
	entry, err := t.values(ctx, t.uninstallKey())
	if err != nil {
		return err
	}
	at := t.windowsPath(t.programs())
	for name, want := range map[string]string{
		"DisplayName": t.Name, "DisplayVersion": t.version, "Publisher": t.maintainerName(), "URLInfoAbout": t.Homepage, "InstallLocation": at,
		"DisplayIcon": at + `\` + t.window() + ".exe,0", "UninstallString": `"` + at + `\uninstall.exe"`,
	} {
		if entry[name] != want {
			return fmt.Errorf("%s is %q, not %q", name, entry[name], want)
		}
	}
	environment, err := t.values(ctx, `HKEY_CURRENT_USER\Environment`)
	if want := "hex(2):" + hexWords(path+";"+at); err != nil || environment["Path"] != want {
		return errors.Join(err, fmt.Errorf("the variable Path is %s, not %s", environment["Path"], want))
	}
	shortcut, err := os.ReadFile(t.shortcut())
	if err != nil {
		return err
	}
	if !bytes.Contains(bytes.ReplaceAll(shortcut, []byte{0}, nil), []byte(at+`\`+t.window()+".exe")) {
		return errors.New("the shortcut leads elsewhere")
	}
	said, err := t.command(ctx, filepath.Join(t.programs(), t.Command+".exe"), "version").Output()
	if want := t.Command + " " + t.version; err != nil || strings.TrimSpace(string(said)) != want {
		return errors.Join(err, fmt.Errorf("the installed program says %q, not %q", said, want))
	}
	if err := t.whileItRuns(ctx); err != nil {
		return err
	}
	if status, err := t.run(ctx, filepath.Join(dir, t.setupName("arm64")), "/S"); err != nil || status != 2 {
		return errors.Join(err, fmt.Errorf("the installer for arm64 ends with %d on amd64", status))
	}
	return errors.Join(t.installedIn(t.programs()), t.uninstall(ctx), t.clean(ctx))
}

// hexWords is text as the registry exports such that has variables in it.
func hexWords(text string) string {
	var words []string
	for _, unit := range append(utf16.Encode([]rune(text)), 0) {
		words = append(words, fmt.Sprintf("%02x,%02x", unit&0xff, unit>>8))
	}
	return strings.Join(words, ",")
}

func (t trial) shortcut() string {
	return filepath.Join(t.person, "AppData", "Roaming", "Microsoft", "Windows", "Start Menu", "Programs", t.fileName()+".lnk")
}

// whileItRuns wants neither installer nor uninstaller to touch a program that runs. It does as long as
// nobody reads all that it has to say: a pipe as small as they get holds a part of it.
func (t trial) whileItRuns(ctx context.Context) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }()
	if _, err := unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		return errors.Join(err, write.Close())
	}
	running := t.command(ctx, filepath.Join(t.programs(), t.Command+".exe"), "completion", "bash")
	running.Stdout = write
	if err := errors.Join(running.Start(), write.Close()); err != nil {
		return err
	}
	if _, err := io.ReadFull(read, make([]byte, 1)); err != nil {
		return errors.Join(err, running.Wait())
	}
	for _, words := range [][]string{{t.setup, "/S"}, {filepath.Join(t.programs(), uninstallerName), "/S", "_?=" + t.windowsPath(t.programs())}} {
		tries := t.command(ctx, words...)
		if err = tries.Run(); tries.ProcessState.ExitCode() != 2 {
			return errors.Join(err, fmt.Errorf("while the program runs, %s ends with %d", filepath.Base(words[0]), tries.ProcessState.ExitCode()))
		}
	}
	_, err = io.Copy(io.Discard, read)
	return errors.Join(err, running.Wait(), t.installedIn(t.programs()))
}

// witness makes a small program that stands in for others: it writes down how it was called.
func (t trial) witness(ctx context.Context) (string, error) {
	program, script := filepath.Join(t.receiver.work, "witness.exe"), filepath.Join(t.receiver.work, "witness.nsi")
	text := "Target amd64-unicode\nSilentInstall silent\nRequestExecutionLevel user\nOutFile \"" + program + "\"\nSection\n" +
		"FileOpen $0 \"C:\\called.txt\" a\nFileSeek $0 0 END\nFileWrite $0 \"$CMDLINE$\\n\"\nFileClose $0\nSectionEnd\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return "", err
	}
	return program, quietly(command(ctx, "makensis", "-V2", "-WX", script))
}

// called is what the witness wrote down since it was asked last.
func (t trial) called() (string, error) {
	file := filepath.Join(t.drive(), "called.txt")
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return string(data), errors.Join(err, os.Remove(file))
}

// otherSetup makes an installer of another version or brand, with the witness in the place of all programs.
func (t trial) otherSetup(ctx context.Context, p product, witness, name string) (string, error) {
	stage := filepath.Join(t.receiver.work, name)
	if err := os.Mkdir(stage, 0o700); err != nil {
		return "", err
	}
	icon, err := p.windowsIcon()
	if err != nil {
		return "", err
	}
	if err := p.windowsTexts(ctx, stage, icon, []byte("other licences\n")); err != nil {
		return "", err
	}
	for _, program := range []string{p.Command + ".exe", p.window() + ".exe", bootstrapperName} {
		if err := quietly(command(ctx, "cp", witness, filepath.Join(stage, program))); err != nil {
			return "", err
		}
	}
	return p.installer(ctx, "amd64", stage, nil)
}

// upgrade installs an older version into a folder that a person chose, the release over it, and the release
// to another folder. What is the person's stays.
func (t trial) upgrade(ctx context.Context, witness string) error {
	older := t.product
	older.version = "0.0.1"
	setup, err := t.otherSetup(ctx, older, witness, "older")
	if err != nil {
		return err
	}
	account := filepath.Join(t.person, "AppData", "Local", t.ID, "an account")
	into := func(setup, folder string) error { // quotes would be taken for a part of the name
		return t.done(ctx, append([]string{setup, "/S"}, strings.Fields("/D="+t.windowsPath(folder))...)...)
	}
	chosen, other := filepath.Join(t.drive(), "a folder"), filepath.Join(t.drive(), "another one")
	theirs := filepath.Join(chosen, "theirs.txt")
	for _, file := range []string{account, theirs} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
			return err
		}
	}
	// The release goes where the older version is, unless somebody says otherwise.
	if err := errors.Join(
		into(setup, chosen), onlyThese(chosen, append(t.installedNames(), "theirs.txt")),
		t.done(ctx, t.setup, "/S"), t.installedIn(chosen, "theirs.txt"),
		into(t.setup, other), t.installedIn(other), onlyThese(chosen, []string{"theirs.txt"}),
		t.uninstall(ctx)); err != nil {
		return err
	}
	if _, err := os.Stat(account); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Dir(account)), os.RemoveAll(chosen), t.clean(ctx))
}

// scheme installs a product with a scheme of its own, which another program may take over and keep. The
// WebView2 runtime is fetched, because there is none. (This wine does not open addresses whose scheme has dots:
// what Windows would do stands in the registry.)
func (t trial) scheme(ctx context.Context, witness string) error {
	harbour := t.product
	harbour.ClientID, harbour.SchemeRedirect = "https://harbour.example.com/client.json", true
	setup, err := t.otherSetup(ctx, harbour, witness, "harbour")
	if err != nil {
		return err
	}
	const key = `HKEY_CURRENT_USER\Software\Classes\com.example.harbour\shell\open\command`
	if err := t.done(ctx, setup, "/S"); err != nil {
		return err
	}
	if called, err := t.called(); err != nil || !strings.HasSuffix(called, "\" /silent /install\n") {
		return errors.Join(err, fmt.Errorf("to fetch the WebView2 runtime, %q was called", called))
	}
	open, err := t.values(ctx, key)
	if want := `"` + t.windowsPath(t.programs()) + `\` + t.window() + `.exe" "%1"`; err != nil || open["@"] != want {
		return errors.Join(err, fmt.Errorf("the scheme calls %q", open["@"]))
	}
	if err := errors.Join(t.uninstall(ctx), t.clean(ctx)); err != nil {
		return err
	}

	if err := errors.Join(t.done(ctx, setup, "/S"), t.done(ctx, "reg", "add", key, "/ve", "/d", "another", "/f"), t.uninstall(ctx)); err != nil {
		return err
	}
	open, err = t.values(ctx, key)
	if err != nil || open["@"] != "another" {
		return errors.Join(err, errors.New("the uninstaller took a scheme away that is another program's"))
	}
	_, err = t.called()
	return errors.Join(err, t.done(ctx, "reg", "delete", `HKEY_CURRENT_USER\Software\Classes\com.example.harbour`, "/f"), t.clean(ctx))
}
