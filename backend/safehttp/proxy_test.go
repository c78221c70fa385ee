package safehttp

import "testing"

// A proxy of the environment would be asked to connect to what the guard refuses. net/http reads the
// environment once in a process, so the transport itself is looked at.
// hostile: 17
func TestNoProxy(t *testing.T) {
	t.Parallel()
	c := New(Exceptions{}, "test/1")
	for range 2 {
		if c.transport.base.Load().Proxy != nil {
			t.Error("a proxy may be used")
		}
		c.Reconnect()
	}
}
