package browser

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is a desktop entry of a browser
// (https://specifications.freedesktop.org/desktop-entry-spec/latest/).
type entry struct {
	name string
	// command is the program and its arguments; one of them is the place of the address.
	command []string
	tryExec string // a program that has to be there too; empty for none
}

// place stands for the address in a command. No argument of a desktop entry can hold it.
const place = "\x00"

// maxName bounds the name of a browser, in characters.
const maxName = 60

// pages are the types by which browsers are told. Some old ones say only that they show pages, as do
// editors: those have to be known by their ids.
const (
	pagesByAddress = "x-scheme-handler/https"
	pagesByType    = "text/html"
)

// knownBrowsers are parts of the ids of browsers.
var knownBrowsers = []string{"firefox", "chrom", "epiphany", "falkon", "konqueror", "midori", "qutebrowser", "brave", "vivaldi", "opera", "edge", "librewolf", "browser"}

// parseEntry reads the desktop entry with this id. It answers false for whatever is not a browser with
// a window that takes an address, and for whatever breaks the rules of the specification.
func parseEntry(id, text string) (entry, bool) {
	keys, ok := mainGroup(text)
	if !ok || keys["Type"] != "Application" || keys["Terminal"] == "true" || keys["NoDisplay"] == "true" || keys["Hidden"] == "true" {
		return entry{}, false
	}
	types := strings.Split(keys["MimeType"], ";")
	known := func(part string) bool { return strings.Contains(strings.ToLower(id), part) }
	if !slices.Contains(types, pagesByAddress) && !(slices.Contains(types, pagesByType) && slices.ContainsFunc(knownBrowsers, known)) {
		return entry{}, false
	}
	name, nameOK := unescape(keys["Name"])
	line, lineOK := unescape(keys["Exec"])
	tryExec, tryOK := unescape(keys["TryExec"])
	if !nameOK || !lineOK || !tryOK || !isName(name) {
		return entry{}, false
	}
	command, ok := parseExec(line)
	return entry{name: name, command: command, tryExec: tryExec}, ok
}

// isName tells a name that can be shown as it is.
func isName(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// mainGroup reads the group "Desktop Entry", which comes first, without the translations.
func mainGroup(text string) (map[string]string, bool) {
	if !utf8.ValidString(text) || strings.Contains(text, place) {
		return nil, false
	}
	var keys map[string]string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			if keys != nil {
				return keys, true // the next group
			}
			if line != "[Desktop Entry]" {
				return nil, false
			}
			keys = map[string]string{}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.TrimRight(key, " ")
		if _, twice := keys[key]; !ok || keys == nil || key == "" || twice {
			return nil, false
		}
		keys[key] = strings.Trim(value, " ")
	}
	return keys, keys != nil
}

// unescape reads a value of the type string.
func unescape(value string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			out.WriteByte(value[i])
			continue
		}
		if i++; i == len(value) {
			return "", false
		}
		plain, ok := map[byte]string{'s': " ", 'n': "\n", 't': "\t", 'r': "\r", '\\': `\`, ';': ";"}[value[i]]
		if !ok {
			return "", false
		}
		out.WriteString(plain)
	}
	return out.String(), true
}

// parseExec reads a command line. There has to be one place for an address, as an argument of its own.
func parseExec(line string) ([]string, bool) {
	arguments, ok := splitExec(line)
	if !ok {
		return nil, false
	}
	var command []string
	places := 0
	for _, a := range arguments {
		switch a {
		case "%u", "%U":
			command = append(command, place)
			places++
			continue
		case "%i", "%d", "%D", "%n", "%N", "%v", "%m": // an icon, and what is out of use
			continue
		}
		text, ok := expand(a)
		if !ok {
			return nil, false
		}
		command = append(command, text)
	}
	if places != 1 || command[0] == place || command[0] == "" || strings.Contains(command[0], "=") {
		return nil, false
	}
	return command, true
}

// expand reads the percent signs inside an argument; the only code that may stand there is that for
// one of them.
func expand(text string) (string, bool) {
	rest := strings.ReplaceAll(text, "%%", "")
	return strings.ReplaceAll(text, "%%", "%"), !strings.Contains(rest, "%")
}

// splitExec splits a command line. An argument is quoted whole or not at all; what the specification
// reserves for shells may only stand inside quotes.
func splitExec(line string) ([]string, bool) {
	const reserved = "\"'\\><~|&;$*?#()`\t\n\r"
	var all []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			if strings.ContainsAny(word, reserved) {
				return nil, false
			}
			all, line = append(all, word), rest
			continue
		}
		text, rest, ok := quoted(line[1:])
		if !ok || rest != "" && rest[0] != ' ' {
			return nil, false
		}
		// Field codes have no meaning inside quotes.
		all, line = append(all, strings.ReplaceAll(text, "%", "%%")), rest
	}
	return all, len(all) > 0
}

// quoted reads to the end of a quoted argument.
func quoted(line string) (text, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			return out.String(), line[i+1:], true
		case '`', '$':
			return "", "", false // only after a backslash
		case '\\':
			if i++; i == len(line) || !strings.ContainsRune("\"`$\\", rune(line[i])) {
				return "", "", false
			}
		}
		out.WriteByte(line[i])
	}
	return "", "", false
}
