package main

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The changelog has the form that others read by machine, and the version of a release has a section in it: a release is
// made of a tag, and runs the tests first.
func TestChangelog(t *testing.T) {
	t.Parallel()
	text := read(t, "CHANGELOG.md")
	for _, fault := range changelogFaults(text) {
		t.Error(fault)
	}
	tag, err := exec.CommandContext(t.Context(), "git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*").Output()
	if version := strings.TrimPrefix(strings.TrimSpace(string(tag)), "v"); err == nil && !strings.Contains(text, "\n## ["+version+"] - ") {
		t.Errorf("this commit is version %s, and CHANGELOG.md has no section of it", version)
	}
}

var (
	changelogVersion = regexp.MustCompile(`^## \[(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\] - (\d{4}-\d{2}-\d{2})$`)
	changelogKinds   = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
)

// changelogFaults follows https://keepachangelog.com/en/1.1.0/.
func changelogFaults(text string) []string {
	var faults, kinds []string
	complain := func(line, reason string) { faults = append(faults, line+": "+reason) }
	section, date := "", time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	empty := "" // the heading that nothing stands below yet
	if !strings.HasPrefix(text, "# Changelog\n") {
		complain("the first line", "want # Changelog")
	}
	for line := range strings.Lines(text + "\n## end\n") {
		line = strings.TrimSuffix(line, "\n")
		kind, isKind := strings.CutPrefix(line, "### ")
		heading := strings.HasPrefix(line, "## ")
		if strings.HasPrefix(empty, "### ") && (heading || isKind) || strings.HasPrefix(empty, "## ") && heading {
			complain(empty, "nothing stands below it")
		}
		switch {
		case line == "## end":
		case line == "## [Unreleased]":
			if section != "" {
				complain(line, "it is not the first section")
			}
			section, kinds = line, nil
		case heading:
			m := changelogVersion.FindStringSubmatch(line)
			switch {
			case m == nil:
				complain(line, "want ## [1.2.3] - 2026-12-31")
			case section == "":
				complain(line, "## [Unreleased] is missing above it")
			case m[2] > date:
				complain(line, "it is later than what stands above it")
			default:
				date = m[2]
			}
			section, kinds, empty = line, nil, line
		case isKind:
			if !slices.Contains(changelogKinds, kind) || slices.Contains(kinds, kind) || section == "" {
				complain(line, "want each of "+strings.Join(changelogKinds, ", ")+" once at most, in a section")
			}
			kinds, empty = append(kinds, kind), line
		case strings.HasPrefix(line, "- "):
			if len(kinds) == 0 {
				complain(line, "it belongs to no kind of change")
			}
			empty = ""
		}
	}
	if section == "" {
		complain("the end", "there is no section")
	}
	return faults
}

func TestChangelogFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		faults int
	}{
		"right":                   {"# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n### Added\n\n- a\n\n### Fixed\n\n- b\n\n## [1.0.0] - 2026-01-01\n\n### Added\n\n- c\n", 0},
		"no title":                {"## [Unreleased]\n", 1},
		"nothing":                 {"# Changelog\n", 1},
		"no unreleased":           {"# Changelog\n## [1.0.0] - 2026-01-01\n### Added\n- a\n", 1},
		"unreleased further down": {"# Changelog\n## [Unreleased]\n## [1.0.0] - 2026-01-01\n### Added\n- a\n## [Unreleased]\n", 1},
		"no date":                 {"# Changelog\n## [Unreleased]\n## [1.0.0]\n### Added\n- a\n", 1},
		"a tag":                   {"# Changelog\n## [Unreleased]\n## [v1.0.0] - 2026-01-01\n### Added\n- a\n", 1},
		"in the future":           {"# Changelog\n## [Unreleased]\n## [1.0.0] - 9999-01-01\n### Added\n- a\n", 1},
		"older above":             {"# Changelog\n## [Unreleased]\n## [1.0.0] - 2026-01-01\n### Added\n- a\n## [1.1.0] - 2026-02-01\n### Added\n- a\n", 1},
		"another kind":            {"# Changelog\n## [Unreleased]\n### New\n- a\n", 1},
		"a kind twice":            {"# Changelog\n## [Unreleased]\n### Added\n- a\n### Added\n- b\n", 1},
		"an empty kind":           {"# Changelog\n## [Unreleased]\n### Added\n### Fixed\n- b\n", 1},
		"an empty version":        {"# Changelog\n## [Unreleased]\n## [1.0.0] - 2026-01-01\n", 1},
		"no kind":                 {"# Changelog\n## [Unreleased]\n- a\n", 1},
	} {
		if faults := changelogFaults(c.text); len(faults) != c.faults {
			t.Errorf("%s: %q", name, faults)
		}
	}
}
