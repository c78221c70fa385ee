package vault

import (
	"os"
	"testing"

	latchkey "latchkey/backend"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	v := New(h.path(), h.dir, nil) // nobody can be asked
	mustCode(t, v.Check(), latchkey.VaultMissing)
	h.created(t)
	must(t, v.Check())
	must(t, os.WriteFile(h.path(), []byte("my diary"), 0o600))
	mustCode(t, v.Check(), latchkey.VaultDamaged)
	must(t, os.Remove(h.path()))
	must(t, os.Mkdir(h.path(), 0o700))
	mustCode(t, v.Check(), latchkey.StorageFailed)
}
