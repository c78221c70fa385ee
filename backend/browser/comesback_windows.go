package browser

import (
	"context"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// comesBackTo reads what an installer has registered, for one person or for all, unless the person has chosen another
// program since (https://learn.microsoft.com/windows/win32/shell/default-programs).
func comesBackTo(_ context.Context, scheme, program string) bool {
	class := scheme
	if chosen := value(registry.CURRENT_USER, `SOFTWARE\Microsoft\Windows\Shell\Associations\UrlAssociations\`+scheme+`\UserChoice`, "ProgId"); chosen != "" {
		class = chosen
	}
	command, err := windows.DecomposeCommandLine(value(registry.CLASSES_ROOT, class+`\shell\open\command`, ""))
	return err == nil && len(command) == 2 && command[1] == "%1" && isProgram(command[0], program)
}
