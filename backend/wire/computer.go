package wire

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"latchkey/backend/config"
)

func program(cfg config.Config) string {
	text := strings.TrimSpace(cfg.Brand.Name + " " + config.Version())
	if config.Development {
		text += ", development build"
	}
	if cfg.Network.PLCURL != "" {
		text += ", on a private network"
	}
	return text
}

// builtWith names Go, and Wails where it is in this program.
func builtWith() string {
	text := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/wailsapp/wails/v2" {
				text += ", Wails " + module.Version
			}
		}
	}
	return text
}

// system is the operating system, on Linux with the name of the distribution.
func system() string {
	text := runtime.GOOS + "/" + runtime.GOARCH
	if runtime.GOOS != "linux" {
		return text
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return text
	}
	for lines := bufio.NewScanner(bytes.NewReader(release)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "PRETTY_NAME="); ok {
			if name, err := strconv.Unquote(value); err == nil {
				value = name
			}
			return text + ", " + value
		}
	}
	return text
}

// desktop is what kind of screen this process sees, for reading only: whether a browser can be opened
// is found out by opening it.
func desktop() string {
	text := "none"
	switch {
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		text = "the system's own"
	case os.Getenv("WAYLAND_DISPLAY") != "":
		text = "Wayland"
	case os.Getenv("DISPLAY") != "":
		text = "X11"
	}
	if name := os.Getenv("XDG_CURRENT_DESKTOP"); name != "" && text != "none" {
		text += ", " + name
	}
	if os.Getenv("SSH_CONNECTION") != "" || os.Getenv("SSH_TTY") != "" {
		text += ", reached by SSH"
	}
	if os.Getenv("container") != "" || exists("/.dockerenv") || exists("/run/.containerenv") {
		text += ", in a container"
	}
	if os.Getenv("WSL_DISTRO_NAME") != "" || exists("/proc/sys/fs/binfmt_misc/WSLInterop") {
		text += ", in WSL"
	}
	return text
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
