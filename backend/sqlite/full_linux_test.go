package sqlite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	latchkey "latchkey/backend"
)

// smallDisk is a file system of one megabyte. It takes the right to mount; without it the test fails,
// because nothing else shows what a full disk does.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "latchkey-test", dir).CombinedOutput(); err != nil {
		t.Fatalf("this test mounts a small file system and was not permitted to: run it as root (%v: %s)", err, out)
	}
	t.Cleanup(func() {
		// A process that another test starts has the open files of this one for a moment, so: when it can.
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("the small file system is still mounted: %v: %s", err, out)
		}
	})
	return dir
}

// leave fills a disk but for some room in bytes.
func leave(t *testing.T, disk string, room int64) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "filler"))
	must(t, err)
	defer func() { must(t, f.Close()) }()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); err != nil {
			break
		}
	}
	size, err := f.Seek(0, 2)
	must(t, err)
	if size < 1<<16 {
		t.Fatalf("the disk was full before: %d", size)
	}
	must(t, f.Truncate(size-room))
}

func makeRoom(t *testing.T, disk string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(disk, "filler")))
}

// hostile: 44
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, room := range []int64{0, 4096, 12288} { // not a page of the log, a part of what is to be written
		t.Run(fmt.Sprintf("%d bytes left", room), func(t *testing.T) {
			t.Parallel()
			disk := smallDisk(t)
			db := mustOpen(t, disk)
			t.Cleanup(func() { _ = db.Close() }) // before it is unmounted
			db.signIn(t, idOne, alice, keysOf(1))
			must(t, db.AddSignIn(t.Context(), request(idTwo, alice), keysOf(2)))
			var before []latchkey.Account
			before, err := db.Accounts(t.Context())
			must(t, err)
			big := session(idOne, alice)
			big.Tokens.Access = latchkey.Secret(strings.Repeat("a", 20000))
			bigToo := session(idTwo, alice)
			bigToo.Tokens = big.Tokens
			writes := []struct {
				name string
				do   func() error
			}{
				{"renewed", func() error { return db.UpdateSession(t.Context(), big, keysOf(1)) }},
				{"signed in again", func() error { return db.SaveSession(t.Context(), account(alice), bigToo, keysOf(2)) }},
			}
			leave(t, disk, room)
			for _, write := range writes {
				mustCode(t, write.do(), latchkey.StorageFull)
				if !latchkey.NewError(latchkey.StorageFull, nil).Retryable() {
					t.Error("nobody would try again")
				}
				if s, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || !reflect.DeepEqual(s, session(idOne, alice)) {
					t.Errorf("the old session: %v, %v", s, err)
				}
				if all, err := db.Accounts(t.Context()); err != nil || !reflect.DeepEqual(all, before) {
					t.Errorf("the accounts: %v, %v", all, err)
				}
			}
			makeRoom(t, disk)
			for _, write := range writes {
				if err := write.do(); err != nil {
					t.Errorf("%s, with room: %v", write.name, err)
				}
			}
			must(t, db.Close())
			db = mustOpen(t, disk)
			mustNotice(t, db)
			if s, err := db.Session(t.Context(), idTwo, keysOf(2)); err != nil || s.Tokens != big.Tokens {
				t.Errorf("the new session: %v, %v", s.ID, err)
			}
		})
	}
}

// hostile: 44
func TestOpeningOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	there := filepath.Join(disk, "there")
	old := filepath.Join(disk, "old")
	db := mustOpen(t, there)
	db.signIn(t, idOne, alice, keysOf(1))
	must(t, db.Close())
	makeSchemaOne(t, old)
	outcomes := map[latchkey.Code]int{}
	for room := int64(0); room <= 160<<10; room += 20 << 10 {
		leave(t, disk, room)
		for _, dir := range []string{there, old, filepath.Join(disk, "new")} {
			db, err := openIn(dir, usual())
			outcomes[latchkey.CodeOf(err)]++
			if err != nil {
				mustCode(t, err, latchkey.StorageFull)
			} else {
				must(t, db.Close())
			}
			if dir != filepath.Join(disk, "new") {
				mustBeAside(t, dir, 0)
			}
		}
		makeRoom(t, disk)
		must(t, os.RemoveAll(filepath.Join(disk, "new")))
	}
	t.Logf("outcomes: %v", outcomes)
	if outcomes[latchkey.StorageFull] < 5 || outcomes[""] < 5 {
		t.Errorf("the disk was not full, or too much so: %v", outcomes)
	}
	db = mustOpen(t, there)
	mustNotice(t, db)
	if s, err := db.Session(t.Context(), idOne, keysOf(1)); err != nil || s.DID != alice {
		t.Errorf("session: %v, %v", s, err)
	}
	must(t, db.Close())
	db = mustOpen(t, old)
	mustHaveAllOfSchemaOne(t, db)
	must(t, db.Close())
}

// A disk that can't be written any more keeps everything where it is.
func TestOpeningOnAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	must(t, mustOpen(t, disk).Close())
	path := filepath.Join(disk, "test.db")
	must(t, os.WriteFile(path, []byte("my diary"), 0o600)) // even this is not the moment to find out about
	if out, err := exec.Command("mount", "-o", "remount,ro", disk).CombinedOutput(); err != nil {
		t.Fatalf("not remounted: %v: %s", err, out)
	}
	_, err := openIn(disk, usual())
	mustCode(t, err, latchkey.StorageFailed)
	if content, err := os.ReadFile(path); err != nil || string(content) != "my diary" {
		t.Errorf("%q, %v", content, err)
	}
	mustBeAside(t, disk, 0)
}

// An unlocked lock leaves no open file behind, whether it was got or not.
func TestLocksLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := mustOpen(t, dir)
	openFiles := func() (files []string) {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		for _, entry := range entries {
			name, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name()))
			if err == nil && strings.HasPrefix(name, db.locks+"/") {
				files = append(files, name)
			}
		}
		return files
	}
	before := openFiles() // that it is open
	if len(before) != 1 {
		t.Errorf("open: %v", before)
	}
	for range 10 {
		unlock, err := db.Lock(t.Context(), idOne)
		must(t, err)
		if len(openFiles()) != 2 {
			t.Errorf("open: %v", openFiles())
		}
		db.forgetLock(idOne)
		unlock()
		unlock() // again is nothing
	}
	if after := openFiles(); !reflect.DeepEqual(after, before) {
		t.Errorf("open: %v", after)
	}
	must(t, db.Close())
	if after := openFiles(); len(after) != 0 {
		t.Errorf("open after all: %v", after)
	}
}
