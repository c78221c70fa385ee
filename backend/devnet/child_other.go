//go:build !linux

package devnet

import "os/exec"

// tether can't do here what it does on Linux.
func tether(cmd *exec.Cmd) { apart(cmd) }
