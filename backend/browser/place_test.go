package browser

import (
	"io/fs"
	"testing"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	const wsl = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@x) (gcc) #1 SMP"
	tests := []struct {
		name        string
		environment map[string]string
		files       map[string]string
		want        Place
		remote      bool
	}{
		{"nothing special", nil, nil, Place{}, false},
		{"a desktop", map[string]string{"DISPLAY": ":0"}, map[string]string{"/proc/version": "Linux version 6.1.0"}, Place{Display: true}, false},
		{"SSH", map[string]string{"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, nil, Place{SSH: true}, true},
		{"SSH, its terminal only", map[string]string{"SSH_TTY": "/dev/pts/0"}, nil, Place{SSH: true}, true},
		{"SSH, empty", map[string]string{"SSH_CONNECTION": "", "SSH_TTY": ""}, nil, Place{}, false},
		{"SSH with a display", map[string]string{"SSH_TTY": "/dev/pts/0", "DISPLAY": "localhost:10.0"}, nil, Place{SSH: true, Display: true}, true},
		{"SSH from an editor that opens addresses", map[string]string{"SSH_CONNECTION": "x", "BROWSER": "/vscode/browser.sh"}, nil, Place{SSH: true, Chosen: true}, false},
		{"Docker", nil, map[string]string{"/.dockerenv": ""}, Place{Container: true}, true},
		{"Podman", nil, map[string]string{"/run/.containerenv": `engine="podman"`}, Place{Container: true}, true},
		{"systemd-nspawn", map[string]string{"container": "systemd-nspawn"}, nil, Place{Container: true}, true},
		{"a container on the desktop", map[string]string{"container": "oci", "WAYLAND_DISPLAY": "wayland-0"}, nil, Place{Container: true, Display: true}, false},
		{"a container with a browser of its own", map[string]string{"BROWSER": "w3m"}, map[string]string{"/.dockerenv": ""}, Place{Container: true, Chosen: true}, false},
		{"WSL", map[string]string{"WSL_DISTRO_NAME": "Debian"}, nil, Place{WSL: true}, false},
		{"WSL without its variables", nil, map[string]string{"/proc/version": wsl}, Place{WSL: true}, false},
		{"WSL over SSH", map[string]string{"SSH_TTY": "/dev/pts/0"}, map[string]string{"/proc/version": wsl}, Place{SSH: true, WSL: true}, true},
		{"Docker on Windows", nil, map[string]string{"/proc/version": wsl, "/.dockerenv": ""}, Place{Container: true}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := placeOf(func(name string) string { return tt.environment[name] }, func(name string) ([]byte, error) {
				text, ok := tt.files[name]
				if !ok {
					return nil, fs.ErrNotExist
				}
				return []byte(text), nil
			})
			if got != tt.want || got.Remote() != tt.remote {
				t.Errorf("%+v, remote %v", got, got.Remote())
			}
		})
	}
}
