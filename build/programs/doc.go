// Package programs finds out which programs the project starts by name, and whether build/setup.sh installs them. It
// reads the Makefile, the shell scripts, the Go code and the scripts for Node, and follows for each make target what
// that runs. Its tests do this with the project itself, so a program that a new machine would lack is missed on every
// machine. What can't be read from the sources stands in table.go.
package programs
