package loopback

import (
	"os"
	"syscall"
	"testing"

	latchkey "latchkey/backend"
)

func countDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// hostile: 14
func TestListenFails(t *testing.T) { // not parallel: it takes the descriptors away from the process
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	l, err := Loopback{Product: product}.Listen(t.Context(), state, issuer, "")
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if l != nil || latchkey.CodeOf(err) != latchkey.ListenerFailed {
		t.Errorf("got %v, %v", l, err)
	}
}
