package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Accent is the one colour of the product, on light paper and on dark, as #rrggbb. The window and the page in the
// browser write in it, so that it has to be read on their paper.
type Accent struct {
	Light string `json:"light"`
	Dark  string `json:"dark"`
	// LightTint and DarkTint lie behind text of the accent, and behind notices. Where a brand file has none they
	// are the accent with tintAlpha.
	LightTint string `json:"light_tint,omitempty"`
	DarkTint  string `json:"dark_tint,omitempty"`
}

// tintAlpha is the opacity of a tint in a colour #rrggbbaa: 11 percent.
const tintAlpha = "1c"

func (a Accent) tinted() Accent {
	if a.LightTint == "" {
		a.LightTint = a.Light + tintAlpha
	}
	if a.DarkTint == "" {
		a.DarkTint = a.Dark + tintAlpha
	}
	return a
}

// Fill puts the colours into a style sheet that has {{light}}, {{dark}}, {{light_tint}} and {{dark_tint}} in their place.
func (a Accent) Fill(style string) string {
	return strings.NewReplacer("{{light}}", a.Light, "{{dark}}", a.Dark, "{{light_tint}}", a.LightTint, "{{dark_tint}}", a.DarkTint).Replace(style)
}

// The colours of frontend/src/styles/tokens.css that the accent stands on or that stand on its tint.
type surroundings struct{ paper, card, ink string }

var (
	onLight = surroundings{paper: "#faf8f4", card: "#ffffff", ink: "#1c1d20"}
	onDark  = surroundings{paper: "#15161a", card: "#1d1f24", ink: "#efece6"}
)

// readable is what WCAG 2.2 asks of text (success criterion 1.4.3). What the accent draws besides, such as the focus ring
// and the mark, needs less (3, criterion 1.4.11) and stands on the same paper.
const readable = 4.5

var (
	colourPattern = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	tintPattern   = regexp.MustCompile(`^#[0-9a-f]{6}(` + tintAlpha + `)?$`)
)

// wrong says what to change, or nothing.
func (a Accent) wrong() string {
	for _, theme := range []struct {
		key, colour, tint, change string
		surroundings
	}{
		{"light", a.Light, a.LightTint, "darker", onLight},
		{"dark", a.Dark, a.DarkTint, "lighter", onDark},
	} {
		if !colourPattern.MatchString(theme.colour) {
			return fmt.Sprintf(`must have a colour such as #1a2b3c, in lower case, as %q: the accent on %s paper.`, theme.key, theme.key)
		}
		if !tintPattern.MatchString(theme.tint) {
			return fmt.Sprintf(`must have a colour such as #1a2b3c, in lower case, as "%s_tint", or leave it out.`, theme.key)
		}
		for _, on := range []struct{ name, colour string }{{"card", theme.card}, {"paper", theme.paper}} {
			if ratio := contrast(theme.colour, on.colour); ratio < readable {
				return fmt.Sprintf("has %q %s, which can't be read on the %s %s %s: the contrast is %s, and text needs %.1f. Take a %s colour.",
					theme.key, theme.colour, theme.key, on.name, on.colour, shown(ratio), readable, theme.change)
			}
		}
		for _, below := range []string{theme.card, theme.paper} {
			tint := over(theme.tint, below)
			if ratio := contrast(theme.colour, tint); ratio < readable {
				return fmt.Sprintf(`has %q %s, which can't be read on its tint %s: the contrast is %s, and text needs %.1f. Take a %s colour, or another "%s_tint".`,
					theme.key, theme.colour, tint, shown(ratio), readable, theme.change, theme.key)
			}
			if ratio := contrast(theme.ink, tint); ratio < readable {
				return fmt.Sprintf(`has "%s_tint" %s, on which the text %s can't be read: the contrast is %s, and text needs %.1f. Take another tint, or leave it out.`,
					theme.key, tint, theme.ink, shown(ratio), readable)
			}
		}
	}
	return ""
}

// shown never rounds up to what would do.
func shown(ratio float64) string { return strconv.FormatFloat(math.Floor(ratio*100)/100, 'f', 2, 64) }

// over is what is seen of a colour that may let another through.
func over(colour, below string) string {
	if len(colour) == len(below) {
		return colour
	}
	front, back, alpha := channels(colour), channels(below), float64(hexByte(colour[7:]))/255
	seen := "#"
	for i := range front {
		seen += fmt.Sprintf("%02x", int(math.Round(front[i]*alpha+back[i]*(1-alpha))))
	}
	return seen
}

func channels(colour string) [3]float64 {
	return [3]float64{float64(hexByte(colour[1:3])), float64(hexByte(colour[3:5])), float64(hexByte(colour[5:7]))}
}

func hexByte(digits string) uint8 {
	n, _ := strconv.ParseUint(digits, 16, 8) // the patterns let nothing else through
	return uint8(n)
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(one, other string) float64 {
	a, b := luminance(one), luminance(other)
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(colour string) float64 {
	c := channels(colour)
	for i := range c {
		if c[i] /= 255; c[i] <= 0.04045 {
			c[i] /= 12.92
		} else {
			c[i] = math.Pow((c[i]+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}
