package browser

import (
	"cmp"
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
	path := `SOFTWARE\Classes\` + class + `\shell\open\command`
	command, err := windows.DecomposeCommandLine(cmp.Or(value(registry.CURRENT_USER, path, ""), value(registry.LOCAL_MACHINE, path, "")))
	return err == nil && len(command) == 2 && command[1] == "%1" && isProgram(command[0], program)
}
