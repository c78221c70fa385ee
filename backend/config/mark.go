package config

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// maxMark bounds the file of a mark, in bytes. One that is drawn at 40 pixels needs a few hundred.
const maxMark = 8 << 10

const svgNamespace = "http://www.w3.org/2000/svg"

// What a mark may be drawn with: shapes, and how their lines look. Nothing of it leads elsewhere or does anything.
var (
	markElements   = []string{"svg", "g", "path", "circle", "rect", "ellipse", "line", "polyline", "polygon"}
	markAttributes = []string{
		"viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "d", "points", "transform",
		"fill", "fill-rule", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
		"stroke-dasharray", "stroke-dashoffset", "opacity", "fill-opacity", "stroke-opacity",
	}
	markValue = regexp.MustCompile(`^[A-Za-z0-9 \t\r\n.,+()-]*$`)
	viewBox   = regexp.MustCompile(`^-?[0-9.]+[ ,]+-?[0-9.]+[ ,]+[0-9.]*[1-9][0-9.]*[ ,]+[0-9.]*[1-9][0-9.]*$`)
)

// ParseMark reads the drawing that stands beside the product's name: an SVG of plain shapes in the colour of what is
// around it, currentColor. It answers the drawing written anew, so that what is shown is what was looked at. Errors are
// of type [*Error]; where is the file's name in them.
func ParseMark(where string, data []byte) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", &Error{Where: where, Why: fmt.Sprintf(format, args...)}
	}
	if len(data) > maxMark {
		return wrong("has %d bytes, and may have %d. Draw it with fewer points.", len(data), maxMark)
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	var out strings.Builder
	depth, coloured := 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return wrong("must be an SVG drawing: %v.", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if depth == 0 && (name != "svg" || out.Len() > 0) {
				return wrong("must be one <svg> and nothing beside it.")
			}
			if depth > 0 && name == "svg" || !slices.Contains(markElements, name) || token.Name.Space != svgNamespace && token.Name.Space != "" {
				return wrong("must not have <%s> in it. Draw it with %s.", printable(name), strings.Join(markElements[1:], ", "))
			}
			out.WriteString("<" + name)
			if depth == 0 {
				out.WriteString(` xmlns="` + svgNamespace + `"`)
			}
			box := false
			for i, a := range token.Attr {
				if slices.ContainsFunc(token.Attr[:i], func(before xml.Attr) bool { return before.Name == a.Name }) {
					return wrong("must not have the attribute %s twice at <%s>.", printable(a.Name.Local), name)
				}
				if a.Name.Space == "" && a.Name.Local == "xmlns" && depth == 0 && a.Value == svgNamespace {
					continue
				}
				if a.Name.Space != "" || !slices.Contains(markAttributes, a.Name.Local) {
					return wrong("must not have the attribute %s at <%s>. Take it out: the file may have shapes and their lines, and nothing that an editor adds.", printable(a.Name.Local), name)
				}
				if a.Name.Local == "fill" || a.Name.Local == "stroke" {
					if a.Value != "none" && a.Value != "currentColor" {
						return wrong(`has the colour %s, as %s of <%s>. Write "currentColor" or "none": the mark is drawn in the accent.`, printable(a.Value), a.Name.Local, name)
					}
					coloured = coloured || a.Value == "currentColor"
				}
				if !markValue.MatchString(a.Value) {
					return wrong("has a value that it must not have, as %s of <%s>. Write numbers and keywords only.", a.Name.Local, name)
				}
				box = box || a.Name.Local == "viewBox" && viewBox.MatchString(a.Value)
				out.WriteString(" " + a.Name.Local + `="` + a.Value + `"`)
			}
			if depth == 0 && !box {
				return wrong(`must say how large the drawing is: <svg viewBox="0 0 40 40">.`)
			}
			if depth == 0 && !slices.ContainsFunc(token.Attr, func(a xml.Attr) bool { return a.Name.Local == "fill" }) {
				out.WriteString(` fill="currentColor"`) // or shapes without a colour are black
				coloured = true
			}
			out.WriteString(">")
			depth++
		case xml.EndElement:
			depth--
			out.WriteString("</" + token.Name.Local + ">")
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return wrong("must not have text in it. Draw letters as paths.")
			}
		case xml.Directive:
			return wrong("must not have a <!DOCTYPE> or other declarations. Take them out.")
		case xml.ProcInst:
			if token.Target != "xml" {
				return wrong("must not have <?%s?> in it. Take it out.", printable(token.Target))
			}
		}
	}
	if !coloured {
		return wrong(`must be drawn in the accent: write fill="currentColor" or stroke="currentColor".`)
	}
	return out.String(), nil
}

// printable is what a file says, as part of a sentence.
func printable(text string) string {
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return strings.Trim(fmt.Sprintf("%+q", text), `"`)
}
