package browser

import (
	"testing"

	latchkey "latchkey/backend"
)

func TestNoBrowserAtAll(t *testing.T) { // not parallel: it sets the environment
	t.Setenv("BROWSER", "")
	t.Setenv("PATH", t.TempDir())
	if err := (Browser{}).Open(t.Context(), link); latchkey.CodeOf(err) != latchkey.BrowserFailed {
		t.Errorf("Open = %v", err)
	}
}
