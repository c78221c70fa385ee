package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	latchkey "latchkey/backend"
)

// unfinished ends the name of the file that is being written. There is one at most, and what a
// killed process left of it is overwritten by the next.
const unfinished = ".new"

// largest is more than some thousand items take.
const largest = 4 << 20

// readFile reads the whole file. A link is refused: it may lead anywhere.
func readFile(path string) ([]byte, error) {
	named, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, latchkey.NewError(latchkey.VaultMissing, err)
	}
	if err != nil {
		return nil, failed(err)
	}
	if !named.Mode().IsRegular() {
		return nil, failed(fmt.Errorf("%s is not a regular file", filepath.Base(path)))
	}
	f, err := os.Open(path) // #nosec G304 -- our own path
	if errors.Is(err, fs.ErrNotExist) {
		return nil, latchkey.NewError(latchkey.VaultMissing, err)
	}
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = f.Close() }()
	// The name may lead to another file by now, as it does after every change; not to a link.
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, failed(errors.Join(err, fmt.Errorf("%s is not a regular file", filepath.Base(path))))
	}
	data, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return nil, failed(err)
	}
	if len(data) > largest {
		return nil, latchkey.NewError(latchkey.VaultDamaged, errors.New("the file is too large to be one of ours"))
	}
	return data, nil
}

// replaceFile puts a new file in the place of the old one, which is whole until the new one is on the
// disk.
func replaceFile(path string, data []byte, rename func(from, to string) error) error {
	if err := privateFolder(filepath.Dir(path)); err != nil {
		return failed(err)
	}
	temporary := path + unfinished
	// Not opened but made: a link in its place would lead the keys elsewhere.
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(err)
	}
	err := writeFile(temporary, data)
	if err == nil {
		err = rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return failed(err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return failed(err)
	}
	return nil
}

func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- our own path
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a rename last through a power cut. Windows has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir) // #nosec G304 -- our own folder
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func privateFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) // #nosec G302 -- a folder needs its x bit
}

// failed gives an error of the disk its code.
func failed(err error) error {
	full := []error{syscall.ENOSPC, syscall.EDQUOT}
	if runtime.GOOS == "windows" {
		full = []error{syscall.Errno(112), syscall.Errno(39)} // ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL
	}
	for _, f := range full {
		if errors.Is(err, f) {
			return latchkey.NewError(latchkey.StorageFull, err)
		}
	}
	return latchkey.NewError(latchkey.StorageFailed, err)
}
