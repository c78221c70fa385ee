//go:build !devnet

package config

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"latchkey/build"
)

// A release build listens to nothing that could make it another product or lead it elsewhere.
func TestReleaseIgnoresTheEnvironment(t *testing.T) { // not parallel: it sets the environment
	want, err := ParseBrand("build/brand/brand.json", build.Brand)
	if err != nil {
		t.Fatal(err)
	}
	for name, network := range map[string]string{
		"network file":     `{"plc_url": "http://localhost:1", "resolve": {"*.test": "127.0.0.1:1"}, "plain_http": ["localhost:1"], "dns": "off"}`,
		"bad network file": `{`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "network.json")
			if err := os.WriteFile(path, []byte(network), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(prefix+"NETWORK", path)
			t.Setenv(prefix+"NAME", "Somebody else")
			t.Setenv(prefix+"CLIENT_ID", "https://evil.example/client-metadata.json")
			t.Setenv(prefix+"SCOPES", "atproto transition:generic transition:chat.bsky")
			t.Setenv(prefix+"EMAIL_PROVIDER", "https://evil.example")
			t.Setenv(prefix+"MADE_UP", "1")
			c, err := Load()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(c.Brand, want) || !reflect.DeepEqual(c.Network, Network{}) || Development {
				t.Errorf("a release build has %+v and %+v", c.Brand, c.Network)
			}
		})
	}
}

// A package that servers would take for a program in development does not start, unless its packager insists. What
// anybody builds out of a clone does.
func TestLoopbackIsForDevelopment(t *testing.T) { // not parallel: it sets what the linker sets, and the brand
	brand := build.Brand
	t.Cleanup(func() { version, build.Brand = "", brand })
	for name, c := range map[string]struct {
		version, key string
		value        any
		refused      bool
	}{
		"clone":                {"", "", nil, false},
		"package":              {"1.2.3", "", nil, true},
		"package that does":    {"1.2.3", "loopback_release", false, true},
		"package, insisting":   {"1.2.3", "loopback_release", true, false},
		"package with its own": {"1.2.3", "client_id", "https://app.example.com/client-metadata.json", false},
	} {
		version, build.Brand = c.version, goodBrand(t, c.key, c.value)
		cfg, err := Load()
		if !c.refused {
			if err != nil || cfg.Release != (c.version != "") {
				t.Errorf("%s: release %v, %v", name, cfg.Release, err)
			}
			continue
		}
		checkError(t, err, "build/brand/brand.json", "client_id")
		if !reflect.DeepEqual(cfg, Config{}) {
			t.Errorf("%s: half a configuration came back: %+v", name, cfg)
		}
	}
}
