package programs

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// starters are the functions of other packages that start a program, with the parameter that names it. LookPath starts
// nothing, but who looks for a program means to. What stands at -1 starts something without being told what.
var starters = map[string]int{
	"os/exec.Command": 0, "os/exec.CommandContext": 1, "os/exec.LookPath": 0, "os.StartProcess": 0,
	"syscall.Exec": 0, "syscall.ForkExec": 0, "syscall.StartProcess": 0, "golang.org/x/sys/unix.Exec": 0,
	"github.com/cli/browser.OpenURL": -1,
}

// hidden stands in a shell script for what Go code puts there.
const hidden = "__hidden__"

// search looks through one declaration for what it starts.
type search struct {
	c      *code
	u      unit
	at     token.Pos
	name   string // of the declaration, with its folder
	params map[types.Object]owned
	values map[types.Object][]ast.Expr // what variables are set to; nil for what is not known
	// Where functions and texts stand that are a part of what was looked at already.
	seen map[ast.Node]bool
}

// owned is a parameter and whose it is.
type owned struct {
	owner    token.Pos // of the declared function, or of the variable that holds it
	index    int
	variadic bool
}

func (c *code) findStarts(u unit) {
	for _, file := range u.files {
		for _, declaration := range file.Decls {
			for at, node := range declared(declaration) {
				s := &search{c: c, u: u, at: at, name: strings.TrimPrefix(u.of.dir+"."+nameOf(node), ".."), params: map[types.Object]owned{}, values: map[types.Object][]ast.Expr{}, seen: map[ast.Node]bool{}}
				ast.Inspect(node, s.prepare)
				ast.Inspect(node, s.visit)
			}
		}
	}
}

func nameOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil && receiverName(n) != nil {
			return receiverName(n).Name + "." + n.Name.Name
		}
		return n.Name.Name
	case *ast.TypeSpec:
		return n.Name.Name
	case *ast.ValueSpec:
		return n.Names[0].Name
	}
	return ""
}

func (s *search) object(name *ast.Ident) types.Object {
	if o := s.u.info.Defs[name]; o != nil {
		return o
	}
	return s.u.info.Uses[name]
}

// prepare notes the parameters of all functions, and what is put into variables.
func (s *search) prepare(n ast.Node) bool {
	set := func(left ast.Expr, right ast.Expr) {
		name, ok := left.(*ast.Ident)
		if !ok || s.object(name) == nil {
			return
		}
		s.seen[name] = true
		if literal, ok := right.(*ast.FuncLit); ok {
			s.own(s.object(name).Pos(), literal.Type)
		}
		s.values[s.object(name)] = append(s.values[s.object(name)], right)
	}
	switch n := n.(type) {
	case *ast.FuncDecl:
		s.own(n.Name.Pos(), n.Type)
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if len(n.Rhs) == len(n.Lhs) {
				set(left, n.Rhs[i])
			} else {
				set(left, nil)
			}
		}
	case *ast.ValueSpec:
		for i, left := range n.Names {
			if i < len(n.Values) {
				set(left, n.Values[i])
			}
		}
	case *ast.RangeStmt:
		if n.Key != nil {
			set(n.Key, nil)
		}
		list, written := n.X.(*ast.CompositeLit)
		if n.Value != nil && written {
			for _, element := range list.Elts {
				set(n.Value, element)
			}
		} else if n.Value != nil {
			set(n.Value, nil)
		}
	}
	return true
}

func (s *search) own(owner token.Pos, function *ast.FuncType) {
	index := 0
	for _, field := range function.Params.List {
		_, variadic := field.Type.(*ast.Ellipsis)
		for _, name := range field.Names {
			if o := s.u.info.Defs[name]; o != nil {
				s.params[o] = owned{owner, index, variadic}
			}
			index++
		}
		index += max(0, 1-len(field.Names))
	}
}

