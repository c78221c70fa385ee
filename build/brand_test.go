package build

import (
	"bytes"
	"image/png"
	"testing"
)

func TestIcon(t *testing.T) {
	t.Parallel()
	icon, err := png.DecodeConfig(bytes.NewReader(Icon))
	if err != nil {
		t.Fatal(err)
	}
	if icon.Width != 512 || icon.Height != 512 {
		t.Errorf("the icon is %d x %d", icon.Width, icon.Height)
	}
}
