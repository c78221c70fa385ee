package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/build"
)

func TestAccents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		light, lightTint, dark, darkTint string
		want                             string // in the error; empty for none
	}{
		"our own":                {"#8a5f10", "#f6ead1", "#e0b050", "#3a2f18", ""},
		"without tints":          {"#8a5f10", "", "#e0b050", "", ""},
		"black and white":        {"#000000", "", "#ffffff", "", ""},
		"none":                   {"", "", "", "", `as "light"`},
		"no dark one":            {"#8a5f10", "", "", "", `as "dark"`},
		"a name":                 {"brown", "", "#e0b050", "", `as "light"`},
		"short":                  {"#850", "", "#e0b050", "", `as "light"`},
		"upper case":             {"#8A5F10", "", "#e0b050", "", `as "light"`},
		"seen through":           {"#8a5f1080", "", "#e0b050", "", `as "light"`},
		"more of a style":        {"#8a5f10;}*{color:red", "", "#e0b050", "", `as "light"`},
		"a tint of another kind": {"#8a5f10", "#f6ead100", "#e0b050", "", `as "light_tint"`},
		"faint on light":         {"#e0b050", "", "#e0b050", "", `"light" #e0b050, which can't be read on the light card #ffffff: the contrast is 2.00, and text needs 4.5. Take a darker colour.`},
		"faint on paper only":    {"#767676", "", "#e0b050", "", `on the light paper #faf8f4: the contrast is 4.28`},
		"faint on dark":          {"#8a5f10", "", "#8a5f10", "", `"dark" #8a5f10, which can't be read on the dark card #1d1f24: the contrast is 2.9`},
		"faint on its tint":      {"#8a5f10", "#c0a060", "#e0b050", "", `on its tint #c0a060`},
		"a tint below the text":  {"#000000", "#767676", "#e0b050", "", `"light_tint" #767676, on which the text #1c1d20 can't be read`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accent := map[string]string{"light": tt.light, "dark": tt.dark, "light_tint": tt.lightTint, "dark_tint": tt.darkTint}
			b, err := ParseBrand("brand.json", goodBrand(t, "accent", accent))
			if tt.want != "" {
				checkError(t, err, "brand.json", "accent")
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			style := b.Accent.Fill("{{light}} {{light_tint}} {{dark}} {{dark_tint}}")
			if want := strings.Join([]string{tt.light, or(tt.lightTint, tt.light+"1c"), tt.dark, or(tt.darkTint, tt.dark+"1c")}, " "); style != want {
				t.Errorf("a style has %s, want %s", style, want)
			}
		})
	}
}

func or(one, other string) string {
	if one == "" {
		return other
	}
	return one
}

// The examples are of https://www.w3.org/TR/WCAG22/ and of what everybody's calculator says.
func TestContrast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ one, other, want string }{
		{"#000000", "#ffffff", "21.00"}, {"#ffffff", "#ffffff", "1.00"}, {"#767676", "#ffffff", "4.54"}, {"#ffffff", "#777777", "4.47"},
	} {
		if got := shown(contrast(tt.one, tt.other)); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.one, tt.other, got, tt.want)
		}
	}
	if got := over("#0000001c", "#ffffff"); got != "#e3e3e3" {
		t.Errorf("a veil of black on white is %s", got)
	}
}

