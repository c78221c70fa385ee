package config

import "testing"

func TestPrefix(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		`{"id": "latchkey"}`:               "LATCHKEY_",
		`{"id": "harbour-light"}`:          "HARBOUR_LIGHT_",
		`{"id": "com.example.two-words3"}`: "COM_EXAMPLE_TWO_WORDS3_",
		`{"id": ""}`:                       "LATCHKEY_",
		`{`:                                "LATCHKEY_",
	} {
		if got := prefixOf([]byte(file)); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}

// Who has set a variable by its former name does not have to do anything; the product's own name is the stronger one.
func TestFormerVariable(t *testing.T) { // not parallel: it sets the environment and the prefix
	own := prefix
	prefix = "HARBOUR_"
	t.Cleanup(func() { prefix = own })
	expect := func(name, value string) {
		t.Helper()
		if n, v := Lookup("TEST"); n != name || v != value {
			t.Errorf("got %s=%s, want %s=%s", n, v, name, value)
		}
	}
	expect("HARBOUR_TEST", "")
	t.Setenv("LATCHKEY_TEST", "former")
	expect("LATCHKEY_TEST", "former")
	t.Setenv("HARBOUR_TEST", "own")
	expect("HARBOUR_TEST", "own")
	t.Setenv("HARBOUR_TEST", "")
	expect("HARBOUR_TEST", "")
}
