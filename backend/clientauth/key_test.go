package clientauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func generated(tb testing.TB) ([]byte, *Key) {
	tb.Helper()
	file, err := Generate()
	if err != nil {
		tb.Fatal(err)
	}
	k, err := ParseKey(file)
	if err != nil {
		tb.Fatal(err)
	}
	return file, k
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	// One key in 128 has a coordinate that begins with zeros, and so has one in 256 a private number.
	for range 2000 {
		file, k := generated(t)
		var own jwk
		if err := json.Unmarshal(file, &own); err != nil {
			t.Fatal(err)
		}
		if len(own.X) != 43 || len(own.Y) != 43 || len(own.D) != 43 || own.Algorithm != "ES256" || own.Use != "sig" || own.ID != k.thumbprint || k.ID() != own.ID {
			t.Fatalf("%s has the id %s and the thumbprint %s", file, k.ID(), k.thumbprint)
		}
	}
}

// The example of RFC 7638 is for RSA; this one is the key of RFC 7517 appendix A.2, whose thumbprint was computed
// with node, which knows nothing of ours.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	k, err := ParseKey([]byte(example))
	if err != nil || k.thumbprint != "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s" || k.ID() != "1" {
		t.Errorf("%+v, %v", k, err)
	}
}

const example = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",` +
	`"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"sig","kid":"1"}`

func TestParseKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]any // of the example; text instead when set
		text   string
		want   string // a piece of the error; empty for a good key
	}{
		"the example":         {nil, "", ""},
		"with more":           {map[string]any{"ext": true, "key_ops": []string{"sign"}, "alg": "ES256"}, "", ""},
		"no algorithm, use":   {map[string]any{"use": nil}, "", ""},
		"nothing":             {nil, " ", "begins with a brace"},
		"null":                {nil, "null", "begins with a brace"},
		"a list":              {nil, "[" + example + "]", "begins with a brace"},
		"PEM":                 {nil, "-----BEGIN PRIVATE KEY-----", "begins with a brace"},
		"half":                {nil, example[:60], "can't be read"},
		"another type":        {map[string]any{"kid": 7}, "", "can't be read"},
		"two":                 {nil, example + example, "behind the closing brace"},
		"a set":               {nil, `{"keys":[` + example + `]}`, "is a set of keys"},
		"too large":           {map[string]any{"x5c": strings.Repeat("x", maxKeyFile)}, "", "too large"},
		"RSA":                 {map[string]any{"kty": "RSA"}, "", "another kind"},
		"P-384":               {map[string]any{"crv": "P-384"}, "", "another kind"},
		"secp256k1":           {map[string]any{"crv": "secp256k1"}, "", "another kind"},
		"public":              {map[string]any{"d": nil}, "", "only the public part"},
		"no id":               {map[string]any{"kid": nil}, "", "must name its key"},
		"a long id":           {map[string]any{"kid": strings.Repeat("x", 201)}, "", "must name its key"},
		"an id with a line":   {map[string]any{"kid": "a\nb"}, "", "must name its key"},
		"another algorithm":   {map[string]any{"alg": "ES256K"}, "", "another algorithm"},
		"for encryption":      {map[string]any{"use": "enc"}, "", "another use"},
		"a short number":      {map[string]any{"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3"}, "", "32 bytes"},
		"padding":             {map[string]any{"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE="}, "", "32 bytes"},
		"zero":                {map[string]any{"d": strings.Repeat("A", 43)}, "", "out of range"},
		"the order":           {map[string]any{"d": "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"}, "", "out of range"},
		"another public part": {map[string]any{"x": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}, "", "belongs to another key"},
		"no public part":      {map[string]any{"x": nil}, "", "belongs to another key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := c.text
			if text == "" {
				fields := map[string]any{}
				if err := json.Unmarshal([]byte(example), &fields); err != nil {
					t.Fatal(err)
				}
				maps.Copy(fields, c.change)
				maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil })
				changed, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				text = string(changed)
			}
			_, err := ParseKey([]byte(text))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// What is hosted has nothing private in it, and what is printed has neither.
func TestPublicSet(t *testing.T) {
	t.Parallel()
	file, one := generated(t)
	_, two := generated(t)
	set, err := PublicSet(one, two)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(set, &got); err != nil || len(got.Keys) != 2 {
		t.Fatalf("%s, %v", set, err)
	}
	for i, k := range []*Key{one, two} {
		want := map[string]any{"kty": "EC", "crv": "P-256", "x": k.public.X, "y": k.public.Y, "kid": k.ID(), "alg": "ES256", "use": "sig"}
		if !maps.Equal(got.Keys[i], want) {
			t.Errorf("key %d is %v, want %v", i, got.Keys[i], want)
		}
	}
	var private jwk
	if err := json.Unmarshal(file, &private); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(set), fmt.Sprintf("%v %+v %#v", one, one, one)} {
		if strings.Contains(text, private.D) {
			t.Error("the private part is in it")
		}
	}
	if empty, err := PublicSet(); err != nil || !bytes.Contains(empty, []byte(`"keys": []`)) {
		t.Errorf("%s, %v", empty, err)
	}
}
