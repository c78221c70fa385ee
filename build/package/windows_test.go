package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestWindowsVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][4]uint16{"1.2.3": {1, 2, 3, 0}, "1.20.3-rc.1": {1, 20, 3, 0}, "0.0.65535+14.gabcdef0": {0, 0, 65535, 0}} {
		if got, err := (product{version: version}).windowsVersion(); err != nil || got != want {
			t.Errorf("%s: %v, %v", version, got, err)
		}
	}
	if got, err := (product{version: "1.2.65536"}).windowsVersion(); err == nil {
		t.Errorf("a number of 17 bits: %v", got)
	}
}

// What people wrote stays text in the script of the installer, and names of files get nothing that
// Windows does not take in them.
func TestInstallerScript(t *testing.T) {
	t.Chdir("../..")
	p, err := readProduct(brandFolder)
	if err != nil {
		t.Fatal(err)
	}
	p.Name, p.Summary = `Q&A: "$INSTDIR"`, `${TERMINAL}`
	script, err := p.fill("installer.nsi")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`Name "Q&A: $\"$$INSTDIR$\"" "Q&&A: $\"$$INSTDIR$\""`, `"$SMPROGRAMS\Q&A $$INSTDIR.lnk"`, `SW_SHOWNORMAL "" "$${TERMINAL}"`} {
		if !strings.Contains(string(script), want) {
			t.Errorf("there is no %s in\n%s", want, script)
		}
	}
	if strings.Contains(string(script), "SCHEME") {
		t.Error("a product without a scheme registers one")
	}
	p.ClientID, p.SchemeRedirect = "https://app.harbour.test/client.json", true
	if script, err = p.fill("installer.nsi"); err != nil || !strings.Contains(string(script), `!define SCHEME "Software\Classes\test.harbour.app"`) {
		t.Errorf("the scheme: %v\n%s", err, script)
	}
	for name, want := range map[string]string{"Harbour": "Harbour", "a/b: c.": "ab c", `<|>?*"`: p.Command} {
		if p.Name = name; p.fileName() != want {
			t.Errorf("%s: the file %q", name, p.fileName())
		}
	}
}

func TestWindowsIcon(t *testing.T) {
	t.Parallel()
	p, err := readProduct("../brand")
	if err != nil {
		t.Fatal(err)
	}
	icon, err := p.windowsIcon()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := icon.SaveICO(&file); err != nil {
		t.Fatal(err)
	}
	// https://learn.microsoft.com/previous-versions/ms997538(v=msdn.10), ICONDIR: three words, the last the count.
	var header struct{ Reserved, Type, Count uint16 }
	if _, err := binary.Decode(file.Bytes(), binary.LittleEndian, &header); err != nil || header.Type != 1 || int(header.Count) != len(windowsSizes) {
		t.Errorf("the icon begins with %v, %v", header, err)
	}
}

// A word is one to the shell whatever is in it.
func TestSealScript(t *testing.T) {
	t.Parallel()
	s := &seal{func(_, name string) []string { return []string{"sign", "-n", "Jo's $HOME", name} }}
	if script := string(s.script("amd64")); !strings.Contains(script, `osslsigncode 'sign' '-n' 'Jo'\''s $HOME' 'uninstall.exe' -in "$1"`) {
		t.Error(script)
	}
}
