package config

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"latchkey/backend/safehttp"
	"latchkey/build"
)

// Config is everything that is decided before the program starts.
type Config struct {
	Brand Brand
	// Mark is the drawing that stands beside the name, as [ParseMark] has it.
	Mark    string
	Paths   Paths
	Network Network
	// Release is [IsRelease].
	Release bool
}

// Network is the network that this build talks to. The zero value is the public one.
type Network struct {
	// PLCURL is the origin of the DID directory; empty for the public one.
	PLCURL string
	// DNSOff skips the TXT look-ups of handles.
	DNSOff     bool
	Exceptions safehttp.Exceptions
}

// Error says which key is wrong and what it should be. It is meant to be printed as it is.
type Error struct {
	Where string // the file or "environment"
	Key   string
	Why   string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s: %s", e.Where, e.Why)
	}
	return fmt.Sprintf("%s: %q %s", e.Where, e.Key, e.Why)
}

// brandPath is where a packager finds the brand file.
const brandPath = "build/brand/brand.json"

// markPath is where a packager finds the mark.
const markPath = "build/brand/mark.svg"

// Load reads the embedded brand and, in development builds, the environment. A release with a loopback
// client id is refused, unless its brand insists.
func Load() (Config, error) {
	brand, err := ParseBrand(brandPath, build.Brand)
	if err != nil {
		return Config{}, err
	}
	mark, err := ParseMark(markPath, build.Mark)
	if err != nil {
		return Config{}, err
	}
	c := Config{Brand: brand, Mark: mark, Release: IsRelease()}
	if err := applyDevelopment(&c); err != nil {
		return Config{}, err
	}
	if c.Release && brand.ClientID == Loopback && !brand.LoopbackRelease {
		return Config{}, &Error{Where: brandPath, Key: "client_id", Why: LoopbackRefused}
	}
	paths := xdgPaths(c.Brand.ID)
	paths.ClientKey = cmp.Or(c.Paths.ClientKey, paths.ClientKey)
	c.Paths = paths
	return c, nil
}

// version is set by the linker in packages; see build/README.md.
var version = ""

// Version is the version of this build: what the packager set, else the module's own.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// IsRelease tells what a packager made from a development build. A package has its version set by the linker;
// what anybody builds out of a clone has none and counts as development, as do all builds with the tag devnet.
func IsRelease() bool { return version != "" && !Development }

// Icon is the picture of the product, as PNG.
func Icon() []byte { return build.Icon }