func (s *search) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		s.call(n)
	case *ast.CompositeLit:
		if s.external(n.Type) == "os/exec.Cmd" {
			s.unclear(n, "exec.Cmd")
		}
	case *ast.SelectorExpr:
		if _, starts := starters[s.external(n)]; starts && !s.seen[n] {
			s.unclear(n, types.ExprString(n))
		}
	case *ast.Ident:
		if used := s.u.info.Uses[n]; used != nil && !s.seen[n] {
			if _, wraps := s.c.wrappers[used.Pos()]; wraps && used.Pos().IsValid() {
				s.unclear(n, n.Name)
			}
		}
	case *ast.BasicLit, *ast.BinaryExpr:
		if e := n.(ast.Expr); !s.seen[n] && isScript.MatchString(s.text(e)) {
			s.script(e)
		}
	}
	return true
}

var isScript = regexp.MustCompile(`^#!/bin/(ba)?sh\b`)

// external returns the import path and name of what belongs to another module's package.
func (s *search) external(e ast.Expr) string {
	if selector, ok := e.(*ast.SelectorExpr); ok {
		if name, ok := selector.X.(*ast.Ident); ok {
			if p, ok := s.u.info.Uses[name].(*types.PkgName); ok {
				return p.Imported().Path() + "." + selector.Sel.Name
			}
		}
	}
	return ""
}

func (s *search) call(call *ast.CallExpr) {
	if index, starts := starters[s.external(call.Fun)]; starts {
		s.seen[call.Fun] = true
		if index < 0 {
			s.add(call, start{unclear: s.external(call.Fun)})
		} else {
			s.named(call, parameter{index: index})
		}
		return
	}
	name, ok := call.Fun.(*ast.Ident)
	if selector, is := call.Fun.(*ast.SelectorExpr); is {
		name, ok = selector.Sel, true
	}
	if !ok {
		return
	}
	if used := s.u.info.Uses[name]; used != nil {
		if p, wraps := s.c.wrappers[used.Pos()]; wraps && used.Pos().IsValid() {
			s.seen[name] = true
			s.named(call, p)
		}
	}
}

// named looks at a call for the program that an argument names.
func (s *search) named(call *ast.CallExpr, p parameter) {
	if p.index >= len(call.Args) {
		s.unclear(call, types.ExprString(call))
		return
	}
	argument, rest := call.Args[p.index], call.Args[p.index+1:]
	if p.element || call.Ellipsis.IsValid() && p.index == len(call.Args)-1 {
		first, others := s.first(argument)
		if first == nil {
			if o, ok := s.parameter(argument); ok {
				s.c.wrappers[o.owner] = parameter{o.index, !o.variadic, p.prefix}
				return
			}
			s.unclear(call, types.ExprString(argument))
			return
		}
		argument, rest = first, others
	}
	if o, ok := s.parameter(argument); ok && !o.variadic {
		s.c.wrappers[o.owner] = parameter{o.index, false, p.prefix}
		return
	}
	if element, ok := argument.(*ast.IndexExpr); ok && s.isFirst(element) {
		if o, ok := s.parameter(element.X); ok {
			s.c.wrappers[o.owner] = parameter{o.index, !o.variadic, p.prefix}
			return
		}
	}
	commands := s.commands(argument)
	if commands == nil {
		for _, program := range s.strings(argument) {
			command := []string{program}
			for i, a := range rest {
				if call.Ellipsis.IsValid() && i == len(rest)-1 {
					command = append(command, s.list(a, map[types.Object]bool{})...)
				} else {
					command = append(command, s.text(a))
				}
			}
			commands = append(commands, command)
		}
	}
	if commands == nil {
		s.unclear(call, types.ExprString(argument))
	}
	for _, command := range commands {
		if at := slices.IndexFunc(command, isCommand.MatchString); isShell[path.Base(command[0])] && at > 0 && at < len(rest) {
			s.script(rest[at])
		}
		s.add(call, start{program: p.prefix + command[0], arguments: command[1:]})
	}
}

var (
	isCommand = regexp.MustCompile(`^-[a-z]*c$`)
	isShell   = map[string]bool{"sh": true, "bash": true, "dash": true}
)

