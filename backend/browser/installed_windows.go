package browser

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// clients is where browsers register, for one person or for all
// (https://learn.microsoft.com/windows/win32/shell/start-menu-reg).
const clients = `SOFTWARE\Clients\StartMenuInternet`

func installed() ([]app, error) {
	var found []app
	var failures []error
	for _, root := range []registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE} {
		key, err := registry.OpenKey(root, clients, registry.ENUMERATE_SUB_KEYS)
		if err != nil {
			if !errors.Is(err, registry.ErrNotExist) {
				failures = append(failures, err)
			}
			continue
		}
		ids, err := key.ReadSubKeyNames(-1)
		_ = key.Close()
		if err != nil {
			failures = append(failures, err)
		}
		for _, id := range ids {
			known := func(a app) bool { return a.ID == id }
			if a, ok := registered(root, id); ok && !slices.ContainsFunc(found, known) {
				found = append(found, a)
			}
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errors.Join(failures...)
}

// registered reads one browser.
func registered(root registry.Key, id string) (app, bool) {
	// It is still there, and only leads on to Edge.
	if strings.EqualFold(id, "IEXPLORE.EXE") {
		return app{}, false
	}
	line := value(root, clients+`\`+id+`\shell\open\command`, "")
	command, err := windows.DecomposeCommandLine(line)
	if err != nil || len(command) == 0 {
		return app{}, false
	}
	if info, err := os.Stat(command[0]); err != nil || !info.Mode().IsRegular() {
		return app{}, false
	}
	name := ""
	for _, candidate := range []string{
		value(root, clients+`\`+id+`\Capabilities`, "ApplicationName"),
		value(root, clients+`\`+id, ""),
		id,
	} {
		// A name may also be a reference into a library, which begins with an at sign.
		if isName(candidate) && !strings.HasPrefix(candidate, "@") && !strings.HasPrefix(candidate, "$") {
			name = candidate
			break
		}
	}
	return newApp(id, name, append(command, place)), name != ""
}

func value(root registry.Key, path, name string) string {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer func() { _ = key.Close() }()
	text, _, err := key.GetStringValue(name)
	if err != nil {
		return ""
	}
	return text
}

// detach lets a browser live on when the console of this program ends.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}
