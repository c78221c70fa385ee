package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"latchkey/backend/config"
)

// brandFolder is the one that is built into the program unless another is named.
const brandFolder = "build/brand"

// product is what a packager ships: a brand, as a version.
type product struct {
	config.Brand
	packaging
	folder string    // of the brand
	commit string    // of the sources
	time   time.Time // of the commit; what is made of it says this time
	// version is one of semantic versioning (https://semver.org), without a v.
	version string
}

// packaging is the file packaging.json of a brand folder: what packages say of the product, beside what
// brand.json has.
type packaging struct {
	// Command is the name of the packages and of the program for the terminal; the window's has -window
	// behind it.
	Command string `json:"command"`
	// AppID is how desktops know the window: a host name of the packager's backwards, and the product's name.
	AppID       string   `json:"app_id"`
	Summary     string   `json:"summary"`     // one line, no full stop
	Description []string `json:"description"` // paragraphs
	Maintainer  string   `json:"maintainer"`  // Name <address>
	Homepage    string   `json:"homepage"`
	Keywords    []string `json:"keywords"`
	Screenshots []struct {
		Address string `json:"address"`
		Caption string `json:"caption"`
	} `json:"screenshots"`
}

func readProduct(folder string) (product, error) {
	p := product{folder: folder}
	file := filepath.Join(folder, "brand.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return p, fmt.Errorf("there is no brand in the folder %q, which a copy of %s would be: %w", folder, brandFolder, err)
	}
	if p.Brand, err = config.ParseBrand(file, data); err != nil {
		return p, err
	}
	file = filepath.Join(folder, "mark.svg")
	if data, err = os.ReadFile(file); err != nil {
		return p, fmt.Errorf("the brand needs a mark, drawn in currentColor: %w", err)
	}
	if _, err := config.ParseMark(file, data); err != nil {
		return p, err
	}
	file = filepath.Join(folder, "packaging.json")
	if data, err = os.ReadFile(file); err != nil {
		return p, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p.packaging); err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	return p, checkIcon(filepath.Join(folder, "icon.png"))
}

func checkIcon(file string) error {
	data, err := os.ReadFile(file) // #nosec G304 -- of the brand folder that the packager names
	if err != nil {
		return fmt.Errorf("the brand needs an icon of 512 by 512 pixels: %w", err)
	}
	icon, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s must be a PNG: %w", file, err)
	}
	if icon.Width != 512 || icon.Height != 512 {
		return fmt.Errorf("%s must be 512 by 512 pixels; it is %d by %d", file, icon.Width, icon.Height)
	}
	return nil
}

var (
	commandPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,40}$`)
	appIDPattern   = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[A-Za-z][A-Za-z0-9_-]*){2,}$`)
)

func (p packaging) check() error {
	if !commandPattern.MatchString(p.Command) {
		return errors.New(`"command" must be lower-case letters, digits and hyphens, such as latchkey`)
	}
	if !appIDPattern.MatchString(p.AppID) {
		return errors.New(`"app_id" must be a host name of yours backwards and a name, such as com.example.latchkey`)
	}
	if address, err := mail.ParseAddress(p.Maintainer); err != nil || address.Name == "" {
		return errors.New(`"maintainer" must be a name and an email address, such as Jo Doe <jo@example.com>`)
	}
	addresses := map[string]string{"homepage": p.Homepage}
	for _, s := range p.Screenshots {
		addresses["screenshots"] = s.Address
		if s.Caption == "" {
			return errors.New(`"screenshots" must have a caption each`)
		}
	}
	for key, address := range addresses {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Hostname() == "" {
			return fmt.Errorf("%q must be an https address", key)
		}
	}
	if len(p.Description) == 0 {
		return errors.New(`"description" must have a paragraph at least`)
	}
	for _, text := range append([]string{p.Summary}, append(p.Description, p.Keywords...)...) {
		if text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\n;") {
			return errors.New(`"summary", "description" and "keywords" must be lines of text without semicolons`)
		}
	}
	return nil
}

// maintainerName is a person's, or an organisation's.
func (p packaging) maintainerName() string {
	address, err := mail.ParseAddress(p.Maintainer)
	if err != nil {
		return p.Maintainer
	}
	return address.Name
}

// isExample tells a brand folder that nobody has made their own: its addresses are those that are set
// aside for examples (RFC 2606 section 3).
func (p packaging) isExample() bool {
	return strings.Contains(p.Maintainer+p.Homepage+">", "example.com")
}

func (p product) window() string { return p.Command + "-window" }

// epoch is the time of the commit in seconds since 1970, as SOURCE_DATE_EPOCH has it
// (https://reproducible-builds.org/specs/source-date-epoch/).
func (p product) epoch() string { return fmt.Sprint(p.time.Unix()) }

// license of the sources, whatever the brand.
const license = "MIT"
