//go:build !linux

package devnet

import "os/exec"

// Private desktops exist on Linux only; here are the parts that other systems lack.

func apart(*exec.Cmd) {}

func tether(*exec.Cmd) {}

func askToEnd(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
