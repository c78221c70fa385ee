//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// takeTerminal makes this process the one in the terminal's foreground, until giveBack is called. Make is in the
// foreground otherwise, and whatever this process makes of Ctrl-C, make would end with an error.
func takeTerminal() (giveBack func()) {
	nothing := func() {}
	terminal := int(os.Stdin.Fd())
	theirs, err := unix.IoctlGetInt(terminal, unix.TIOCGPGRP)
	if err != nil || theirs != unix.Getpgrp() { // no terminal, or in its background
		return nothing
	}
	// What is not in the foreground is stopped when it takes the terminal, or when it writes there, if the person
	// wants that. Ctrl-Z would stop this process but not make, and the shell would wait for ever.
	signal.Ignore(syscall.SIGTTOU, syscall.SIGTSTP)
	if err := unix.Setpgid(0, 0); err != nil {
		return nothing
	}
	_ = unix.IoctlSetPointerInt(terminal, unix.TIOCSPGRP, os.Getpid())
	return func() { _ = unix.IoctlSetPointerInt(terminal, unix.TIOCSPGRP, theirs) }
}
