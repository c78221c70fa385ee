package devnet

import (
	"os/exec"
	"syscall"
)

// tether makes the system end the process when the thread that starts it ends. It is apart, too.
func tether(cmd *exec.Cmd) {
	apart(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}
