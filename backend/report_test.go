package latchkey

import (
	"strings"
	"testing"
)

func TestReportText(t *testing.T) {
	t.Parallel()
	r := Report{{Name: FoundProgram, Value: "Latchkey 1"}, {Name: FoundKeys, Value: "Secret Service", Trouble: NewError(KeychainLocked, nil)}}
	want := " ok  Program: Latchkey 1\n  !  Keys: Secret Service\n     keychain_locked: " + KeychainLocked.Sentence() + "\n"
	if got := r.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Fine() || !r[:1].Fine() {
		t.Error("trouble makes the difference")
	}
	for name, title := range findingTitles {
		if name == "" || title == "" || name.Title() != title {
			t.Errorf("%q is called %q", name, title)
		}
	}
}

// Nobody's home folder, and so nobody's name, is left.
func TestReportClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/home/alice/.local/share/app":             "~/.local/share/app",
		"/home/alice":                              "~",
		"a file, /home/alice/keys.age":             "a file, ~/keys.age",
		"/home/alice:/home/alice":                  "~:~",
		"/home/alicette/x":                         "/home/alicette/x",
		"/mnt/home/alice/x":                        "/mnt/home/…/x",
		"/srv/people/alice/share":                  "/srv/people/…/share",
		"/home/malice":                             "/home/malice",
		`D:\people\alice\share`:                    `D:\people\…\share`,
		"alice":                                    "alice", // a word like any other
		"two\nlines\tand \x1b[31mred\u202e":        "two lines and ?[31mred?",
		"\xff":                                     "?",
		strings.Repeat("x", 1001):                  strings.Repeat("x", 1000) + "...",
		"https://app.example/client-metadata.json": "https://app.example/client-metadata.json",
	} {
		if got := (Report{{Value: text}}).Clean("/home/alice/")[0].Value; got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for _, home := range []string{"", "/", "."} {
		if got := (Report{{Value: "/x/y"}}).Clean(home)[0].Value; got != "/x/y" {
			t.Errorf("home %q: %q", home, got)
		}
	}
}
