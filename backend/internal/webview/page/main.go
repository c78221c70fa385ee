//go:build devnet

// Command page is the window's program with a hostile page in it instead of ours, as if somebody's script ran
// in there with all its powers. The environment variable TARGET is the address that the page wants to reach;
// what it achieved stands on it in the end.
package main

import (
	_ "embed" // for the page
	"encoding/json"
	"fmt"
	"os"
	"testing/fstest"

	"latchkey/app"
)

//go:embed index.html
var index []byte

//go:embed attack.js
var attack []byte

func main() {
	target, err := json.Marshal(os.Getenv("TARGET"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(app.Run(fstest.MapFS{
		"index.html": {Data: index},
		"attack.js":  {Data: attack},
		"target.js":  {Data: fmt.Appendf(nil, "export const target = %s\n", target)},
	}))
}
