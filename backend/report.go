package latchkey

import (
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Report is what is known of this installation, for a person and for a bug report. It names nobody who
// signed in, no server that they use, and nothing that is secret.
type Report []Finding

// Finding is one line of a report.
type Finding struct {
	Name FindingName
	// Value is for people: one line of plain text.
	Value string
	// Trouble says what is wrong and what to do; nil when all is well.
	Trouble *Error
}

// FindingName names a finding for programs. Names never change their meaning.
type FindingName string

// The findings, in the order of a report.
const (
	FoundProgram   FindingName = "program"
	FoundSignature FindingName = "signature"
	FoundBuild     FindingName = "build"
	FoundSystem    FindingName = "system"
	FoundDesktop   FindingName = "desktop"
	FoundConfig    FindingName = "config"
	FoundClient    FindingName = "client"
	FoundScopes    FindingName = "scopes"
	FoundEmail     FindingName = "email"
	FoundKeys      FindingName = "keys"
	FoundFolder    FindingName = "folder"
	FoundLocks     FindingName = "locks"
	FoundDatabase  FindingName = "database"
	FoundAccounts  FindingName = "accounts"
	FoundPending   FindingName = "pending"
	FoundNotices   FindingName = "notices"
	FoundListener  FindingName = "listener"
	FoundStart     FindingName = "start"
)

var findingTitles = map[FindingName]string{
	FoundProgram:   "Program",
	FoundSignature: "Signature",
	FoundBuild:     "Built with",
	FoundSystem:    "System",
	FoundDesktop:   "Desktop",
	FoundConfig:    "Settings",
	FoundClient:    "Known to servers as",
	FoundScopes:    "Asks for",
	FoundEmail:     "Email provider",
	FoundKeys:      "Keys",
	FoundFolder:    "Data",
	FoundLocks:     "Locks",
	FoundDatabase:  "Database",
	FoundAccounts:  "Accounts",
	FoundPending:   "Under way",
	FoundNotices:   "Notices",
	FoundListener:  "Way back from the browser",
	FoundStart:     "Start",
}

// Title is what a person reads in front of the value.
func (n FindingName) Title() string { return findingTitles[n] }

// String is a finding for people: one line, and one more with what to do when something is wrong.
func (f Finding) String() string {
	line := " ok  " + f.Name.Title() + ": " + f.Value
	if f.Trouble != nil {
		line = "  !" + line[3:] + "\n     " + string(f.Trouble.Code) + ": " + f.Trouble.Message()
	}
	return line
}

// String is the report as text that can be pasted anywhere.
func (r Report) String() string {
	var text strings.Builder
	for _, f := range r {
		text.WriteString(f.String() + "\n")
	}
	return text.String()
}

// Fine tells whether nothing in the report needs to be done.
func (r Report) Fine() bool {
	for _, f := range r {
		if f.Trouble != nil {
			return false
		}
	}
	return true
}

// Clean takes out of all values what tells who the person is, whose home folder is home (see
// [WithoutHome]). Of what came from outside only a bounded line of printable text is left.
func (r Report) Clean(home string) Report {
	clean := make(Report, len(r))
	for i, f := range r {
		f.Value = WithoutHome(oneLine(f.Value), home)
		clean[i] = f
	}
	return clean
}

func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > 1000 {
		return string(runes[:1000]) + "..."
	}
	return text
}

// WithoutHome is a text that does not tell whose home folder is home: the folder becomes ~, and its name
// … elsewhere, because it usually is the person's.
func WithoutHome(text, home string) string {
	home = filepath.Clean(home)
	name := filepath.Base(home)
	if name == string(filepath.Separator) || name == "." || filepath.Dir(home) == home {
		return text // nobody's
	}
	text = replaceWhole(text, home, "~", true)
	for _, separator := range []string{"/", `\`} {
		text = replaceWhole(text, separator+name, separator+"…", false)
	}
	return text
}

// replaceWhole replaces old where its name does not go on behind it, nor before it if it has to stand
// alone.
func replaceWhole(text, old, replacement string, alone bool) string {
	find := strings.Index
	if runtime.GOOS != "linux" { // names of files are compared without case
		find = func(text, old string) int { return strings.Index(strings.ToLower(text), strings.ToLower(old)) }
	}
	var out strings.Builder
	for {
		at := find(text, old)
		if at < 0 || at+len(old) > len(text) {
			return out.String() + text
		}
		last, _ := utf8.DecodeLastRuneInString(text[:at])
		next, _ := utf8.DecodeRuneInString(text[at+len(old):])
		out.WriteString(text[:at])
		if goesOn(next) || alone && goesOn(last) {
			out.WriteString(text[at : at+len(old)])
		} else {
			out.WriteString(replacement)
		}
		text = text[at+len(old):]
	}
}

func goesOn(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
