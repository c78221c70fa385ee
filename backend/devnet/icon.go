package devnet

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strconv"
	"strings"
)

// Icon is the largest picture that the window gives to window managers
// (https://specifications.freedesktop.org/wm-spec, "_NET_WM_ICON").
func (w *Window) Icon(ctx context.Context) (image.Image, error) {
	pid := strconv.Itoa(w.program.cmd.Process.Pid)
	ids, err := w.desktop.command(ctx, "xdotool", "search", "--onlyvisible", "--pid", pid).Output()
	if err != nil {
		return nil, w.failure("has no window", err)
	}
	var out []byte
	for id := range strings.FieldsSeq(string(ids)) {
		if out, err = w.desktop.command(ctx, "xprop", "-id", id, "-notype", "-f", "_NET_WM_ICON", "32c", "_NET_WM_ICON").Output(); err != nil {
			return nil, fmt.Errorf("devnet: no icon; if xprop is missing, run: make setup: %w", err)
		}
		if strings.Contains(string(out), "= ") {
			break
		}
	}
	_, list, _ := strings.Cut(string(out), "= ")
	var values []uint32
	for text := range strings.SplitSeq(strings.TrimSpace(list), ", ") {
		value, err := strconv.ParseInt(text, 10, 64) // with a sign, whatever the type says
		if err != nil {
			return nil, fmt.Errorf("devnet: xprop answered %.60q", out)
		}
		values = append(values, uint32(value)) // #nosec G115 -- which is the point
	}
	var largest *image.NRGBA
	for len(values) > 2 {
		width, height := int(values[0]), int(values[1])
		if width < 1 || height < 1 || len(values)-2 < width*height {
			return nil, errors.New("devnet: the icon is cut off")
		}
		if largest == nil || width > largest.Rect.Dx() {
			largest = image.NewNRGBA(image.Rect(0, 0, width, height))
			for i, v := range values[2 : 2+width*height] {
				largest.SetNRGBA(i%width, i/width, color.NRGBA{byte(v >> 16), byte(v >> 8), byte(v), byte(v >> 24)}) // #nosec G115 -- each is one byte of it
			}
		}
		values = values[2+width*height:]
	}
	if largest == nil {
		return nil, errors.New("devnet: the window has no icon")
	}
	return largest, nil
}
