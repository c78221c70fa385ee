package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// again builds the same commit and brand in other folders, with nothing of what was compiled before in its programs,
// unsigned; but what is for Windows gets the signatures that were published.
func (r receiver) again(ctx context.Context, o options) (string, error) {
	clone, dir := filepath.Join(r.work, "another folder"), filepath.Join(r.work, "again")
	if err := quietly(command(ctx, "git", "clone", "--quiet", "--no-checkout", ".", clone)); err != nil {
		return "", err
	}
	brand := filepath.Join(r.work, "another brand")
	if err := os.CopyFS(brand, os.DirFS(o.brand)); err != nil {
		return "", err
	}
	for _, args := range [][]string{
		{"git", "checkout", "--quiet", "--detach", r.commit},
		{"build/setup.sh", "frontend"},
		{"go", "run", "./build/package", "build", "-keys", "none", "-signatures", o.out, "-brand", brand, "-version", r.version, "-cache", filepath.Join(r.work, "gocache"), dir},
	} {
		cmd := command(ctx, args[0], args[1:]...)
		cmd.Dir = clone
		if err := quietly(cmd); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// unsigned are the files that have to be the same whoever builds them.
func (p product) unsigned() []string {
	names := p.packageNames()
	all := []string{names["deb"], names["rpm"], names["archlinux"], p.archiveName("linux-amd64") + ".tar.gz", p.archiveName("linux-arm64") + ".tar.gz",
		p.materialsName(), "licences.txt"}
	for _, architecture := range windowsArchitectures {
		all = append(all, p.setupName(architecture))
	}
	return all
}

// same compares what was published with what was built again, byte by byte, but for the signature that
// lies within an rpm.
func (p product) same(dir, again string, all records) error {
	made, err := os.ReadDir(again)
	if err != nil {
		return err
	}
	if len(made) != len(p.unsigned()) {
		return fmt.Errorf("built again, there are %d artefacts", len(made))
	}
	names := p.packageNames()
	for _, name := range p.unsigned() {
		how, content := "yes", func(data []byte) ([]byte, error) { return data, nil }
		if name == names["rpm"] {
			how, content = "yes, but for its signature", withoutSignature
		}
		if filepath.Ext(name) == ".exe" {
			how = "yes, with its signatures"
		}
		published := []string{name}
		if name == names["deb"] {
			published = append(published, p.aptFiles().deb)
		}
		other, err := contentOf(filepath.Join(again, name), content)
		if err != nil {
			return err
		}
		for _, one := range published {
			data, err := contentOf(filepath.Join(dir, one), content)
			if err != nil {
				return err
			}
			if !bytes.Equal(data, other) {
				return fmt.Errorf("%s is another file when it is built again", one)
			}
		}
		if err := all.reproduced(how, published...); err != nil {
			return err
		}
	}
	// They were put into what was built again.
	for _, architecture := range windowsArchitectures {
		for _, one := range p.sealed() {
			if err := all.verified("put back", filepath.Join(p.signaturesName(architecture), one+signatureEnding)); err != nil {
				return err
			}
		}
	}
	return nil
}

func contentOf(file string, content func([]byte) ([]byte, error)) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return content(data)
}

// withoutSignature is an rpm from its header on: before it are the lead of 96 bytes, and the signature
// header, which ends at a multiple of 8 bytes
// (https://rpm-software-management.github.io/rpm/manual/format_v4.html).
func withoutSignature(rpm []byte) ([]byte, error) {
	const lead, intro, entry = 96, 16, 16
	magic := []byte{0x8e, 0xad, 0xe8, 1}
	if len(rpm) < lead+intro || !slices.Equal(rpm[lead:lead+4], magic) {
		return nil, errors.New("this is no rpm")
	}
	entries, bytes := binary.BigEndian.Uint32(rpm[lead+8:]), binary.BigEndian.Uint32(rpm[lead+12:])
	end := (uint64(lead+intro) + entry*uint64(entries) + uint64(bytes) + 7) / 8 * 8
	if end+4 > uint64(len(rpm)) || !slices.Equal(rpm[end:end+4], magic) {
		return nil, errors.New("this is no rpm")
	}
	return rpm[end:], nil
}
