// Package soak has what tests share that need other processes: children that are the test program
// itself, and how long to go on. "make soak" runs these tests for minutes, every other run for seconds:
// the same code, fewer times.
//
// A package with such tests has
//
//	func TestMain(m *testing.M) { soak.Main(m, soak.Programs{"caller": caller}) }
//
// and a test starts as many of them as it likes:
//
//	child := soak.Start(t, "caller", input)
//	child.Hear(&word)
//	child.Kill()
//
// A child lives no longer than the test program, however that ends.
package soak

import (
	"os"
	"testing"
)

// Times is how often a test does what it does: short, or long where the environment has SOAK=1.
func Times(short, long int) int {
	if os.Getenv("SOAK") != "" {
		return long
	}
	return short
}

// Figure prints a line that "make test" and "make soak" show of tests that passed, too.
func Figure(tb testing.TB, format string, args ...any) {
	tb.Helper()
	tb.Logf("figure: "+format, args...)
}
