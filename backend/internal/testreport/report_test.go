package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "module example.org/house\n"

// lines is a report in which TestOne passed, TestTwo skipped a part, TestThree failed and TestFour never ran.
const lines = `{"Action":"start","Package":"example.org/house/room"}
{"Action":"run","Package":"example.org/house/room","Test":"TestOne"}
{"Action":"output","Package":"example.org/house/room","Test":"TestOne","Output":"    one_test.go:7: figure: doors 4, windows 0\n"}
{"Action":"pass","Package":"example.org/house/room","Test":"TestOne/part","Elapsed":0}
{"Action":"pass","Package":"example.org/house/room","Test":"TestOne","Elapsed":0}
{"Action":"skip","Package":"example.org/house/room","Test":"TestTwo/part","Elapsed":0}
{"Action":"pass","Package":"example.org/house/room","Test":"TestTwo","Elapsed":0}
{"Action":"pass","Package":"example.org/house/room","Elapsed":1.5}
{"Action":"output","Package":"example.org/house","Test":"TestThree","Output":"    three_test.go:9: the roof leaks\n"}
{"Action":"fail","Package":"example.org/house","Test":"TestThree/part","Elapsed":0}
{"Action":"fail","Package":"example.org/house","Test":"TestThree","Elapsed":0}
{"Action":"fail","Package":"example.org/house","Elapsed":0.5}
{"Action":"fail","Package":"example.org/house/broken","Elapsed":0,"FailedBuild":"example.org/house/broken"}
`

// house is a module with tests that name rows.
func house(t *testing.T, more string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                 module,
		"room/one_test.go":       "package room\n\n// hostile: 1, 3\nfunc TestOne() {}\n\nfunc TestTwo() {\n\t_ = 2 // hostile: 2\n}\n" + more,
		"three_test.go":          "package house\n\n// hostile: 4\nfunc TestThree() {}\n\n// hostile: 5\nfunc TestFour() {}\n",
		"node_modules/x_test.go": "package broken",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReport(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := run(strings.NewReader(lines), &out, house(t, ""), 6)
	if err == nil || err.Error() != "hostile: missing 2, 4, 5, 6" {
		t.Errorf("what is missing does not fail: %v", err)
	}
	const want = `figure: doors 4, windows 0
ok      1.5 s  example.org/house/room
    three_test.go:9: the roof leaks
FAIL    0.5 s  example.org/house
FAIL    0.0 s  example.org/house/broken
failed; run it again: make test PKG=example.org/house RUN=TestThree
failed; run it again: make test PKG=example.org/house/broken
hostile: covered 2/6
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestReportOfAll(t *testing.T) {
	t.Parallel()
	all := lines + `{"Action":"pass","Package":"example.org/house","Test":"TestFour","Elapsed":0}` + "\n" +
		`{"Action":"pass","Package":"example.org/house/room","Test":"TestMore","Elapsed":0}` + "\n"
	more := "\n// hostile: 2, 4, 6\nfunc TestMore() {}\n"
	for rows, want := range map[int]string{0: "", 6: "hostile: covered 6/6\n"} {
		var out strings.Builder
		if err := run(strings.NewReader(all), &out, house(t, more), rows); err != nil || !strings.HasSuffix(out.String(), "PKG=example.org/house/broken\n"+want) {
			t.Errorf("%d rows: %v, %s", rows, err, out.String())
		}
	}
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ lines, more string }{
		"empty":                       {"", ""},
		"no test":                     {`{"Action":"pass","Package":"example.org/house","Elapsed":0}`, ""},
		"no report":                   {"ok example.org/house 1.2s\n", ""},
		"a comment without a test":    {lines, "\n// hostile: 6\nvar x = 1\n"},
		"a comment behind a helper":   {lines, "\nfunc help() {\n\t// hostile: 6\n}\n"},
		"a comment behind a method":   {lines, "\ntype T int\n\nfunc (T) TestX() {\n\t// hostile: 6\n}\n"},
		"a test that can't be parsed": {lines, "\nfunc {"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(strings.NewReader(test.lines), &strings.Builder{}, house(t, test.more), 6); err == nil {
				t.Error("it was taken")
			}
		})
	}
}
