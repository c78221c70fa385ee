package vault

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// rename waits for readers: Windows replaces no file that somebody has open. They read some
// kilobytes, so it is never long.
func rename(from, to string) error {
	const sharingViolation = syscall.Errno(32)
	for tries := 0; ; tries++ {
		err := os.Rename(from, to)
		if tries == 100 || !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, sharingViolation) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
