package browser

import (
	"os"
	"strings"
)

// Place says where this program runs, as far as that decides which browser can help.
type Place struct {
	// SSH: the person sits at another computer, whatever display is forwarded.
	SSH bool
	// Container has no browser of its own, unless it was given a display.
	Container bool
	// WSL is Linux inside Windows: the person's browser is the one of Windows.
	WSL bool
	// Display is one that this program can show windows on. Only Linux tells.
	Display bool
	// Chosen is a way of the person's own to open addresses: the variable BROWSER. It is believed;
	// editors that work over SSH set it to one that opens them where the person is.
	Chosen bool
}

// Remote says that a browser that is opened here opens in front of nobody.
func (p Place) Remote() bool {
	return !p.Chosen && (p.SSH || p.Container && !p.Display)
}

// Here is where this program runs.
func Here() Place { return placeOf(os.Getenv, os.ReadFile) }

// placeOf reads the environment and a few files.
func placeOf(getenv func(string) string, readFile func(string) ([]byte, error)) Place {
	isSet := func(names ...string) bool {
		for _, name := range names {
			if getenv(name) != "" {
				return true
			}
		}
		return false
	}
	exists := func(names ...string) bool {
		for _, name := range names {
			if _, err := readFile(name); err == nil {
				return true
			}
		}
		return false
	}
	p := Place{
		SSH:       isSet("SSH_CONNECTION", "SSH_TTY"),
		Container: isSet("container") || exists("/.dockerenv", "/run/.containerenv"),
		Display:   isSet("DISPLAY", "WAYLAND_DISPLAY"),
		Chosen:    isSet("BROWSER"),
	}
	// Docker on Windows runs its containers on the kernel of WSL, without the rest of it.
	if !p.Container {
		version, _ := readFile("/proc/version")
		p.WSL = isSet("WSL_DISTRO_NAME") || strings.Contains(strings.ToLower(string(version)), "microsoft")
	}
	return p
}
