//go:build !bindings

package app

import (
	"errors"
	"os"
)

// prepare sets up the process for GTK and WebKit.
func prepare() error {
	// GTK would end the process with a stack trace.
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display to open a window on; use the program for the terminal instead")
	}
	// The inspector would give anybody who reaches its port full power over the page, in release
	// builds too (observed).
	for _, key := range []string{"WEBKIT_INSPECTOR_SERVER", "WEBKIT_INSPECTOR_HTTP_SERVER"} {
		if err := os.Unsetenv(key); err != nil {
			return err
		}
	}
	// With some drivers the faster renderer leaves the window blank; people may still choose it.
	if _, set := os.LookupEnv("WEBKIT_DISABLE_DMABUF_RENDERER"); !set {
		return os.Setenv("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
	}
	return nil
}
