package config

import (
	"encoding/json"
	"os"
	"strings"

	"latchkey/build"
)

// Keys of the environment variables that programs other than this package name; see [Variable].
const (
	// PassphraseFile is the key of the variable that names the file with the vault's passphrase, for programs
	// that can't ask for it. The passphrase itself is never in a variable: other programs of the same person
	// can read those.
	PassphraseFile = "PASSPHRASE_FILE"
	// NetworkFile is the key of the variable that names the file of a private network (development builds).
	NetworkFile = "NETWORK"
)

// formerPrefix is what the names of variables began with when each product's were named after ours.
const formerPrefix = "LATCHKEY_"

// prefix is what the names of the product's variables begin with.
var prefix = prefixOf(build.Brand)

func prefixOf(brandFile []byte) string {
	var brand struct{ ID string }
	if json.Unmarshal(brandFile, &brand) != nil || brand.ID == "" {
		return formerPrefix // Load refuses such a brand
	}
	return strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(brand.ID)) + "_"
}

// Variable returns the name of the product's environment variable for a key such as [PassphraseFile]: the brand's
// id in capitals, with _ for hyphens and dots, and the key.
func Variable(key string) string { return prefix + key }

// Lookup returns the name and the value of the variable for a key. The former name, LATCHKEY_ and the key, counts
// where the product's own is not set; the value is empty where neither is.
func Lookup(key string) (name, value string) {
	for _, name := range []string{prefix + key, formerPrefix + key} {
		if value, set := os.LookupEnv(name); set {
			return name, value
		}
	}
	return prefix + key, ""
}
