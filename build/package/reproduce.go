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

// again builds the same commit in another folder, with nothing of what was compiled before, unsigned; but what
// is for Windows gets the signatures that were published.
func (r receiver) again(ctx context.Context, o options) (string, error) {
	clone, dir := filepath.Join(r.work, "another folder"), filepath.Join(r.work, "again")
	if err := quietly(command(ctx, "git", "clone", "--quiet", "--no-checkout", ".", clone)); err != nil {
		return "", err
	}
	brand, err := filepath.Abs(o.brand)
	if err != nil {
		return "", err
	}
	if o.brand == brandFolder {
		brand = brandFolder // of the clone
	}
	for _, args := range [][]string{
		{"git", "checkout", "--quiet", "--detach", r.commit},
		{"build/setup.sh", "frontend"},
		{"go", "run", "./build/package", "build", "-keys", "none", "-signatures", o.out, "-brand", brand, "-version", r.version, "-tags", o.tags, dir},
	} {
		cmd := command(ctx, args[0], args[1:]...)
		cmd.Dir = clone
		cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(r.work, "gocache"))
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
func (p product) same(dir, again string) error {
	made, err := os.ReadDir(again)
	if err != nil {
		return err
	}
	if len(made) != len(p.unsigned()) {
		return fmt.Errorf("built again, there are %d artefacts", len(made))
	}
	var all error
	for _, name := range p.unsigned() {
		one, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		other, err := os.ReadFile(filepath.Join(again, name))
		if err != nil {
			return err
		}
		if filepath.Ext(name) == ".rpm" {
			if one, err = withoutSignature(one); err != nil {
				return err
			}
			if other, err = withoutSignature(other); err != nil {
				return err
			}
		}
		if !bytes.Equal(one, other) {
			all = errors.Join(all, fmt.Errorf("%s is another file when it is built again", name))
		}
	}
	return all
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