func (s *search) parameter(e ast.Expr) (owned, bool) {
	if name, ok := e.(*ast.Ident); ok {
		o, ok := s.params[s.u.info.Uses[name]]
		return o, ok
	}
	return owned{}, false
}

// first returns the first element of a list that is written out, and those behind it.
func (s *search) first(e ast.Expr) (ast.Expr, []ast.Expr) {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if len(e.Elts) > 0 {
			return e.Elts[0], e.Elts[1:]
		}
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && name.Name == "append" {
			return s.first(e.Args[0])
		}
	}
	return nil, nil
}

// commands returns the lists that a variable can hold of whose first element this is, if they are known.
func (s *search) commands(e ast.Expr) [][]string {
	element, ok := e.(*ast.IndexExpr)
	if !ok || !s.isFirst(element) {
		return nil
	}
	name, ok := element.X.(*ast.Ident)
	if !ok {
		return nil
	}
	var all [][]string
	for _, value := range s.values[s.object(name)] {
		first, rest := s.first(value)
		if first == nil || len(s.strings(first)) != 1 {
			return nil
		}
		command := s.strings(first)
		for _, argument := range rest {
			command = append(command, s.text(argument))
		}
		all = append(all, command)
	}
	return all
}

// list returns all that a list can have, as far as it is written out.
func (s *search) list(e ast.Expr, seen map[types.Object]bool) []string {
	var all []string
	switch e := e.(type) {
	case *ast.CompositeLit:
		for _, element := range e.Elts {
			all = append(all, s.text(element))
		}
		return all
	case *ast.CallExpr:
		if name, ok := e.Fun.(*ast.Ident); ok && name.Name == "append" && !e.Ellipsis.IsValid() {
			all = s.list(e.Args[0], seen)
			for _, element := range e.Args[1:] {
				all = append(all, s.text(element))
			}
			return all
		}
	case *ast.Ident:
		o := s.object(e)
		if seen[o] {
			return nil
		}
		seen[o] = true
		for _, value := range s.values[o] {
			all = append(all, s.list(value, seen)...)
		}
		if len(s.values[o]) > 0 {
			return all
		}
	}
	return []string{hidden}
}

func (s *search) isFirst(e *ast.IndexExpr) bool {
	index := s.u.info.Types[e.Index].Value
	return index != nil && index.ExactString() == "0"
}

// strings returns what an expression can be, if that is known.
func (s *search) strings(e ast.Expr) []string {
	if v := s.u.info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return []string{constant.StringVal(v)}
	}
	name, ok := e.(*ast.Ident)
	if !ok {
		return nil
	}
	var all []string
	for _, value := range s.values[s.object(name)] {
		if value == nil {
			return nil
		}
		v := s.u.info.Types[value].Value
		if v == nil || v.Kind() != constant.String {
			return nil
		}
		all = append(all, constant.StringVal(v))
	}
	return all
}

// text returns a text, with hidden in place of what is not written out.
func (s *search) text(e ast.Expr) string {
	if known := s.strings(e); len(known) == 1 {
		return known[0]
	}
	if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		if text, err := strconv.Unquote(literal.Value); err == nil {
			return text
		}
	}
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		return s.text(sum.X) + s.text(sum.Y)
	}
	return hidden
}

// script looks at a text that a shell runs.
func (s *search) script(e ast.Expr) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.BinaryExpr, *ast.BasicLit:
			s.seen[n] = true
		}
		return true
	})
	found, err := shellStarts(s.text(e), s.name)
	if err != nil {
		s.unclear(e, err.Error())
	}
	for _, f := range found {
		s.add(e, f)
	}
}

func (s *search) unclear(n ast.Node, what string) {
	s.add(n, start{unclear: s.name + ": " + what})
}

func (s *search) add(n ast.Node, found start) {
	position := s.c.files.Position(n.Pos())
	if relative, err := filepath.Rel(s.c.root, position.Filename); err == nil {
		position.Filename = filepath.ToSlash(relative)
	}
	found.where = position.Filename + ":" + strconv.Itoa(position.Line)
	s.c.starts[s.at] = append(s.c.starts[s.at], found)
}
