package identity

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	latchkey "latchkey/backend"
	"latchkey/backend/safehttp"
)

// searched is set in the process that runs on a computer with a search domain.
const searched = "LATCHKEY_TEST_SEARCHED"

// A domain in the computer's search list can't answer for handles that have no record, nor for servers that
// have no address. The test runs itself once more on a computer whose own name, box.evil.example, makes
// evil.example such a domain (resolv.conf(5)).
//
// hostile: 28
func TestSearchDomain(t *testing.T) {
	if os.Getenv(searched) == "" {
		t.Parallel()
		onSearchingComputer(t)
		return
	}
	if err := syscall.Sethostname([]byte("box.evil.example")); err != nil {
		t.Fatal(err)
	}
	names := (&nameServer{TXT: map[string][]string{"_atproto.alice.example.net.evil.example": {"did=did:plc:zzzzzzzzzzzzzzzzzzzzzzzz"}}}).serve(t)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: names.dial} // what dialers ask
	client := safehttp.New(safehttp.Exceptions{}, "test")
	defer client.Close()
	d := New(client, "", false)
	d.base.Resolver.PreferGo, d.base.Resolver.Dial = true, names.dial
	_, err := d.lookup(t, "alice.example.net")
	mustCode(t, err, latchkey.HandleNotFound)
	if got, want := names.questions(), []string{"_atproto.alice.example.net", "alice.example.net"}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

// onSearchingComputer runs the calling test in a process that may give its computer another name.
func onSearchingComputer(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), searched+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("with a search domain: %v\n%s", err, out)
	}
}
