package browser

import (
	"context"
	"os"
	"path/filepath"
)

// comesBackTo reads the property list of the bundle that the program runs in. The system registers what it says when
// it first sees the bundle, and hands an address to the copy that runs.
func comesBackTo(_ context.Context, scheme, program string) bool {
	contents := filepath.Dir(filepath.Dir(program))
	if filepath.Base(contents) != "Contents" {
		return false
	}
	f, err := os.Open(filepath.Join(contents, "Info.plist")) // #nosec G304 -- beside the program itself
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return claimsScheme(f, scheme)
}
