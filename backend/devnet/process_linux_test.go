//go:build devnet

package devnet

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	network := MustStartEmail(t)
	pid := network.process.cmd.Process.Pid
	listening := listeners(t, pid)
	if len(listening) != 7 {
		t.Errorf("the servers listen on %v, want seven addresses", listening)
	}
	for _, address := range listening {
		if !strings.HasPrefix(address, "0100007F:") { // 127.0.0.1, as the kernel writes it
			t.Errorf("the servers listen on %s", address)
		}
	}
}

func TestCloseLeavesNoProcess(t *testing.T) {
	t.Parallel()
	network := MustStart(t)
	pid := network.process.cmd.Process.Pid
	if err := network.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Close: %v", pid, err)
	}
}

// A program that is killed runs no clean-up; its network must end all the same.
func TestKilledParentLeavesNoProcess(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0], "-test.run=^TestBeTheKilledParent$")
	parent.Env = append(os.Environ(), "DEVNET_TEST_DIR="+t.TempDir(), "TMPDIR="+t.TempDir())
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, scanErr := fmt.Fscanf(bufio.NewReader(stdout), "network %d\n", &pid)
	var exited <-chan error
	if scanErr == nil {
		exited = awaitExit(t, pid)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = parent.Wait() // it was killed
	if scanErr != nil {
		t.Fatalf("the parent started no network: %v", scanErr)
	}
	if err := <-exited; err != nil {
		t.Error(err)
	}
}

func TestBeTheKilledParent(t *testing.T) {
	dir := os.Getenv("DEVNET_TEST_DIR")
	if dir == "" {
		return // this is the child of TestKilledParentLeavesNoProcess
	}
	network, err := Start(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("network %d\n", network.process.cmd.Process.Pid)
	select {}
}

// listeners returns the local addresses, in the kernel's notation, on which a process listens.
func listeners(t *testing.T, pid int) []string {
	t.Helper()
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	var sockets []string
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err == nil && strings.HasPrefix(target, "socket:[") {
			sockets = append(sockets, strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]"))
		}
	}
	const listen = "0A"
	var addresses []string
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile("/proc/net/" + table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			// sl, local address, remote address, state, ..., the tenth is the socket's number
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == listen && slices.Contains(sockets, fields[9]) {
				addresses = append(addresses, fields[1])
			}
		}
	}
	return addresses
}

// awaitExit watches a process that need not be a child of ours.
func awaitExit(t *testing.T, pid int) <-chan error {
	t.Helper()
	const pidfdOpen = 434 // the same on every architecture
	fd, _, errno := syscall.Syscall(pidfdOpen, uintptr(pid), 0, 0)
	if errno != 0 {
		t.Fatalf("pidfd_open: %v", errno)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { _ = syscall.Close(int(fd)) }()
		for {
			var set syscall.FdSet // the descriptor turns readable when the process ends
			set.Bits[fd/64] |= 1 << (fd % 64)
			n, err := syscall.Select(int(fd)+1, &set, nil, nil, &syscall.Timeval{Sec: 15})
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case err == nil && n == 0:
				err = fmt.Errorf("process %d outlives its parent", pid)
			}
			done <- err
			return
		}
	}()
	return done
}
