package browser

import (
	"slices"
	"strings"
	"testing"
)

const firefoxEntry = `# made by somebody
[Desktop Entry]
Version=1.0
Type=Application
Name=Firefox
Name[de]=Feuerfuchs
Exec=/usr/lib/firefox/firefox %u
Terminal=false
NoDisplay=false
MimeType=text/html;x-scheme-handler/http;x-scheme-handler/https;
Actions=private;

[Desktop Action private]
Name=Private
Exec=/usr/lib/firefox/firefox --private %u
`

func TestParseEntry(t *testing.T) {
	t.Parallel()
	exec := func(line string) string { return strings.Replace(firefoxEntry, "/usr/lib/firefox/firefox %u", line, 1) }
	change := func(from, to string) string { return strings.Replace(firefoxEntry, from, to, 1) }
	tests := []struct {
		name, id, text string
		want           string // command, separated by |; empty for none
	}{
		{"as it is", "firefox.desktop", firefoxEntry, "/usr/lib/firefox/firefox|ADDRESS"},
		{"lines of Windows", "firefox.desktop", strings.ReplaceAll(firefoxEntry, "\n", "\r\n"), "/usr/lib/firefox/firefox|ADDRESS"},
		{"many addresses", "x.desktop", exec("chromium --new %U --end"), "chromium|--new|ADDRESS|--end"},
		{"Flatpak", "x.desktop", exec("/usr/bin/flatpak run --command=firefox --file-forwarding org.mozilla.firefox @@u %u @@"), "/usr/bin/flatpak|run|--command=firefox|--file-forwarding|org.mozilla.firefox|@@u|ADDRESS|@@"},
		{"quotes", "x.desktop", exec(`"/opt/my browser/\\$run" "%u" "a\\"b" %u`), `/opt/my browser/$run|%u|a"b|ADDRESS`},
		{"an icon", "x.desktop", exec("firefox %i %u"), "firefox|ADDRESS"},
		{"a percent sign", "x.desktop", exec("firefox 100%% %u"), "firefox|100%|ADDRESS"},
		{"pages by type, known", "org.gnome.Epiphany.desktop", change("text/html;x-scheme-handler/http;x-scheme-handler/https;", "text/html"), "/usr/lib/firefox/firefox|ADDRESS"},
		{"pages by type, an editor", "writer.desktop", change("text/html;x-scheme-handler/http;x-scheme-handler/https;", "text/html"), ""},
		{"nothing of pages", "firefox.desktop", change("MimeType=", "X-Types="), ""},
		{"in a terminal", "x.desktop", change("Terminal=false", "Terminal=true"), ""},
		{"not shown", "x.desktop", change("NoDisplay=false", "NoDisplay=true"), ""},
		{"deleted", "x.desktop", change("NoDisplay=false", "Hidden=true"), ""},
		{"a link", "x.desktop", change("Type=Application", "Type=Link"), ""},
		{"no name", "x.desktop", change("Name=Firefox\n", ""), ""},
		{"a name with a line break", "x.desktop", change("Name=Firefox", `Name=Fire\nfox`), ""},
		{"a name that turns around", "x.desktop", change("Name=Firefox", "Name=Fire\u202efox"), ""},
		{"a long name", "x.desktop", change("Name=Firefox", "Name="+strings.Repeat("x", 61)), ""},
		{"no command", "x.desktop", change("Exec=/usr/lib/firefox/firefox %u\n", ""), ""},
		{"an empty command", "x.desktop", exec(""), ""},
		{"no place", "x.desktop", exec("firefox"), ""},
		{"two places", "x.desktop", exec("firefox %u %U"), ""},
		{"a place inside a word", "x.desktop", exec("firefox --url=%u"), ""},
		{"a place in quotes", "x.desktop", exec(`firefox "%u"`), ""},
		{"the address is the command", "x.desktop", exec("%u"), ""},
		{"a file", "x.desktop", exec("firefox %f"), ""},
		{"an unknown code", "x.desktop", exec("firefox %u %z"), ""},
		{"a variable before the command", "x.desktop", exec("A=b firefox %u"), ""},
		{"a shell", "x.desktop", exec("firefox %u; id"), ""},
		{"a variable", "x.desktop", exec("$HOME/firefox %u"), ""},
		{"half a quote", "x.desktop", exec(`"firefox %u`), ""},
		{"a quote inside a word", "x.desktop", exec(`fire"fox" %u`), ""},
		{"a bare dollar in quotes", "x.desktop", exec(`"$HOME/firefox" %u`), ""},
		{"a key twice", "x.desktop", change("Terminal=false", "Exec=evil %u"), ""},
		{"another group first", "x.desktop", "[Other]\nA=b\n" + firefoxEntry, ""},
		{"a key before the group", "x.desktop", "A=b\n" + firefoxEntry, ""},
		{"no key", "x.desktop", change("Terminal=false", "Terminal"), ""},
		{"the command in another group", "x.desktop", change("Exec=/usr/lib/firefox/firefox %u\n", "[Other]\nExec=evil %u\n"), ""},
		{"not text", "x.desktop", firefoxEntry + "\xff", ""},
		{"a zero", "x.desktop", exec("firefox \x00 %u"), ""},
		{"nothing", "x.desktop", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, ok := parseEntry(tt.id, tt.text)
			got := strings.ReplaceAll(strings.Join(e.command, "|"), place, "ADDRESS")
			if ok != (tt.want != "") || ok && got != tt.want {
				t.Errorf("%q, %v, want %q", got, ok, tt.want)
			}
			if ok && e.name != "Firefox" {
				t.Errorf("the name is %q", e.name)
			}
		})
	}
}

// FuzzEntry holds that whatever is read is a program with one place for the address, and a name that
// can be shown.
func FuzzEntry(f *testing.F) {
	f.Add("firefox.desktop", firefoxEntry)
	f.Add("x.desktop", "[Desktop Entry]\nType=Application\nName=a\\sb\nExec=\"a b\" %% \"\\\\$\" %U\nMimeType=x-scheme-handler/https")
	f.Fuzz(func(t *testing.T, id, text string) {
		e, ok := parseEntry(id, text)
		if !ok {
			return
		}
		places := 0
		for _, a := range e.command {
			if a == place {
				places++
			} else if strings.Contains(a, place) {
				t.Fatalf("%q hides a place", a)
			}
		}
		if places != 1 || e.command[0] == "" || e.command[0] == place || !isName(e.name) {
			t.Fatalf("%q, %q", e.name, slices.Clone(e.command))
		}
	})
}
