package browser

import (
	"context"
	"os"
)

// ComesBack tells whether the operating system hands addresses with this scheme to this very program: an installer
// has registered it, and for no other copy of it. What can't be found out is not so.
func ComesBack(ctx context.Context, scheme string) bool {
	program, err := os.Executable()
	return err == nil && comesBackTo(ctx, scheme, program)
}

// isProgram tells whether both paths lead to the same file.
func isProgram(path, program string) bool {
	a, err := os.Stat(path)
	if err != nil {
		return false
	}
	b, err := os.Stat(program)
	return err == nil && os.SameFile(a, b)
}
