package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"

	"latchkey/build"
)

// The brand file of this tree has to be one.
func TestOwnBrand(t *testing.T) {
	t.Parallel()
	if _, err := ParseBrand("build/brand/brand.json", build.Brand); err != nil {
		t.Error(err)
	}
}

// hostile: 55
func TestPaths(t *testing.T) { // not parallel: it sets the environment
	home := filepath.Join(t.TempDir(), "a home?with#signs%20and spaces")
	t.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
	t.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		c.Paths.Data:             filepath.Join(home, "data", c.Brand.ID),
		c.Paths.State:            filepath.Join(home, "state", c.Brand.ID),
		c.Paths.Database():       filepath.Join(home, "data", c.Brand.ID, c.Brand.ID+".db"),
		c.Paths.FormerDatabase(): filepath.Join(home, "data", c.Brand.ID, "latchkey.db"),
		c.Paths.Locks():          filepath.Join(home, "state", c.Brand.ID, "locks"),
	} {
		if got != want {
			t.Errorf("the path is %s, want %s", got, want)
		}
	}
}

func TestVersion(t *testing.T) { // not parallel: it sets what the linker sets
	if Version() == "" {
		t.Error("this build has no version")
	}
	version = "1.2.3"
	t.Cleanup(func() { version = "" })
	if Version() != "1.2.3" {
		t.Errorf("the packager's version became %s", Version())
	}
}

func TestErrorWithoutKey(t *testing.T) {
	t.Parallel()
	if got := (&Error{Where: "file.json", Why: "is not a file."}).Error(); got != "file.json: is not a file." || strings.Contains(got, `"`) {
		t.Errorf("the error reads %q", got)
	}
}
