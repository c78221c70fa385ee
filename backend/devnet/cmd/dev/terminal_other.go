//go:build !unix

package main

// takeTerminal has nothing to do where make does not hear of Ctrl-C.
func takeTerminal() (giveBack func()) { return func() {} }
