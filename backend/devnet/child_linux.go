package devnet

import (
	"os/exec"
	"syscall"
)

// tether makes the system end the process when the thread that starts it ends. The group of its own
// keeps Ctrl-C in a terminal away from it: whoever started it ends it, in the right order.
func tether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

// askToEnd reaches what the process started as well.
func askToEnd(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
