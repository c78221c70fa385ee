package wire

import (
	"bytes"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// compiled is a program for another system.
func compiled(t *testing.T, system, arch string) []byte {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	must(t, os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "program"), source)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	program, err := os.ReadFile(filepath.Join(dir, "program"))
	must(t, err)
	return program
}

// certified is a program of macOS for arm64, which linkers sign ad hoc, with a certificate of so many bytes.
func certified(t *testing.T, program []byte, size int) []byte {
	t.Helper()
	parsed, err := macho.NewFile(bytes.NewReader(program))
	must(t, err)
	at := slices.IndexFunc(parsed.Loads, func(load macho.Load) bool { return parsed.ByteOrder.Uint32(load.Raw()) == 0x1d })
	if at < 0 {
		t.Fatal("the linker of Go does not sign any more")
	}
	program = slices.Clone(program)
	signature := program[parsed.ByteOrder.Uint32(parsed.Loads[at].Raw()[8:]):]
	// A directory of the code, as there was, and the certificate behind it.
	blobs := binary.BigEndian.AppendUint32(nil, 0xfade0cc0)
	for _, n := range []uint32{44 + uint32(size), 2, 0, 28, 0x10000, 36, 0xfade0c02, 8, 0xfade0b01, 8 + uint32(size)} {
		blobs = binary.BigEndian.AppendUint32(blobs, n)
	}
	copy(signature, append(blobs, make([]byte, size)...))
	return program
}

// universal joins programs for macOS, the way lipo does.
func universal(programs ...[]byte) []byte {
	const page = 1 << 14
	out := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, macho.MagicFat), uint32(len(programs)))
	var body []byte
	for _, program := range programs {
		body = append(body, make([]byte, (page-len(body)%page)%page)...)
		processor := binary.LittleEndian.Uint32(program[4:])
		for _, n := range []uint32{processor, 0, uint32(page + len(body)), uint32(len(program)), 14} {
			out = binary.BigEndian.AppendUint32(out, n)
		}
		body = append(body, program...)
	}
	return append(append(out, make([]byte, page-len(out))...), body...)
}

// What is said of a signature is known, whatever the system.
func TestSignature(t *testing.T) {
	t.Parallel()
	const development, nobody, carried, outside, unread = "none, because this is a development build", "none, nobody signed this build",
		"the program carries one", "not in the program; on this system packages are signed", "can't be read"
	windows, intel, silicon := compiled(t, "windows", "arm64"), compiled(t, "darwin", "amd64"), compiled(t, "darwin", "arm64")
	authenticode := slices.Clone(windows)
	header := int(binary.LittleEndian.Uint32(windows[0x3c:])) + 24 // of the optional kind; its directories begin at 112
	binary.LittleEndian.PutUint32(authenticode[header+112+8*pe.IMAGE_DIRECTORY_ENTRY_SECURITY+4:], 8)
	certificate := certified(t, silicon, 100)
	broken := certified(t, silicon, 100)
	copy(broken[bytes.Index(broken, []byte{0xfa, 0xde, 0x0c, 0xc0}):], "what")
	for name, c := range map[string]struct {
		program              []byte
		release, development string
	}{
		"Linux":                      {compiled(t, "linux", "amd64"), outside, development},
		"Windows":                    {windows, nobody, development},
		"Windows, Authenticode":      {authenticode, carried, carried},
		"macOS, Intel":               {intel, nobody, development},
		"macOS, ad hoc":              {silicon, nobody, development},
		"macOS, without certificate": {certified(t, silicon, 0), nobody, development},
		"macOS, certificate":         {certificate, carried, carried},
		"macOS, universal":           {universal(certificate), carried, carried},
		"macOS, half of it":          {universal(certificate, intel), nobody, development},
		"macOS, broken":              {broken, unread, unread},
	} {
		file := filepath.Join(t.TempDir(), "program")
		must(t, os.WriteFile(file, c.program, 0o600))
		for release, want := range map[bool]string{true: c.release, false: c.development} {
			if got := signatureOf(file, release); got != want {
				t.Errorf("%s, release %v: %q, want %q", name, release, got, want)
			}
		}
	}
	if got := signatureOf(filepath.Join(t.TempDir(), "none"), true); got != unread {
		t.Errorf("no program: %q", got)
	}
}
