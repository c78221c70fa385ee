//go:build unix

package devnet

import (
	"os/exec"
	"syscall"
)

// apart gives the process a group of its own, which keeps Ctrl-C in a terminal away from it: whoever
// started it ends it, in the right order.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// askToEnd reaches what the process started as well.
func askToEnd(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
