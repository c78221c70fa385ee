package devnet

import (
	"os/exec"
	"syscall"
)

// apart gives the process a group of its own, which keeps Ctrl-C in a terminal away from it: whoever
// started it ends it, in the right order.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// tether makes the system end the process when the thread that starts it ends. It is apart, too.
func tether(cmd *exec.Cmd) {
	apart(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}

// askToEnd reaches what the process started as well.
func askToEnd(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
