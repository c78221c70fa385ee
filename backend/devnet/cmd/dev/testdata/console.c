// Preloaded into the window's program, this makes WebKit write the page's console to standard output. Wails has no
// option for it, but calls a function that has the settings at hand.

#define _GNU_SOURCE
#include <dlfcn.h>

void webkit_settings_set_user_agent_with_application_details(void *settings, const char *name, const char *version) {
	void (*real)(void *, const char *, const char *) = dlsym(RTLD_NEXT, __func__);
	real(settings, name, version);
	void (*write)(void *, int) = dlsym(RTLD_DEFAULT, "webkit_settings_set_enable_write_console_messages_to_stdout");
	write(settings, 1);
}