// The accent is held against the colours that the window has.
func TestSurroundings(t *testing.T) {
	t.Parallel()
	tokens, err := os.ReadFile("../../frontend/src/styles/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{"paper": {onLight.paper, onDark.paper}, "card": {onLight.card, onDark.card}, "ink": {onLight.ink, onDark.ink}} {
		found := regexp.MustCompile(`--`+name+`: (#[0-9a-f]{6});`).FindAllStringSubmatch(string(tokens), -1)
		if len(found) != 3 || found[0][1] != want[0] || found[1][1] != want[1] || found[2][1] != want[1] {
			t.Errorf("--%s is %v in the window, and %v here", name, found, want)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	const path = `<path d="M1 1h7" fill="none" stroke="currentColor"/>`
	const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">`
	for name, tt := range map[string]struct{ svg, want string }{
		"the brand's":      {string(build.Mark), ""},
		"as editors begin": {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- made by hand -->\n" + open + path + "</svg>\n", ""},
		"a group":          {open + `<g transform="translate(1 2) rotate(-45)">` + path + `</g></svg>`, ""},
		"no namespace":     {`<svg viewBox="0 0 40 40">` + path + `</svg>`, ""},
		"nothing":          {"", "currentColor"},
		"a PNG":            {"\x89PNG\r\n", "must be an SVG drawing"},
		"half":             {open + path, "must be an SVG drawing"},
		"two":              {open + path + "</svg>" + open + path + "</svg>", "one <svg>"},
		"a shape alone":    {path, "one <svg>"},
		"large":            {open + path + strings.Repeat(" ", maxMark) + "</svg>", "fewer points"},
		"no size":          {`<svg xmlns="http://www.w3.org/2000/svg">` + path + `</svg>`, "how large"},
		"of no size":       {`<svg viewBox="0 0 0 40">` + path + `</svg>`, "how large"},
		"no colour":        {open + `<path d="M1 1h7"/></svg>`, ""},
		"none of it":       {`<svg viewBox="0 0 40 40" fill="none"><path d="M1 1h7"/></svg>`, "currentColor"},
		"twice":            {open + `<path d="M1 1h7" d="M1 1h8"/></svg>`, "the attribute d twice"},
		"its own colour":   {open + path + `<path d="M1 1h7" fill="#ff0000"/></svg>`, "the colour #ff0000, as fill of <path>"},
		"a gradient":       {open + path + `<path d="M1 1" fill="url(#a)"/></svg>`, "the colour url(#a), as fill of <path>"},
		"script":           {open + path + `<script>alert(1)</script></svg>`, "must not have <script>"},
		"style":            {open + path + `<style>*{color:red}</style></svg>`, "must not have <style>"},
		"foreign":          {open + path + `<foreignObject/></svg>`, "must not have <foreignObject>"},
		"a picture":        {open + path + `<image href="https://evil.example/a.png"/></svg>`, "must not have <image>"},
		"use":              {open + path + `<use href="#a"/></svg>`, "must not have <use>"},
		"animation":        {open + path + `<animate/></svg>`, "must not have <animate>"},
		"a title":          {open + `<title>Key</title>` + path + `</svg>`, "must not have <title>"},
		"an svg within":    {open + open + path + `</svg></svg>`, "must not have <svg>"},
		"HTML":             {open + `<path xmlns="http://www.w3.org/1999/xhtml"/>` + path + `</svg>`, "must not have <path>"},
		"an event":         {open + `<g onload="alert(1)">` + path + `</g></svg>`, "the attribute onload"},
		"a style of its":   {open + `<g style="fill:red">` + path + `</g></svg>`, "the attribute style"},
		"a link":           {open + `<g xlink:href="https://evil.example">` + path + `</g></svg>`, "the attribute href"},
		"an editor's":      {open + `<g inkscape:label="Layer 1">` + path + `</g></svg>`, "the attribute label"},
		"a class":          {open + `<g class="a">` + path + `</g></svg>`, "the attribute class"},
		"a quote":          {open + `<path d='M1 1" onload="x'/>` + path + `</svg>`, "a value that it must not have"},
		"an entity":        {`<!DOCTYPE svg [<!ENTITY a "b">]>` + open + path + `</svg>`, "<!DOCTYPE>"},
		"its use":          {open + `&a;` + path + `</svg>`, "must be an SVG drawing"},
		"another program":  {`<?xml-stylesheet href="a.css"?>` + open + path + `</svg>`, "<?xml-stylesheet?>"},
		"text":             {open + path + `Acme</svg>`, "Draw letters as paths"},
		"text behind it":   {open + path + `</svg>Acme`, "Draw letters as paths"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mark, err := ParseMark("mark.svg", []byte(tt.svg))
			if tt.want != "" {
				checkError(t, err, "mark.svg", "")
				if !strings.Contains(err.Error(), tt.want) || mark != "" {
					t.Errorf("got %q and %v, want %s", mark, err, tt.want)
				}
				return
			}
			if err != nil || !strings.HasPrefix(mark, `<svg xmlns="http://www.w3.org/2000/svg" viewBox=`) || !strings.Contains(mark, "currentColor") || strings.Contains(mark, "<!--") {
				t.Fatalf("got %q and %v", mark, err)
			}
			if again, err := ParseMark("mark.svg", []byte(mark)); err != nil || again != mark {
				t.Errorf("read again it is %q, %v", again, err)
			}
		})
	}
}
