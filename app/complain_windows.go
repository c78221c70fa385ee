//go:build !bindings

package app

import "golang.org/x/sys/windows"

// complain shows a person why no window opens: started from the Start menu, the program has no standard error.
func complain(product, why string) {
	title, err := windows.UTF16PtrFromString(product)
	if err != nil {
		return
	}
	text, err := windows.UTF16PtrFromString(why)
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, text, title, windows.MB_OK|windows.MB_ICONERROR)
}
