package browser

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows/registry"
)

// What an installer registers for one person is found, and what that person chooses counts.
func TestComesBack(t *testing.T) { // not parallel: it writes to the registry
	const scheme = "com.example.latchkey-test"
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	set := func(path, name, text string) {
		t.Helper()
		key, _, err := registry.CreateKey(registry.CURRENT_USER, path, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(key.SetStringValue(name, text), key.Close()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = registry.DeleteKey(registry.CURRENT_USER, path) })
	}
	want := func(when string, want bool) {
		t.Helper()
		if got := ComesBack(t.Context(), scheme); got != want {
			t.Errorf("%s, it comes back: %v", when, got)
		}
	}
	want("before", false)
	for _, path := range []string{"", `\shell`, `\shell\open`} { // their own end, last made first removed
		set(`Software\Classes\`+scheme+path, "URL Protocol", "")
	}
	const command = `Software\Classes\` + scheme + `\shell\open\command`
	for line, is := range map[string]bool{
		`"` + program + `" "%1"`:     true,
		`"` + program + `" --x "%1"`: false,
		`"` + program + `"`:          false,
		`"` + filepath.Join(filepath.Dir(program), "other.exe") + `" "%1"`:      false,
		`"` + filepath.Join(os.Getenv("SYSTEMROOT"), "explorer.exe") + `" "%1"`: false,
		"": false,
	} {
		set(command, "", line)
		want(line, is)
	}
	set(command, "", `"`+program+`" "%1"`)
	const chosen = `Software\Microsoft\Windows\Shell\Associations\UrlAssociations\` + scheme
	set(chosen, "", "")
	set(chosen+`\UserChoice`, "ProgId", "SomebodyElse")
	want("when the person chose another program", false)
	set(chosen+`\UserChoice`, "ProgId", scheme)
	want("when the person chose this one", true)
}
