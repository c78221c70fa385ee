package app

import (
	"bytes"
	"image"
	"image/png"

	"golang.org/x/image/draw"
)

// iconSize is that of the window's icon, in pixels. GTK gives window managers none at all that has more than 256 KB
// (gdkwindow-x11.c, and observed).
const iconSize = 128

// windowIcon is the product's picture, as PNG, small enough for GTK.
func windowIcon(picture []byte) []byte {
	large, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return picture // package build tests that it is one
	}
	small := image.NewNRGBA(image.Rect(0, 0, iconSize, iconSize))
	draw.CatmullRom.Scale(small, small.Bounds(), large, large.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	_ = png.Encode(&out, small) // a buffer takes everything
	return out.Bytes()
}
