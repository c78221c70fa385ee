package wire_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the drawing of the imports into CONTRIBUTING.md")

const (
	contributing = "../../CONTRIBUTING.md"
	command      = "go test ./backend/wire -run TestDrawing -update"
)

// The drawing in CONTRIBUTING.md is made of the imports that are there.
func TestDrawing(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{}
	for _, p := range read(t, "linux", nil) {
		own, ours := room(p.ImportPath)
		if !ours || isTool(own) {
			continue
		}
		imports[own] = nil
		for _, path := range p.Imports {
			if other, ours := room(path); ours {
				imports[own] = append(imports[own], other)
			}
		}
	}
	page, err := os.ReadFile(contributing)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begins := strings.Cut(string(page), "<!-- drawing: "+command+" -->\n```text\n")
	old, after, ends := strings.Cut(rest, "```\n")
	if !begins || !ends {
		t.Fatal("CONTRIBUTING.md has no place for the drawing")
	}
	drawing := draw(imports)
	if old == drawing {
		return
	}
	if !*update {
		t.Fatalf("the drawing in CONTRIBUTING.md is not of these imports; run: %s\n%s", command, drawing)
	}
	text := strings.TrimSuffix(string(page), rest) + drawing + "```\n" + after
	if err := os.WriteFile(contributing, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// layers puts each room below all that import it, and what imports nothing at the bottom. Programs beside main.go have
// no importer: they stand where the other faces do.
func layers(imports map[string][]string) [][]string {
	depth := map[string]int{}
	var sink func(own string, at int)
	sink = func(own string, at int) {
		if at < depth[own] {
			return
		}
		depth[own] = at
		for _, other := range imports[own] {
			sink(other, at+1)
		}
	}
	sink("", 0)
	for own := range imports {
		if strings.HasPrefix(own, "backend/cmd/") {
			sink(own, 1)
		}
	}
	bottom := slices.Max(slices.Collect(maps.Values(depth)))
	rows := make([][]string, bottom+1)
	for _, own := range slices.Sorted(maps.Keys(imports)) {
		if len(imports[own]) == 0 {
			depth[own] = bottom
		}
		rows[depth[own]] = append(rows[depth[own]], own)
	}
	return rows
}

// draw writes the layers from the top to the bottom, and behind each room what it imports. Adapters share a line.
func draw(imports map[string][]string) string {
	const width = 40
	var b strings.Builder
	rule := strings.Repeat("─", width+2)
	fmt.Fprintf(&b, "┌%s┐\n", rule)
	for i, row := range layers(imports) {
		if i > 0 {
			fmt.Fprintf(&b, "├%s┤\n", rule)
		}
		shown := false // the adapters
		for _, own := range row {
			left, right := []string{name(own)}, names(imports[own])
			if slices.Contains(adapters, own) {
				if shown {
					continue
				}
				shown = true
				left = []string{"adapters:"}
				var all []string
				for _, a := range slices.Sorted(slices.Values(adapters)) {
					left, all = append(left, name(a)), append(all, imports[a]...)
				}
				right = names(slices.Compact(slices.Sorted(slices.Values(all))))
			}
			left, right = wrap(left, " ", width), wrap(right, ", ", 2*width)
			arrow := " → "
			for len(left)+len(right) > 0 {
				var l, r string
				l, left = next(left)
				r, right = next(right)
				if r != "" {
					r, arrow = arrow+r, "   "
				}
				fmt.Fprintf(&b, "│ %-*s │%s\n", width, l, r)
			}
		}
	}
	fmt.Fprintf(&b, "└%s┘\n", rule)
	return b.String()
}

func name(own string) string {
	if own == "" {
		return "main.go"
	}
	return strings.TrimPrefix(own, "backend/")
}

// names does not list the adapters where all of them are meant.
func names(rooms []string) []string {
	all := !slices.ContainsFunc(adapters, func(a string) bool { return !slices.Contains(rooms, a) })
	var names []string
	for _, own := range rooms {
		if !all || !slices.Contains(adapters, own) {
			names = append(names, name(own))
		}
	}
	if all {
		names = append(names, "all adapters")
	}
	return names
}

// wrap puts as many words into a line as it has room for.
func wrap(words []string, between string, width int) []string {
	var lines []string
	for _, word := range words {
		if last := len(lines) - 1; last >= 0 && len(lines[last]+between+word) <= width {
			lines[last] += between + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// next is the first line, and those that are left.
func next(lines []string) (string, []string) {
	if len(lines) == 0 {
		return "", nil
	}
	return lines[0], lines[1:]
}

func TestDrawingLayers(t *testing.T) {
	t.Parallel()
	got := layers(map[string][]string{
		"":                  {"app", "frontend"},
		"app":               {"backend", "backend/wire"},
		"backend/cmd/other": {"backend/safehttp"},
		"backend/wire":      {"backend", "backend/safehttp"},
		"backend/safehttp":  {"backend"},
		"backend":           nil,
		"frontend":          nil,
	})
	want := [][]string{{""}, {"app", "backend/cmd/other"}, {"backend/wire"}, {"backend/safehttp"}, {"backend", "frontend"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}
