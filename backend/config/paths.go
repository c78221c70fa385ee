package config

import (
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"
)

// Paths are the folders of this product (XDG Base Directory Specification; on Windows and macOS
// their own equivalents). Packages that write there create them with mode 0700.
type Paths struct {
	// Data holds the database, and the vault where the person made one.
	Data string
	// State holds what can be lost without harm, such as lock files.
	State string
	// ClientKey is the file with the product's own key, where whoever looks after the computer puts one.
	ClientKey string
}

// Database is the path of the SQLite database, which is named after its folder, as that is after the product.
func (p Paths) Database() string { return filepath.Join(p.Data, filepath.Base(p.Data)+".db") }

// FormerDatabase is the path that it had when each product's was named after ours.
func (p Paths) FormerDatabase() string { return filepath.Join(p.Data, "latchkey.db") }

// Vault is the path of the file that keeps keys under a passphrase, if the person wants one.
func (p Paths) Vault() string { return filepath.Join(p.Data, "keys.age") }

// Locks is the folder of the lock files that processes share.
func (p Paths) Locks() string { return filepath.Join(p.State, "locks") }

func xdgPaths(id string) Paths {
	return Paths{
		Data:  filepath.Join(xdg.DataHome, id),
		State: filepath.Join(xdg.StateHome, id),

		ClientKey: filepath.Join(administrators(), id, "client-key.json"),
	}
}

// administrators is where the settings of this computer lie, for all its people. No variable moves it.
func administrators() string {
	switch runtime.GOOS {
	case "windows":
		return xdg.ConfigDirs[0] // ProgramData, wherever that is
	case "darwin":
		return "/Library/Application Support"
	}
	return "/etc/xdg"
}
