package main

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/scrypt"
)

const release = "latchkey 1.2.3"

// packager has keys, and knows how to sign by other ways than ours.
type packager struct {
	t              *testing.T
	key            minisign.PrivateKey
	secret, public string // files
}

func newPackager(t *testing.T) packager {
	t.Helper()
	public, key, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := packager{t: t, key: key, secret: filepath.Join(t.TempDir(), "key"), public: filepath.Join(t.TempDir(), "key.pub")}
	text, err := key.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.secret, string(text))
	write(t, p.public, public.String())
	return p
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var artefacts = []string{"latchkey_1.2.3_amd64.deb", "latchkey-1.2.3.exe", "apt/dists/stable/Packages", "with a space"}

// pack is a release, signed.
func (p packager) pack() string {
	p.t.Helper()
	dir := p.t.TempDir()
	for _, name := range artefacts {
		write(p.t, filepath.Join(dir, name), "what is in "+name)
	}
	p.must("sums", dir)
	p.must("sign", "-key", p.secret, "-release", release, dir)
	p.must("verify", "-key", p.public, "-release", release, dir)
	return dir
}

func (p packager) must(args ...string) {
	p.t.Helper()
	var complaints strings.Builder
	if status := run(args, io.Discard, &complaints); status != 0 {
		p.t.Fatalf("release %v: status %d, %s", args, status, complaints.String())
	}
}

// sign signs whatever SHA256SUMS holds, by the library alone.
func (p packager) sign(dir, comment string) {
	p.t.Helper()
	message := minisign.NewReader(strings.NewReader(read(p.t, filepath.Join(dir, sumsFile))))
	if _, err := io.Copy(io.Discard, message); err != nil {
		p.t.Fatal(err)
	}
	write(p.t, filepath.Join(dir, signatureFile), string(message.SignWithComments(p.key, comment, unsigned)))
}

// refused wants a release to be refused, with these words in a sentence, and answers whether it was.
func (p packager) refused(dir, words string) bool {
	p.t.Helper()
	var out, complaints strings.Builder
	status := run([]string{"verify", "-key", p.public, "-release", release, dir}, &out, &complaints)
	if status != 1 || out.Len() > 0 || !strings.Contains(complaints.String(), words) {
		p.t.Errorf("status %d, %q, %q; wanted %q", status, out.String(), complaints.String(), words)
	}
	return status != 0
}

// Every byte of every file, those of the proof included, is what it was or the release is refused.
// hostile: 64
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	p := newPackager(t)
	dir := p.pack()
	tampered, accepted := 0, 0
	refused := func() {
		t.Helper()
		if tampered++; !p.refused(dir, "sign") {
			accepted++
		}
	}
	for _, name := range append([]string{sumsFile, signatureFile}, artefacts...) {
		file := filepath.Join(dir, name)
		whole := read(t, file)
		for i := range whole {
			for _, bit := range []byte{1, 0x20} {
				changed := []byte(whole)
				changed[i] ^= bit
				write(t, file, string(changed))
				refused()
			}
		}
		for _, changed := range []string{"", whole[:len(whole)-1], whole[1:], whole + "\n", whole + "x", "\n" + whole, "\ufeff" + whole, whole + whole} {
			write(t, file, changed)
			refused()
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p.refused(dir, "missing")
		if err := os.Symlink(p.public, file); err != nil {
			t.Fatal(err)
		}
		p.refused(dir, name)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		write(t, file, whole)
	}
	p.must("verify", "-key", p.public, "-release", release, dir)
	t.Logf("figure: packages tampered with %d times: accepted %d", tampered, accepted)
}

// hostile: 64
func TestFilesThatNobodySigned(t *testing.T) {
	t.Parallel()
	p := newPackager(t)
	for name, words := range map[string]string{
		"more":                 "more is not listed",
		"apt/more":             "apt/more is not listed",
		"apt/" + sumsFile:      "apt/SHA256SUMS is not listed",
		"a\nb":                 "can't be written down",
		`a\b`:                  "can't be written down",
		"apt/" + signatureFile: "is not listed",
	} {
		dir := p.pack()
		write(t, filepath.Join(dir, name), "x")
		p.refused(dir, words)
	}
	dir := p.pack()
	if err := os.Symlink("with a space", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	p.refused(dir, "link is no file of its own")
}

// What the right key signed is refused as well unless it is what this program writes.
// hostile: 64
func TestSumsThatAreOtherwise(t *testing.T) {
	t.Parallel()
	p := newPackager(t)
	for name, change := range map[string]func(string) string{
		"a line less":          func(s string) string { _, rest, _ := strings.Cut(s, "\n"); return rest },
		"a line more":          func(s string) string { return s + strings.Repeat("0", 64) + "  not-there\n" },
		"a way out":            func(s string) string { return s + strings.Repeat("0", 64) + "  ../../etc/passwd\n" },
		"a line twice":         func(s string) string { line, _, _ := strings.Cut(s, "\n"); return line + "\n" + s },
		"another line for one": func(s string) string { return strings.Repeat("0", 64) + s[64:strings.Index(s, "\n")+1] + s },
		"another order":        func(s string) string { line, rest, _ := strings.Cut(s, "\n"); return rest + line + "\n" },
		"other line ends":      func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"no line end":          func(s string) string { return strings.TrimSuffix(s, "\n") },
		"capitals":             strings.ToUpper,
		"binary mode":          func(s string) string { return strings.ReplaceAll(s, "  ", " *") },
		"something behind":     func(s string) string { return s + "\n# signed by me\n" },
		"nothing":              func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := packager{t, p.key, p.secret, p.public}
			dir := p.pack()
			write(t, filepath.Join(dir, sumsFile), change(read(t, filepath.Join(dir, sumsFile))))
			p.refused(dir, "the signature of SHA256SUMS is wrong")
			p.sign(dir, release)
			p.refused(dir, "")
			var complaints strings.Builder
			if status := run([]string{"sign", "-key", p.secret, "-release", release, dir}, io.Discard, &complaints); status != 1 {
				t.Errorf("it was signed: %s", complaints.String())
			}
		})
	}
}

