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
	"slices"
	"strings"
	"unicode/utf16"
)

// wine is a Windows in a folder, without a screen. Nothing of it is this machine's.
type wine struct {
	dir    string
	person string // the folder of whoever is there
}

// Where Debian's wine64 has its programs. Nothing of 32 bits is needed.
const (
	wineProgram = "/usr/lib/wine/wine64"
	wineServer  = "/usr/lib/wine/wineserver"
)

func newWine(ctx context.Context, dir string) (wine, error) {
	w := wine{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o700); err != nil {
		return w, err
	}
	for _, words := range [][]string{{"wineboot", "-i"}, {"winecfg", "-v", "win10"},
		// which every Windows has
		{"reg", "add", `HKCU\Software\Classes`, "/f"}, {"reg", "add", `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall`, "/f"}} {
		if err := w.done(ctx, words...); err != nil {
			return w, err
		}
	}
	people, err := filepath.Glob(filepath.Join(w.drive(), "users", "*", "AppData"))
	if err != nil || len(people) != 1 {
		return w, errors.Join(err, fmt.Errorf("%d people in wine", len(people)))
	}
	w.person = filepath.Dir(people[0])
	return w, w.random(ctx)
}

// random adds what every program of Go wants and this wine lacks: a library, here without code, which sends
// on to where the same is (observed with wine 8: "bcryptprimitives.dll not found").
func (w wine) random(ctx context.Context) error {
	exports := filepath.Join(w.dir, "random.def")
	if err := os.WriteFile(exports, []byte("LIBRARY bcryptprimitives.dll\nEXPORTS\nProcessPrng = advapi32.SystemFunction036\n"), 0o600); err != nil {
		return err
	}
	return quietly(command(ctx, "ld", "-m", "i386pep", "-shared", "-o", filepath.Join(w.drive(), "windows", "system32", "bcryptprimitives.dll"), exports))
}

func (w wine) drive() string { return filepath.Join(w.dir, "prefix", "drive_c") }

// command prepares a program of that Windows.
func (w wine) command(ctx context.Context, words ...string) *exec.Cmd {
	cmd := command(ctx, wineProgram, words...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(w.dir, "home"), "WINEPREFIX="+filepath.Join(w.dir, "prefix"), "WINEDEBUG=-all", "DISPLAY=",
		"WINEDLLOVERRIDES=mscoree,mshtml=;winemenubuilder.exe=") // neither downloads nor menus of this machine
	return cmd
}

// run runs a program of that Windows.
func (w wine) run(ctx context.Context, words ...string) (status int, err error) {
	cmd := w.command(ctx, words...)
	cmd.Stderr = nil
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && ctx.Err() == nil {
		err = nil
	}
	return cmd.ProcessState.ExitCode(), err
}

// wait waits for all that programs left behind to end.
func (w wine) wait(ctx context.Context) error {
	wait := w.command(ctx)
	wait.Path, wait.Args = wineServer, []string{wineServer, "-w"}
	return quietly(wait)
}

// done wants a program to end well.
func (w wine) done(ctx context.Context, words ...string) error {
	status, err := w.run(ctx, words...)
	if err == nil && status != 0 {
		err = fmt.Errorf("%s: exit status %d", strings.Join(words, " "), status)
	}
	return err
}

func (w wine) close() error {
	end := w.command(context.Background())
	end.Path, end.Args = wineServer, []string{wineServer, "-k"}
	if err := end.Run(); err != nil && end.ProcessState.ExitCode() != 1 { // there was none any more
		return err
	}
	return nil
}

// windowsPath is a path of this machine as Windows has it.
func (w wine) windowsPath(path string) string {
	return "C:" + strings.ReplaceAll(strings.TrimPrefix(path, w.drive()), "/", `\`)
}

// values are those of a key of the registry; the one without a name is "@".
func (w wine) values(ctx context.Context, key string) (map[string]string, error) {
	text, err := w.export(ctx, key)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	_, text, _ = strings.Cut(text, "\n["+key+"]\n")
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.ReplaceAll(text, "\\\n  ", "") // a value goes on in the next line
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		values[strings.Trim(name, `"`)] = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(unquoted(value))
	}
	return values, nil
}

func unquoted(value string) string {
	if len(value) > 1 && value[0] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

// export is what the registry has below a key, "" for a key that there is not.
func (w wine) export(ctx context.Context, key string) (string, error) {
	file := filepath.Join(w.dir, "export.reg")
	if err := os.RemoveAll(file); err != nil {
		return "", err
	}
	if status, err := w.run(ctx, "reg", "export", key, "Z:"+strings.ReplaceAll(file, "/", `\`), "/y"); err != nil || status != 0 {
		return "", err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i]) | uint16(data[2*i+1])<<8
	}
	return strings.ReplaceAll(string(utf16.Decode(units)), "\r\n", "\n"), nil
}

// state is all that a program could leave behind once it has ended: the files, but for temporary ones, and the
// registry.
func (w wine) state(ctx context.Context) (map[string]bool, error) {
	if err := w.wait(ctx); err != nil {
		return nil, err
	}
	state := map[string]bool{}
	err := filepath.WalkDir(w.drive(), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.EqualFold(entry.Name(), "temp") {
			return filepath.SkipDir
		}
		state[strings.TrimPrefix(path, w.drive())] = true
		return err
	})
	for _, hive := range []string{`HKEY_CURRENT_USER\Software`, `HKEY_CURRENT_USER\Environment`, `HKEY_LOCAL_MACHINE\Software`} {
		text, exportErr := w.export(ctx, hive)
		err = errors.Join(err, exportErr)
		key := ""
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "[") {
				key = line
			}
			state[key+line] = true
		}
	}
	return state, err
}

// sameState complains about what came and what went.
func sameState(before, after map[string]bool) error {
	var all error
	for _, line := range slices.Sorted(maps.Keys(after)) {
		if !before[line] {
			all = errors.Join(all, fmt.Errorf("left behind: %s", line))
		}
	}
	for _, line := range slices.Sorted(maps.Keys(before)) {
		if !after[line] {
			all = errors.Join(all, fmt.Errorf("gone: %s", line))
		}
	}
	return all
}
