package wire

import (
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

// errOutside is about programs of a kind that is signed outside, if at all: those of Linux.
var errOutside = errors.New("programs of this kind carry no signature")

// carriesSignature tells whether somebody signed the program in this file: Authenticode in one of Windows, a certificate
// in one of macOS.
func carriesSignature(file string) (bool, error) {
	if program, err := pe.Open(file); err == nil {
		defer func() { _ = program.Close() }()
		return hasCertificateTable(program), nil
	}
	f, err := os.Open(file) // #nosec G304 -- this program
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	if fat, err := macho.NewFatFile(f); err == nil {
		for _, arch := range fat.Arches {
			if ok, err := hasCertificate(arch.File, io.NewSectionReader(f, int64(arch.Offset), int64(arch.Size))); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if program, err := macho.NewFile(f); err == nil {
		return hasCertificate(program, f)
	}
	return false, errOutside
}

// hasCertificateTable looks for the attribute certificate table
// (https://learn.microsoft.com/en-us/windows/win32/debug/pe-format).
func hasCertificateTable(program *pe.File) bool {
	header, ok := program.OptionalHeader.(*pe.OptionalHeader64)
	return ok && header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_SECURITY].Size > 0
}

// hasCertificate looks for a certificate among the blobs of a code signature: linkers and the ad-hoc signing of codesign
// put none there (cs_blobs.h of https://github.com/apple-oss-distributions/xnu). All its numbers are big-endian.
func hasCertificate(program *macho.File, data io.ReaderAt) (bool, error) {
	const commandCodeSignature, magicSignature, slotCertificate, blobHeader = 0x1d, 0xfade0cc0, 0x10000, 8
	at := slices.IndexFunc(program.Loads, func(load macho.Load) bool {
		return program.ByteOrder.Uint32(load.Raw()) == commandCodeSignature
	})
	if at < 0 {
		return false, nil
	}
	raw := program.Loads[at].Raw()
	if len(raw) < 16 {
		return false, io.ErrUnexpectedEOF
	}
	all := io.NewSectionReader(data, int64(program.ByteOrder.Uint32(raw[8:])), int64(program.ByteOrder.Uint32(raw[12:])))
	var super struct{ Magic, Length, Count uint32 }
	if err := binary.Read(all, binary.BigEndian, &super); err != nil || super.Magic != magicSignature {
		return false, errors.Join(err, errors.New("this is no code signature"))
	}
	for range super.Count {
		var entry struct{ Slot, Offset uint32 }
		if err := binary.Read(all, binary.BigEndian, &entry); err != nil {
			return false, err
		}
		if entry.Slot != slotCertificate {
			continue
		}
		var blob struct{ Magic, Length uint32 }
		err := binary.Read(io.NewSectionReader(all, int64(entry.Offset), blobHeader), binary.BigEndian, &blob)
		return blob.Length > blobHeader, err
	}
	return false, nil
}
