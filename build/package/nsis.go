package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// installer makes an installer out of what lies in a folder, and seals it, with the programs and the uninstaller
// in it. The times of files get into it, so they are set first.
func (p product) installer(ctx context.Context, architecture, stage string, seal *seal) (string, error) {
	script, err := p.fill("installer.nsi")
	if err != nil {
		return "", err
	}
	path, err := templates.ReadFile("files/path.nsh")
	if err != nil {
		return "", err
	}
	for name, data := range map[string][]byte{"installer.nsi": script, "path.nsh": path} {
		if err := os.WriteFile(filepath.Join(stage, name), data, 0o600); err != nil {
			return "", err
		}
	}
	numbers, err := p.windowsVersion()
	if err != nil {
		return "", err
	}
	args := []string{"-V2", "-WX", "-DARCHITECTURE=" + architecture, fmt.Sprintf("-DNUMBERS=%d.%d.%d.%d", numbers[0], numbers[1], numbers[2], numbers[3])}
	if seal != nil {
		for _, program := range []string{p.Command + ".exe", p.window() + ".exe"} {
			if err := seal.put(ctx, architecture, program, filepath.Join(stage, program)); err != nil {
				return "", err
			}
		}
		if err := os.WriteFile(filepath.Join(stage, "seal"), seal.script(architecture), 0o700); err != nil { // #nosec G306 -- it is run
			return "", err
		}
		args = append(args, "-DSEALED")
	}
	files, err := os.ReadDir(stage)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if err := os.Chtimes(filepath.Join(stage, f.Name()), p.time, p.time); err != nil {
			return "", err
		}
	}
	if err := quietly(command(ctx, "makensis", append(args, filepath.Join(stage, "installer.nsi"))...)); err != nil {
		return "", err
	}
	setup := filepath.Join(stage, installerName)
	if seal != nil {
		err = seal.put(ctx, architecture, installerName, setup)
	}
	return setup, err
}

// installedNames are the files that an installer installs.
func (p product) installedNames() []string {
	return []string{p.Command + ".exe", p.window() + ".exe", uninstallerName, "LICENSE.txt", "README.txt", "licences.txt"}
}

// sealed are the names of the files for Windows that carry a signature.
func (p product) sealed() []string {
	return []string{p.Command + ".exe", p.window() + ".exe", uninstallerName, installerName}
}

// What makensis makes.
const (
	installerName   = "installer.exe"
	uninstallerName = "uninstall.exe"
)

// nsi is text between double quotes in a script of NSIS (https://nsis.sourceforge.io/Docs/Chapter4.html#varstrings).
func nsi(text string) string {
	return strings.NewReplacer("$", "$$", `"`, `$\"`).Replace(text)
}

// caption is the name as NSIS wants it for its windows, where an & underlines the next letter.
func (p product) caption() string { return strings.ReplaceAll(p.Name, "&", "&&") }

// fileName is the name without what Windows does not take in a file's
// (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
func (p product) fileName() string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, r) {
			return -1
		}
		return r
	}, p.Name)
	if name = strings.Trim(name, " ."); name == "" {
		return p.Command
	}
	return name
}
