package programs

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// shellStarts returns what a shell script starts by name. Its functions are looked into, and one that runs "$@" starts
// what it is called with. Where the script does not say what it starts, the name stands for the script.
func shellStarts(text, name string) ([]start, error) {
	s := &shell{name: name, functions: map[string]int{}}
	err := s.read(text)
	return s.found, err
}

func (s *shell) read(text string) error {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), s.name)
	if err != nil {
		return err
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FuncDecl); ok {
			s.functions[f.Name.Value] = handsOn(f)
		}
		return true
	})
	syntax.Walk(file, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok && len(call.Args) > 0 {
			before := len(s.found)
			s.command(call.Args, call.Pos().Line())
			for _, a := range call.Assigns {
				for i := range s.found[before:] {
					s.found[before+i].pure = s.found[before+i].pure || a.Name.Value == "CGO_ENABLED" && a.Value != nil && literal(a.Value) == "0"
				}
			}
		}
		return true
	})
	return nil
}

type shell struct {
	name      string
	functions map[string]int // what they hand on begins at this argument; -1 where they don't
	found     []start
}

// handsOn returns at which argument of a function begins what it runs as "$@".
func handsOn(f *syntax.FuncDecl) int {
	shifted, runs := 0, false
	syntax.Walk(f.Body, func(n syntax.Node) bool {
		if call, ok := n.(*syntax.CallExpr); ok {
			for i, word := range call.Args {
				switch {
				case i == 0 && literal(word) == "shift":
					shifted++
				case isAll(word) && (i == 0 || runsOthers[literal(call.Args[0])]):
					runs = true
				}
			}
		}
		return true
	})
	if !runs {
		return -1
	}
	return shifted
}

func isAll(word *syntax.Word) bool {
	if len(word.Parts) != 1 {
		return false
	}
	quoted, ok := word.Parts[0].(*syntax.DblQuoted)
	if !ok || len(quoted.Parts) != 1 {
		return false
	}
	parameter, ok := quoted.Parts[0].(*syntax.ParamExp)
	return ok && parameter.Param != nil && parameter.Param.Value == "@"
}

// literal returns a word as the shell sees it, with "$" where something is put in.
func literal(word *syntax.Word) string {
	var text strings.Builder
	for _, part := range word.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			text.WriteString(strings.ReplaceAll(p.Value, "\\", ""))
		case *syntax.SglQuoted:
			text.WriteString(p.Value)
		case *syntax.DblQuoted:
			text.WriteString(literal(&syntax.Word{Parts: p.Parts}))
		default:
			text.WriteString("$")
		}
	}
	return text.String()
}

// builtins are what the shell does itself.
var builtins = map[string]bool{":": true, ".": true, "[": true, "break": true, "cd": true, "continue": true, "echo": true, "eval": false, "exit": true, "export": true, "false": true,
	"getopts": true, "kill": true, "local": true, "printf": true, "pwd": true, "read": true, "return": true, "set": true, "shift": true, "test": true, "true": true, "type": true,
	"ulimit": true, "umask": true, "unset": true, "wait": true}

// runsOthers are the commands that run what stands behind them.
var runsOthers = map[string]bool{"command": true, "env": true, "exec": true, "flock": true, "nice": true, "nohup": true, "setsid": true, "sudo": true, "time": true, "timeout": true, "xargs": true}

var (
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*=`)
	duration   = regexp.MustCompile(`^[0-9.]+[smhd]?$`)
)

func (s *shell) command(words []*syntax.Word, line uint) {
	if len(words) == 0 || isAll(words[0]) {
		return
	}
	name := literal(words[0])
	if from, ours := s.functions[name]; ours {
		if from >= 0 {
			s.command(words[min(len(words), 1+from):], line)
		}
		return
	}
	arguments := make([]string, len(words)-1)
	for i, word := range words[1:] {
		arguments[i] = literal(word)
	}
	where := s.name + ":" + strconv.FormatUint(uint64(line), 10)
	switch {
	case strings.ContainsAny(name, "$*?") || strings.Contains(name, hidden):
		s.found = append(s.found, start{unclear: fmt.Sprintf("%s: %s", s.name, name), arguments: arguments, where: where})
		return
	case builtins[name], name == "command" && len(arguments) > 0 && strings.HasPrefix(arguments[0], "-"):
		return
	case name == "trap" && len(arguments) > 0:
		s.nested(arguments[0], where)
		return
	case isShell[path.Base(name)] && len(arguments) > 1 && isCommand.MatchString(arguments[0]):
		s.nested(arguments[1], where)
	}
	if name != "exec" && name != "command" && name != "time" {
		s.found = append(s.found, start{program: name, arguments: arguments, where: where})
	}
	if runsOthers[name] {
		rest := words[1:]
		for len(rest) > 0 && (strings.HasPrefix(literal(rest[0]), "-") || assignment.MatchString(literal(rest[0])) || duration.MatchString(literal(rest[0]))) {
			rest = rest[1:]
		}
		if name == "flock" {
			return // it locks a descriptor here
		}
		s.command(rest, line)
	}
}

// nested looks through a script within the script.
func (s *shell) nested(text, where string) {
	if err := s.read(text); err != nil {
		s.found = append(s.found, start{unclear: fmt.Sprintf("%s: %v", s.name, err), where: where})
	}
}