// hostile: 64
func TestSignaturesThatAreOtherwise(t *testing.T) {
	t.Parallel()
	p, other := newPackager(t), newPackager(t)
	dir := p.pack()
	signature := filepath.Join(dir, signatureFile)
	good := read(t, signature)

	other.sign(dir, release)
	p.refused(dir, "another key")
	// Another key under the id of ours.
	mixed := []byte(read(t, signature))
	lines, goodLines := bytes.Split(mixed, []byte("\n")), strings.Split(good, "\n")
	lines[1] = append([]byte(goodLines[1][:16]), lines[1][16:]...)
	write(t, signature, string(bytes.Join(lines, []byte("\n"))))
	p.refused(dir, "is wrong")
	p.sign(dir, "latchkey 1.2.2")
	p.refused(dir, `this is "latchkey 1.2.2"`)
	write(t, signature, strings.Replace(good, release, "latchkey 1.2.4", 1))
	p.refused(dir, "is wrong")
	write(t, signature, strings.Replace(good, unsigned, "trust me", 1))
	p.refused(dir, "not as it was signed")
	write(t, signature, strings.ReplaceAll(good, "\n", "\r\n"))
	p.refused(dir, "not as it was signed")
	// The older kind of signature, which minisign makes no more.
	write(t, signature, string(minisign.SignWithComments(p.key, []byte(read(t, filepath.Join(dir, sumsFile))), release, unsigned)))
	p.refused(dir, "is wrong")
	write(t, p.public, "no key")
	p.refused(dir, "no public key")
}

// locked is the packager's key under a password, as minisign writes it, but for the work that opening it
// takes: minisign wants a gigabyte of memory.
func (p packager) locked(password string) string {
	p.t.Helper()
	comment, encoded, _ := strings.Cut(read(p.t, p.secret), "\n")
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		p.t.Fatal(err)
	}
	// kind, derivation, checksum: 2 bytes each; salt: 32; work, memory: 8 each; then key and checksum.
	const work, memory, at, length = 1 << 15, 1 << 15, 54, 104
	copy(b[2:], "Sc")
	binary.LittleEndian.PutUint64(b[38:], work)
	binary.LittleEndian.PutUint64(b[46:], memory)
	checksum := blake2b.Sum256(append([]byte("Ed"), b[at:at+72]...))
	copy(b[at+72:], checksum[:])
	stream, err := scrypt.Key([]byte(password), b[6:38], 32, 8, 32, length) // what these numbers come to
	if err != nil {
		p.t.Fatal(err)
	}
	subtle.XORBytes(b[at:], b[at:], stream)
	return comment + "\n" + base64.StdEncoding.EncodeToString(b)
}

func TestKeyWithPassword(t *testing.T) {
	p := newPackager(t)
	dir := p.pack()
	write(t, p.secret, p.locked("four words of mine"))
	for password, want := range map[string]int{"four words of mine": 0, "": 1, "other words": 1} {
		t.Setenv("MINISIGN_PASSWORD", password)
		if got := run([]string{"sign", "-key", p.secret, "-release", release, dir}, io.Discard, io.Discard); got != want {
			t.Errorf("%q: status %d", password, got)
		}
	}
	p.must("verify", "-key", p.public, "-release", release, dir)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	p, dir := newPackager(t), t.TempDir()
	for _, c := range []struct {
		args []string
		want int
	}{
		{nil, 2}, {[]string{"sums"}, 2}, {[]string{"sums", "-key", p.secret, dir}, 2}, {[]string{"verify", dir}, 2}, {[]string{"dance", "-key", "x", dir}, 2},
		{[]string{"sums", dir}, 1}, // an empty folder proves nothing
		{[]string{"sums", filepath.Join(dir, "missing")}, 1},
		{[]string{"sign", "-key", p.secret, dir}, 1}, // of which release?
		{[]string{"sign", "-key", p.secret, "-release", "two\nlines", dir}, 1},
	} {
		if got := run(c.args, io.Discard, io.Discard); got != c.want {
			t.Errorf("release %q: status %d, want %d", c.args, got, c.want)
		}
	}
}
