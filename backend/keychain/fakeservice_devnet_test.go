//go:build devnet && linux

package keychain

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
)

// bus is a session bus that nobody else is on, and that starts nothing.
type bus struct {
	daemon *exec.Cmd
	once   sync.Once
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    %s
  </policy>
</busconfig>
`

// startBus runs a bus for one test, with further rules and, unless it is 0, as another user. From
// then on the keychain of this process is the one on it.
func startBus(t *testing.T, rules string, uid uint32) *bus {
	t.Helper()
	// Not the folder of the test: the path of a socket is short, and the other user gets in.
	dir, err := os.MkdirTemp("", "bus-") //nolint:usetesting // see above
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	config, socket := filepath.Join(dir, "bus.conf"), filepath.Join(dir, "bus")
	must(t, os.WriteFile(config, fmt.Appendf(nil, busConfig, socket, rules), 0o644))
	b := &bus{daemon: exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address=1")}
	b.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid != 0 {
		b.daemon.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	ready, err := b.daemon.StdoutPipe()
	must(t, err)
	must(t, b.daemon.Start())
	t.Cleanup(b.die)
	if _, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
		t.Fatalf("the bus did not start: %v", err)
	}
	hangUp()
	t.Setenv(busVariable, "unix:path="+socket)
	t.Cleanup(hangUp)
	return b
}

// die ends the bus as a crash does.
func (b *bus) die() {
	b.once.Do(func() {
		_ = b.daemon.Process.Kill()
		_ = b.daemon.Wait()
	})
}

// hangUp makes go-keyring connect anew: its one connection belongs to the whole process. Calls that
// still hang on it end.
func hangUp() {
	if shared, err := dbus.SessionBus(); err == nil {
		_ = shared.Close()
	}
}

// secretService is a Secret Service whose faults can be chosen
// (https://specifications.freedesktop.org/secret-service-spec/latest/). Its one collection has no
// name of its own but the alias default, as KWallet's and KeePassXC's.
type secretService struct {
	bus *dbus.Conn

	// Prompts sends one value for each prompt that was opened.
	Prompts chan dbus.ObjectPath

	mu sync.Mutex
	// OnPrompt answers whether the person dismissed the prompt, and whether there is an answer.
	OnPrompt func() (dismissed, answered bool)
	Absent   bool // there is no collection
	Locked   bool
	// Asking makes every new item ask the person.
	Asking bool
	items  map[dbus.ObjectPath]storedItem
	next   int
}

type storedItem struct {
	Attributes map[string]string
	Text       string
}

type wireSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

const (
	servicePath    = dbus.ObjectPath("/org/freedesktop/secrets")
	aliasPath      = servicePath + "/aliases/default"
	collectionPath = servicePath + "/collection/mine"
	sessionPath    = servicePath + "/session/1"
	nowhere        = dbus.ObjectPath("/")
	serviceName    = "org.freedesktop.Secret."
)

// startService puts a Secret Service with some faults on the bus that the environment names.
func startService(t *testing.T, faults ...func(*secretService)) *secretService {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	s := &secretService{bus: conn, Prompts: make(chan dbus.ObjectPath, 100), items: map[dbus.ObjectPath]storedItem{}}
	for _, f := range faults {
		f(s)
	}
	export := func(v any, path dbus.ObjectPath, name string) { must(t, conn.Export(v, path, name)) }
	export(serviceMethods{s}, servicePath, serviceName+"Service")
	export(properties{s}, servicePath, "org.freedesktop.DBus.Properties")
	export(properties{s}, collectionPath, "org.freedesktop.DBus.Properties")
	export(collectionMethods{s}, aliasPath, serviceName+"Collection")
	export(sessionMethods{}, sessionPath, serviceName+"Session")
	reply, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue)
	must(t, err)
	if reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal("there is another Secret Service on the bus")
	}
	return s
}

// set changes faults while the service runs.
func (s *secretService) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *secretService) stored() map[dbus.ObjectPath]storedItem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.items)
}

// prompt makes a prompt that runs done when the person agrees. The lock is held.
func (s *secretService) prompt(done func() any) dbus.ObjectPath {
	s.next++
	path := dbus.ObjectPath(fmt.Sprintf("%s/prompt/%d", servicePath, s.next))
	if err := s.bus.Export(promptMethods{s, path, done}, path, serviceName+"Prompt"); err != nil {
		panic(err)
	}
	return path
}

type serviceMethods struct{ *secretService }

func (serviceMethods) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), sessionPath, nil
}

func (s serviceMethods) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Absent {
		return nowhere, nil
	}
	return collectionPath, nil
}

func (s serviceMethods) Unlock(paths []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.Absent:
		return []dbus.ObjectPath{}, nowhere, nil
	case !s.Locked:
		return paths, nowhere, nil
	}
	return []dbus.ObjectPath{}, s.prompt(func() any { s.Locked = false; return paths }), nil
}

type properties struct{ *secretService }

func (p properties) Get(_, name string) (dbus.Variant, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if name == "Locked" {
		return dbus.MakeVariant(p.Locked), nil
	}
	return dbus.MakeVariant([]dbus.ObjectPath{collectionPath}), nil
}

type collectionMethods struct{ *secretService }

func (s collectionMethods) CreateItem(p map[string]dbus.Variant, secret wireSecret, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var attributes map[string]string
	if err := p[serviceName+"Item.Attributes"].Store(&attributes); err != nil {
		return nowhere, nowhere, dbus.MakeFailedError(err)
	}
	store := func() any {
		path := dbus.ObjectPath("")
		for old, i := range s.items {
			if maps.Equal(i.Attributes, attributes) {
				path = old
			}
		}
		if path == "" {
			s.next++
			path = dbus.ObjectPath(fmt.Sprintf("%s/%d", collectionPath, s.next))
			if err := s.bus.Export(itemMethods{s.secretService, path}, path, serviceName+"Item"); err != nil {
				panic(err)
			}
		}
		s.items[path] = storedItem{attributes, string(secret.Value)}
		return path
	}
	if s.Asking {
		return nowhere, s.prompt(store), nil
	}
	return store().(dbus.ObjectPath), nowhere, nil
}

func (s collectionMethods) SearchItems(attributes map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, i := range s.items {
		if maps.Equal(i.Attributes, attributes) {
			found = append(found, path)
		}
	}
	return found, nil
}

type itemMethods struct {
	*secretService
	path dbus.ObjectPath
}

func (i itemMethods) GetSecret(session dbus.ObjectPath) (wireSecret, *dbus.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	stored, ok := i.items[i.path]
	if !ok {
		return wireSecret{}, dbus.NewError(serviceName+"Error.NoSuchObject", nil)
	}
	return wireSecret{session, []byte{}, []byte(stored.Text), "text/plain"}, nil
}

func (i itemMethods) Delete() (dbus.ObjectPath, *dbus.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.items, i.path)
	return nowhere, nil
}

type sessionMethods struct{}

func (sessionMethods) Close() *dbus.Error { return nil }

type promptMethods struct {
	*secretService
	path dbus.ObjectPath
	done func() any
}

func (p promptMethods) Prompt(string) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Prompts <- p.path
	dismissed, answered := p.OnPrompt()
	if !answered {
		return nil
	}
	return p.complete(dismissed)
}

// complete is the person's answer. The lock is held.
func (p promptMethods) complete(dismissed bool) *dbus.Error {
	result := any("")
	if !dismissed {
		result = p.done()
	}
	if err := p.bus.Emit(p.path, serviceName+"Prompt.Completed", dismissed, dbus.MakeVariant(result)); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}
